"""The story of one training."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nntrain.augmentation import Distortion
from nntrain.classifier import LiteRTClassifier
from nntrain.config import schema
from nntrain.config.network import work
from nntrain.data import Dataset, validation_split
from nntrain.engine import device as devices
from nntrain.engine.callbacks import Guard, Record, stock_callbacks
from nntrain.engine.classifier import KerasClassifier
from nntrain.engine.export import plain_network, save_keras, save_tflite
from nntrain.engine.model import QUICKER, all_layers, build_loss, build_metrics, build_optimizer, input_shape
from nntrain.engine.resident import Examples, OnDevice, Portions, Resident, validation_portion
from nntrain.errors import NntrainError
from nntrain.evaluation import Question, score, targets
from nntrain.fingerprints import fingerprint_of
from nntrain.history import write_history
from nntrain.policy import resolved, use_xla
from nntrain.records import note_end, note_start, question_of
from nntrain.results import EpochResult, TrainResult, Watch
from nntrain.runs import RunDir

# Pictures on which the two saved formats are compared.
COMPARED = 256


def train(config: schema.Config, dataset: Dataset, run: RunDir, watch: Watch) -> TrainResult:
    """Train a config's network on a data set and leave the run folder whole.

    Raises DeviceError, DataError, or NntrainError where memory or disk run out; the run's status says how it ended.
    """
    begun = time.perf_counter()
    question = question_of(config, dataset.classes)
    training, validation = split_examples(config, dataset, question)
    device = devices.set_up(config.runtime, seed=config.seed)
    xla, why = use_xla(config, device=device.kind, training_images=len(training))
    config = resolved(config, device=device.kind, threads=device.threads, jit_compile=xla)
    note_start(run, config, question, device=asdict(device), data=_described(dataset, training, validation))
    watch.on_device(f"{device.name}, XLA {'on' if xla else 'off'} ({why})")

    network = compiled_network(config, training, validation, question)
    try:
        record, guard, history = fit(config, network, training, validation, run, watch)
    except tf.errors.ResourceExhaustedError:
        size = config.fit.batch_size
        raise NntrainError(f"not enough memory for batches of {size} on the {device.kind}; try a smaller one") from None
    status, problem = _ending(record, guard)
    watch.on_saving()
    test, notes = _save(config, network, dataset, question, run) if record.finished else (None, ())
    result = TrainResult(status, record.finished, test, problem, notes)
    note_end(run, result, history, seconds=time.perf_counter() - begun)
    return result


def _described(dataset: Dataset, training: Examples, validation: Examples | None) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "source": str(dataset.source),
        "fingerprints": dataset.fingerprints,
        "training": len(training),
        "validation": len(validation) if validation is not None else 0,
        "test": len(dataset.x_test),
    }


def _ending(record: Record, guard: Guard) -> tuple[str, str | None]:
    """Return a training's status and what went wrong; after a divergence the last good weights are put back."""
    if guard.diverged_in is None:
        return ("interrupted" if record.interrupted else "complete"), None
    kept = f"the weights of epoch {record.finished} are kept" if guard.restore() else "there is nothing to keep"
    return "diverged", f"the loss is no longer a number in epoch {guard.diverged_in}; {kept}"


def split_examples(config: schema.Config, dataset: Dataset, question: Question) -> tuple[Examples, Examples | None]:
    """Split the training images as `fit` asks; raises DataError where a part would lack a class."""
    learnt, held_out = validation_split(
        dataset.y_train, config.fit.validation_split, stratify=config.fit.stratify, seed=config.seed
    )
    compared = targets(dataset.y_train, question)
    if question.task == "classification":
        compared = compared.astype(np.int32)
    else:
        compared = compared.astype(np.float32).reshape(-1, 1)
    validation = Examples(dataset.x_train[held_out], compared[held_out]) if len(held_out) else None
    return Examples(dataset.x_train[learnt], compared[learnt]), validation


def compiled_network(
    config: schema.Config, training: Examples, validation: Examples | None, question: Question
) -> Resident:
    """Return the config's network with its examples on the device, ready to learn."""
    sparse = config.task != "classification" or config.loss.key == "sparse_categorical_crossentropy"
    one_hot = None if sparse else len(question.classes)
    network = Resident([keras.Input(input_shape()), *all_layers(config, kinds=QUICKER)], name="nntrain")
    network.compile(
        optimizer=build_optimizer(config.optimizer),
        loss=build_loss(config.loss),
        metrics=build_metrics(config),
        jit_compile=config.runtime.jit_compile,
    )
    network.place(
        OnDevice(training, one_hot=one_hot), OnDevice(validation, one_hot=one_hot) if validation is not None else None
    )
    return network


def fit(
    config: schema.Config,
    network: Resident,
    training: Examples,
    validation: Examples | None,
    run: RunDir,
    watch: Watch,
) -> tuple[Record, Guard, list[EpochResult]]:
    """Train a network with Keras's own fit, writing history.csv after each epoch."""
    history: list[EpochResult] = []

    def on_epoch(result: EpochResult) -> None:
        history.append(result)
        write_history(run.history, history)
        watch.on_epoch(result)

    portions = Portions(
        training, batch_size=config.fit.batch_size, seed=config.seed, distortion=distortion_of(config.augmentation)
    )
    portions.cut(work(config.model).training_operations(portions.batch_size))
    stock, guard = stock_callbacks(config), Guard()
    record = Record(
        config,
        portions=portions.an_epoch,
        on_epoch=on_epoch,
        on_progress=watch.on_progress,
        on_note=watch.on_note,
        should_stop=watch.should_stop,
        stock=stock,
        guard=guard,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.fit(
            portions.dataset(),
            epochs=config.fit.epochs,
            steps_per_epoch=portions.an_epoch,
            validation_data=validation_portion(validation) if validation is not None else None,
            callbacks=[*stock, guard, record],
            shuffle=False,  # portions are shuffled already
            verbose=0,
        )
    return record, guard, history


def distortion_of(augmentation: schema.Augmentation | None) -> Distortion | None:
    """Return the distortion that a config asks for, or None where it asks for none."""
    if augmentation is None:
        return None
    elastic = augmentation.elastic
    distortion = Distortion(
        rotation=augmentation.rotation,
        translation=augmentation.translation,
        zoom=augmentation.zoom,
        shear=augmentation.shear,
        elastic_alpha=elastic.alpha if elastic else 0.0,
        elastic_sigma=elastic.sigma if elastic else 4.0,
        stroke=augmentation.stroke,
    )
    return None if distortion == Distortion(elastic_sigma=distortion.elastic_sigma) else distortion


def _save(
    config: schema.Config, network: Resident, dataset: Dataset, question: Question, run: RunDir
) -> tuple[Any, tuple[str, ...]]:
    """Save the network in both formats and score what was saved on all test images."""
    plain = plain_network(config, network)
    save_keras(plain, run)
    refusal = save_tflite(plain, run, dataset.x_test[:COMPARED])
    info = run.read_info()
    info["fingerprints"]["weights"] = fingerprint_of(plain.get_weights())
    run.write_info(info)
    classifier = KerasClassifier(plain) if refusal else LiteRTClassifier(run.tflite)
    scores = score(classifier.outputs(dataset.x_test), dataset.y_test, question)
    notes = (f"no model.tflite, so answers will need TensorFlow: {refusal}",) if refusal else ()
    return scores, notes
