"""Trains a network: prepares, fits, saves and tests it."""

from __future__ import annotations

import gc
import logging
import math
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import tensorflow as tf

from nntrain.config import schema
from nntrain.config.model_summary import scoring_flops, training_flops
from nntrain.data.dataset import Dataset
from nntrain.engine.callbacks.built_in import built_in_callbacks
from nntrain.engine.callbacks.checkpoint import CheckpointCallback
from nntrain.engine.callbacks.history_recorder import HistoryRecorder
from nntrain.engine.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from nntrain.engine.export import plain_network, save_keras, save_tflite
from nntrain.engine.inputs import EVALUATION_BATCH_SIZE, BatchChunks
from nntrain.engine.keras_classifier import KerasClassifier
from nntrain.engine.setup import TrainingSetup, explained_memory_errors, prepare_training
from nntrain.inference.calibration import MAX_IMAGES, fit_temperature
from nntrain.inference.litert import Classifier, LiteRTClassifier
from nntrain.inference.scoring import score
from nntrain.results import Scores, TrainResult
from nntrain.runs.checkpoint import TrainingState
from nntrain.runs.folder import RunDir
from nntrain.runs.metadata import record_end, record_start, restore_start
from nntrain.system.hashing import fingerprint_arrays
from nntrain.training.augmentation import distortion_of
from nntrain.training.listener import TrainingListener

# The number of test images on which the two saved formats have to agree.
COMPARED_IMAGES = 256


@dataclass(frozen=True)
class TrainingCallbacks:
    """The callbacks of `fit`; afterwards they hold its outcome."""

    built_in: list[Any]  # Keras's
    terminate: TerminateOnNonFinite
    recorder: HistoryRecorder
    checkpoint: CheckpointCallback

    def in_order(self) -> list[Any]:
        """Return the callbacks in the order in which they have to be called."""
        return [*self.built_in, self.terminate, self.recorder, self.checkpoint]


@contextmanager
def _silence_tensorflow_log() -> Iterator[None]:
    """Silence warnings, such as that a process traces many functions, as it does if it trains many networks."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@_silence_tensorflow_log()
def train(
    config: schema.Config,
    dataset: Dataset,
    run: RunDir,
    listener: TrainingListener,
    resumed: TrainingState | None = None,
) -> TrainResult:
    """Train a config's network on a data set, or resume training, and complete the run folder.

    Raises DeviceError, DataError, or NntrainError if there is not enough memory or disk space. In all other cases the
    run's status tells how training ended. The training images are copied to the device: they are in memory only once
    if the caller keeps no reference to `dataset`.
    """
    gc.collect()  # frees the network and images of an earlier training in this process, which refer to one another
    setup = prepare_training(config, dataset)
    del dataset
    started = record_start(
        run,
        setup.config,
        setup.task_spec,
        device=asdict(setup.device),
        data=setup.data,
        resumed=resumed is not None,
    )
    listener.on_device(f"{setup.device.name}, {setup.compilation}")
    with explained_memory_errors(setup.config, setup.device):
        callbacks = fit(setup, run, listener, resumed)
    restored = restore_start(started)
    callbacks.checkpoint.write()
    status, problem = _end_of(callbacks)
    listener.on_saving()
    scores, notes = _save_and_score(setup, run) if callbacks.recorder.finished_epochs else (None, ())
    if scores and not all(map(math.isfinite, scores.metrics.values())):  # the very last step made the weights unusable
        status, problem, scores = "diverged", "the loss on the test images is NaN or infinite", None
    result = TrainResult(
        status,
        callbacks.recorder.finished_epochs,
        scores,
        problem,
        (*restored, *notes),
        kept_epoch=callbacks.checkpoint.kept_epoch,
    )
    seconds = (resumed.seconds if resumed else 0.0) + time.perf_counter() - setup.started
    record_end(run, result, callbacks.recorder.history, seconds=seconds)
    return result


def fit(
    setup: TrainingSetup, run: RunDir, listener: TrainingListener, resumed: TrainingState | None = None
) -> TrainingCallbacks:
    """Train the network with Keras's `fit`, from the state `resumed` if there is one; writes history.csv."""
    config, network = setup.config, setup.network
    chunks = _training_chunks(setup)
    callbacks = _build_callbacks(setup, run, listener, resumed, chunks_per_epoch=chunks.chunks_per_epoch)
    first_epoch = callbacks.recorder.finished_epochs
    last_epoch = first_epoch if resumed and resumed.stopped_early else config.fit.epochs
    train_data = network.device_data.with_images(chunks.dataset(first_epoch))
    validation_data = _set_validation_data(setup)
    if config.runtime.jit_compile and last_epoch > first_epoch:
        network.compile_steps(train_data, validation_data)
    with closing(chunks), closing(network), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.fit(
            train_data,
            initial_epoch=first_epoch,
            epochs=last_epoch,
            steps_per_epoch=chunks.chunks_per_epoch,
            validation_data=validation_data,
            callbacks=callbacks.in_order(),
            shuffle=False,  # the chunks are already shuffled
            verbose=0,
        )
    return callbacks


def _training_chunks(setup: TrainingSetup) -> BatchChunks:
    config = setup.config
    chunks = BatchChunks(
        setup.train_subset,
        batch_size=config.fit.batch_size,
        seed=config.seed,
        distortion=distortion_of(config.augmentation),
    )
    chunks.choose_chunk_size(training_flops(config.model, chunks.batch_size))
    return chunks


def _set_validation_data(setup: TrainingSetup) -> Any:
    """Return the network's validation data for Keras's `fit`, or None."""
    if setup.validation_subset is None:
        return None
    chunks = BatchChunks(setup.validation_subset, batch_size=EVALUATION_BATCH_SIZE)
    chunks.choose_chunk_size(scoring_flops(setup.config.model, chunks.batch_size))
    return setup.network.set_validation_data(chunks)


def _build_callbacks(
    setup: TrainingSetup,
    run: RunDir,
    listener: TrainingListener,
    resumed: TrainingState | None,
    *,
    chunks_per_epoch: int,
) -> TrainingCallbacks:
    built_in, terminate = built_in_callbacks(setup.config), TerminateOnNonFinite()
    recorder = HistoryRecorder(
        setup.config,
        run,
        listener,
        chunks_per_epoch=chunks_per_epoch,
        built_in=built_in,
        terminate=terminate,
        resumed=resumed,
    )
    checkpoint = CheckpointCallback(run, built_in=built_in, recorder=recorder, resumed=resumed)
    return TrainingCallbacks(built_in, terminate, recorder, checkpoint)


def _end_of(callbacks: TrainingCallbacks) -> tuple[str, str | None]:
    """Return the status and the problem, if any; undoes the effects of an epoch that was interrupted or diverged."""
    terminate = callbacks.terminate
    if terminate.diverged_in is not None:
        outcome = "no epoch was finished, so no weights are kept"
        if callbacks.checkpoint.restore_weights():
            outcome = f"the weights of epoch {callbacks.checkpoint.kept_epoch} are kept"
        return (
            "diverged",
            f"the {terminate.bad_metric} became NaN or infinite in epoch {terminate.diverged_in}; {outcome}",
        )
    if callbacks.recorder.interrupted:
        callbacks.checkpoint.restore_weights()
        return "interrupted", None
    return "complete", None


def _save_and_score(setup: TrainingSetup, run: RunDir) -> tuple[Scores, tuple[str, ...]]:
    """Save the network in both formats, calibrate the saved network, and score it on all test images.

    Returns the scores, and notes for the user.
    """
    dataset, network = setup.dataset, plain_network(setup.config, setup.network)
    save_keras(network, run)
    failure = save_tflite(network, run, dataset.x_test[:COMPARED_IMAGES])
    if failure:
        run.tflite_path.unlink(missing_ok=True)  # an earlier file, saved before a resume
    classifier = KerasClassifier(network) if failure else LiteRTClassifier(run.tflite_path)
    info = run.read_info()
    info["fingerprints"]["weights"] = fingerprint_arrays(network.get_weights())
    info["temperature"] = _fit_temperature(classifier, setup)
    run.write_info(info)
    scores = score(classifier.predict(dataset.x_test), dataset.y_test, setup.task_spec)
    notes = (f"model.tflite was not saved, so predictions need TensorFlow: {failure}",) if failure else ()
    return scores, notes


def _fit_temperature(classifier: Classifier, setup: TrainingSetup) -> float | None:
    """Fit the temperature of the network's confidence on validation images, or return None if there are none."""
    if setup.validation_subset is None:
        return None
    dataset, indices = setup.dataset, setup.validation_subset.indices
    indices = indices[:: math.ceil(len(indices) / MAX_IMAGES)]
    return fit_temperature(classifier.predict(dataset.x_train[indices]), dataset.y_train[indices], setup.task_spec)
