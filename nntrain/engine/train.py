"""The story of one training."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nntrain.config import schema
from nntrain.config.model_summary import scoring_flops, training_flops
from nntrain.data.dataset import Dataset
from nntrain.data.split import validation_split
from nntrain.engine import device as devices
from nntrain.engine.build import all_layers, build_loss, build_metrics, build_optimizer, input_shape, quicker_layers
from nntrain.engine.callbacks.checkpoint import CheckpointCallback
from nntrain.engine.callbacks.history_recorder import HistoryRecorder
from nntrain.engine.callbacks.stock import stock_callbacks
from nntrain.engine.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from nntrain.engine.chunked_model import ChunkedSequential
from nntrain.engine.export import plain_network, save_keras, save_tflite
from nntrain.engine.fused_layers import pooled
from nntrain.engine.inputs import EVALUATION_BATCH, BatchChunks, DeviceDataset, Subset
from nntrain.engine.keras_classifier import KerasClassifier
from nntrain.errors import NntrainError
from nntrain.inference.calibration import MAX_IMAGES, fit_temperature
from nntrain.inference.litert import Classifier, LiteRTClassifier
from nntrain.inference.scoring import score
from nntrain.results import EpochResult, TrainResult
from nntrain.runs.checkpoint import TrainingState
from nntrain.runs.folder import RunDir
from nntrain.runs.history import write_history
from nntrain.runs.metadata import make_task_spec, record_end, record_start
from nntrain.system.hashing import fingerprint_arrays
from nntrain.task import TaskSpec, targets
from nntrain.training.augmentation import Distortion
from nntrain.training.auto import check_precision, choose_xla, resolve_auto
from nntrain.training.listener import TrainingListener

# Pictures on which the two saved formats are compared.
COMPARED = 256


def train(
    config: schema.Config,
    dataset: Dataset,
    run: RunDir,
    listener: TrainingListener,
    resumed: TrainingState | None = None,
) -> TrainResult:
    """Train a config's network on a data set, from an earlier state where there is one, and leave the run folder whole.

    Raises DeviceError, DataError, or NntrainError where memory or disk run out; the run's status says how it ended.
    """
    begun = time.perf_counter()
    task_spec = make_task_spec(config, dataset.classes)
    device = devices.set_up(config.runtime, seed=config.seed)
    check_precision(config, device=device.kind, bfloat16=device.bfloat16)
    with _memory(config, device):
        examples, training, validation = placed_examples(config, dataset, task_spec)
        xla, why = choose_xla(config, device=device.kind, training_images=len(training))
        config = resolve_auto(config, device=device.kind, threads=device.threads, jit_compile=xla)
        record_start(
            run,
            config,
            task_spec,
            device=asdict(device),
            data=_described(dataset, training, validation),
            resumed=resumed is not None,
        )
        listener.on_device(f"{device.name}, XLA {'on' if xla else 'off'} ({why})")
        network = compiled_network(config, examples)
        record, guard, keeper = fit(config, network, training, validation, run, listener, resumed)
    keeper.write()
    status, problem = _ending(record, guard, keeper)
    listener.on_saving()
    test, notes = _save(config, network, dataset, validation, task_spec, run) if record.finished else (None, ())
    if test and not all(map(math.isfinite, test.metrics.values())):  # the last step of all spoilt the weights
        status, problem, test = "diverged", "the loss on the test images is no longer a number", None
    result = TrainResult(status, record.finished, test, problem, notes)
    before = resumed.seconds if resumed else 0.0
    record_end(run, result, record.history, seconds=before + time.perf_counter() - begun)
    return result


@contextmanager
def _memory(config: schema.Config, device: devices.Device) -> Iterator[None]:
    """Say what to make smaller where the device's memory does not last."""
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise NntrainError(
            f"not enough memory on the {device.kind} to learn in batches of {config.fit.batch_size:,} and validate in "
            f"batches of {EVALUATION_BATCH:,}; try a smaller batch_size, or fewer units and filters"
        ) from None


def _described(dataset: Dataset, training: Subset, validation: Subset | None) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "source": str(dataset.source),
        "fingerprints": dataset.fingerprints,
        "training": len(training),
        "validation": len(validation) if validation is not None else 0,
        "test": len(dataset.x_test),
    }


def _ending(record: HistoryRecorder, guard: TerminateOnNonFinite, keeper: CheckpointCallback) -> tuple[str, str | None]:
    """Return a training's status and what went wrong; an epoch that was cut short or diverged leaves no trace."""
    if guard.diverged_in is not None:
        kept = f"the weights of epoch {record.finished} are kept"
        kept = kept if keeper.put_back_weights() else "there is nothing to keep"
        return "diverged", f"the {guard.spoilt} is no longer a number in epoch {guard.diverged_in}; {kept}"
    if record.interrupted:
        keeper.put_back_weights()
        return "interrupted", None
    return "complete", None


def placed_examples(
    config: schema.Config, dataset: Dataset, task_spec: TaskSpec
) -> tuple[DeviceDataset, Subset, Subset | None]:
    """Put a data set's training images on the device and split them as `fit` asks, by number.

    The data set's own array becomes that of the device where they share memory. Raises DataError where a part would
    lack a class.
    """
    learnt, held_out = validation_split(
        dataset.y_train, config.fit.validation_split, stratify=config.fit.stratify, seed=config.seed
    )
    compared = targets(dataset.y_train, task_spec)
    if task_spec.task == "classification":
        compared = compared.astype(np.int32)
    else:
        compared = compared.astype(np.float32).reshape(-1, 1)
    sparse = config.task != "classification" or config.loss.key == "sparse_categorical_crossentropy"
    examples = DeviceDataset(dataset.x_train, compared, one_hot=None if sparse else len(task_spec.classes))
    dataset.x_train = examples.array()
    training, validation = (Subset(dataset.x_train, compared, part.astype(np.int32)) for part in (learnt, held_out))
    return examples, training, validation if len(validation) else None


def compiled_network(config: schema.Config, examples: DeviceDataset) -> ChunkedSequential:
    """Return the config's network with its examples on the device, ready to learn."""
    layers = all_layers(config, kinds=quicker_layers(xla=bool(config.runtime.jit_compile)))
    network = ChunkedSequential([keras.Input(input_shape()), *pooled(layers)], name="nntrain")
    network.compile(
        optimizer=build_optimizer(config.optimizer),
        loss=build_loss(config.loss),
        metrics=build_metrics(config),
        jit_compile=config.runtime.jit_compile,
    )
    network.place(examples)
    return network


def fit(
    config: schema.Config,
    network: ChunkedSequential,
    training: Subset,
    validation: Subset | None,
    run: RunDir,
    listener: TrainingListener,
    resumed: TrainingState | None = None,
) -> tuple[HistoryRecorder, TerminateOnNonFinite, CheckpointCallback]:
    """Train a network with Keras's own fit, from an earlier state where there is one; writes history.csv."""

    def on_epoch(result: EpochResult) -> None:
        write_history(run.history_path, record.rows())
        listener.on_epoch(result)

    portions = BatchChunks(
        training, batch_size=config.fit.batch_size, seed=config.seed, distortion=distortion_of(config.augmentation)
    )
    layers = config.model
    portions.cut(training_flops(layers, portions.batch_size))
    stock, guard = stock_callbacks(config), TerminateOnNonFinite()
    record = HistoryRecorder(
        config,
        portions=portions.chunks_per_epoch,
        resumed=resumed,
        on_epoch=on_epoch,
        on_progress=listener.on_progress,
        on_note=listener.on_note,
        should_stop=listener.should_stop,
        stock=stock,
        guard=guard,
    )
    keeper = CheckpointCallback(run, stock=stock, record=record, resumed=resumed)
    learnt = network.examples.fed(portions.dataset(first_epoch=record.finished))
    held_out = None
    if validation is not None:
        scored = BatchChunks(validation, batch_size=EVALUATION_BATCH)
        scored.cut(scoring_flops(layers, scored.batch_size))
        held_out = network.set_validation_data(scored)
    epochs = record.finished if resumed and resumed.ended else config.fit.epochs
    if config.runtime.jit_compile and epochs > record.finished:
        network.compile_steps(learnt, held_out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.fit(
            learnt,
            initial_epoch=record.finished,
            epochs=epochs,
            steps_per_epoch=portions.chunks_per_epoch,
            validation_data=held_out,
            callbacks=[*stock, guard, record, keeper],
            shuffle=False,  # portions are shuffled already
            verbose=0,
        )
    return record, guard, keeper


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
    config: schema.Config,
    network: ChunkedSequential,
    dataset: Dataset,
    validation: Subset | None,
    task_spec: TaskSpec,
    run: RunDir,
) -> tuple[Any, tuple[str, ...]]:
    """Save the network in both formats, score what was saved on all test images, and calibrate it."""
    plain = plain_network(config, network)
    save_keras(plain, run)
    refusal = save_tflite(plain, run, dataset.x_test[:COMPARED])
    if refusal:
        run.tflite_path.unlink(missing_ok=True)  # of the training that this one goes on from
    classifier = KerasClassifier(plain) if refusal else LiteRTClassifier(run.tflite_path)
    info = run.read_info()
    info["fingerprints"]["weights"] = fingerprint_arrays(plain.get_weights())
    info["temperature"] = _temperature(classifier, dataset, validation, task_spec)
    run.write_info(info)
    scores = score(classifier.predict(dataset.x_test), dataset.y_test, task_spec)
    notes = (f"no model.tflite, so answers will need TensorFlow: {refusal}",) if refusal else ()
    return scores, notes


def _temperature(
    classifier: Classifier, dataset: Dataset, validation: Subset | None, task_spec: TaskSpec
) -> float | None:
    """Fit the temperature of a network's confidence on validation images, where there are any."""
    if validation is None:
        return None
    held_out = validation.numbers[:: -(-len(validation) // MAX_IMAGES)]
    return fit_temperature(classifier.predict(dataset.x_train[held_out]), dataset.y_train[held_out], task_spec)
