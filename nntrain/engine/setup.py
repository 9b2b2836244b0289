"""Prepares training: sets up the device, puts the data on it, and compiles the network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nntrain.config import schema
from nntrain.data.dataset import Dataset
from nntrain.data.split import validation_split
from nntrain.engine.build import (
    TRAINING_LAYERS,
    XLA_TRAINING_LAYERS,
    build_layers,
    build_loss,
    build_metrics,
    build_optimizer,
)
from nntrain.engine.chunked_model import ChunkedSequential
from nntrain.engine.device import Device, set_up_device
from nntrain.engine.fused_layers import fuse_pooling
from nntrain.engine.inputs import EVALUATION_BATCH_SIZE, DeviceDataset, Subset
from nntrain.errors import NntrainError
from nntrain.runs.metadata import make_task_spec
from nntrain.task import IMAGE_SHAPE, TaskSpec, targets
from nntrain.training.auto import check_precision, choose_xla, resolve_auto


@dataclass(frozen=True)
class TrainingSetup:
    """Everything that training needs, ready for `fit`."""

    config: schema.Config  # with every `auto` resolved
    task_spec: TaskSpec
    device: Device
    compilation: str  # a message: whether XLA compiles the network, and why
    data: dict[str, Any]  # the entry `data` of run.json
    dataset: Dataset  # on a CPU its training images share the device's memory
    train_subset: Subset
    validation_subset: Subset | None
    network: ChunkedSequential
    started: float  # time.perf_counter() at the start of the preparation


def prepare_training(config: schema.Config, dataset: Dataset) -> TrainingSetup:
    """Set up the device, put the data on it, split it, and compile the network.

    `dataset` is not changed, and its training images are copied: they are freed if the caller drops its reference.
    Raises DeviceError if the device is not available or does not support the configured precision, DataError if a part
    of the split would lack a class, NntrainError if there is not enough memory.
    """
    started = time.perf_counter()
    task_spec = make_task_spec(config, dataset.classes)
    device = set_up_device(config.runtime, seed=config.seed)
    check_precision(config, device=device.kind, bfloat16=device.bfloat16)
    with explained_memory_errors(config, device):
        device_data, train_subset, validation_subset = place_data(config, dataset, task_spec)
        jit_compile, compilation = choose_xla(config, device=device.kind, training_images=len(train_subset))
        config = resolve_auto(config, device=device.kind, threads=device.threads, jit_compile=jit_compile)
        network = compile_network(config, device_data)
    return TrainingSetup(
        config=config,
        task_spec=task_spec,
        device=device,
        compilation=compilation,
        data=_describe_data(dataset, train_subset, validation_subset),
        dataset=replace(dataset, x_train=train_subset.images),
        train_subset=train_subset,
        validation_subset=validation_subset,
        network=network,
        started=started,
    )


def place_data(
    config: schema.Config, dataset: Dataset, task_spec: TaskSpec
) -> tuple[DeviceDataset, Subset, Subset | None]:
    """Put a data set's training images on the device, and split them by index as the config's `fit` section states.

    Returns the data on the device, the training subset, and the validation subset or None if it is empty.
    """
    train_indices, validation_indices = validation_split(
        dataset.y_train, config.fit.validation_split, stratify=config.fit.stratify, seed=config.seed
    )
    loss_targets = _loss_targets(dataset.y_train, task_spec)
    device_data = DeviceDataset(
        dataset.x_train,
        loss_targets,
        one_hot_depth=len(task_spec.classes) if _takes_one_hot_labels(task_spec) else None,
    )
    images = device_data.images_array()
    train_subset, validation_subset = (
        Subset(images, loss_targets, indices.astype(np.int32)) for indices in (train_indices, validation_indices)
    )
    return device_data, train_subset, validation_subset if len(validation_subset) else None


def _describe_data(dataset: Dataset, train_subset: Subset, validation_subset: Subset | None) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "source": str(dataset.source),
        "fingerprints": dataset.fingerprints,
        "training": len(train_subset),
        "validation": len(validation_subset) if validation_subset is not None else 0,
        "test": len(dataset.x_test),
    }


def _loss_targets(labels: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return int32 labels (n,) for a classification, and float32 (n, 1) otherwise."""
    if task_spec.task == "classification":
        return targets(labels, task_spec).astype(np.int32)
    return targets(labels, task_spec).astype(np.float32).reshape(-1, 1)


def _takes_one_hot_labels(task_spec: TaskSpec) -> bool:
    return task_spec.task == "classification" and schema.Loss.members[task_spec.loss].labels == "one_hot"


def compile_network(config: schema.Config, device_data: DeviceDataset) -> ChunkedSequential:
    """Return the config's network, compiled, with its data on the device."""
    classes = XLA_TRAINING_LAYERS if config.runtime.jit_compile else TRAINING_LAYERS
    layers = fuse_pooling(build_layers(config, classes=classes))
    network = ChunkedSequential([keras.Input(IMAGE_SHAPE), *layers], name="nntrain")
    network.compile(
        optimizer=build_optimizer(config.optimizer),
        loss=build_loss(config.loss),
        metrics=build_metrics(config),
        jit_compile=config.runtime.jit_compile,
    )
    network.set_data(device_data)
    return network


@contextmanager
def explained_memory_errors(config: schema.Config, device: Device) -> Iterator[None]:
    """Turn TensorFlow's out-of-memory error into an NntrainError that suggests what to reduce."""
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise NntrainError(
            f"not enough memory on the {device.kind} for training batches of {config.fit.batch_size:,} and validation "
            f"batches of {EVALUATION_BATCH_SIZE:,} images; try a smaller batch_size, or fewer units and filters"
        ) from None
