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

from nntrain.augmentation import Distortion
from nntrain.calibration import MOST_IMAGES, fit_temperature
from nntrain.checkpoints import State
from nntrain.classifier import Classifier, LiteRTClassifier
from nntrain.config import schema
from nntrain.config.network import work
from nntrain.data import Dataset, validation_split
from nntrain.engine import device as devices
from nntrain.engine.callbacks import Guard, Keeper, Record, stock_callbacks
from nntrain.engine.classifier import KerasClassifier
from nntrain.engine.export import plain_network, save_keras, save_tflite
from nntrain.engine.layers import pooled
from nntrain.engine.model import all_layers, build_loss, build_metrics, build_optimizer, input_shape, quicker_layers
from nntrain.engine.resident import EVALUATION_BATCH, Examples, OnDevice, Portions, Resident
from nntrain.errors import NntrainError
from nntrain.evaluation import Question, score, targets
from nntrain.fingerprints import fingerprint_of
from nntrain.history import write_history
from nntrain.policy import check_precision, resolved, use_xla
from nntrain.records import note_end, note_start, question_of
from nntrain.results import EpochResult, TrainResult, Watch
from nntrain.runs import RunDir

# Pictures on which the two saved formats are compared.
COMPARED = 256


def train(
    config: schema.Config, dataset: Dataset, run: RunDir, watch: Watch, resumed: State | None = None
) -> TrainResult:
    """Train a config's network on a data set, from an earlier state where there is one, and leave the run folder whole.

    Raises DeviceError, DataError, or NntrainError where memory or disk run out; the run's status says how it ended.
    """
    begun = time.perf_counter()
    question = question_of(config, dataset.classes)
    device = devices.set_up(config.runtime, seed=config.seed)
    check_precision(config, device=device.kind, bfloat16=device.bfloat16)
    with _memory(config, device):
        examples, training, validation = placed_examples(config, dataset, question)
        xla, why = use_xla(config, device=device.kind, training_images=len(training))
        config = resolved(config, device=device.kind, threads=device.threads, jit_compile=xla)
        note_start(
            run,
            config,
            question,
            device=asdict(device),
            data=_described(dataset, training, validation),
            resumed=resumed is not None,
        )
        watch.on_device(f"{device.name}, XLA {'on' if xla else 'off'} ({why})")
        network = compiled_network(config, examples)
        record, guard, keeper = fit(config, network, training, validation, run, watch, resumed)
    keeper.write()
    status, problem = _ending(record, guard, keeper)
    watch.on_saving()
    test, notes = _save(config, network, dataset, validation, question, run) if record.finished else (None, ())
    if test and not all(map(math.isfinite, test.values.values())):  # the last step of all spoilt the weights
        status, problem, test = "diverged", "the loss on the test images is no longer a number", None
    result = TrainResult(status, record.finished, test, problem, notes)
    before = resumed.seconds if resumed else 0.0
    note_end(run, result, record.history, seconds=before + time.perf_counter() - begun)
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


def _described(dataset: Dataset, training: Examples, validation: Examples | None) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "source": str(dataset.source),
        "fingerprints": dataset.fingerprints,
        "training": len(training),
        "validation": len(validation) if validation is not None else 0,
        "test": len(dataset.x_test),
    }


def _ending(record: Record, guard: Guard, keeper: Keeper) -> tuple[str, str | None]:
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
    config: schema.Config, dataset: Dataset, question: Question
) -> tuple[OnDevice, Examples, Examples | None]:
    """Put a data set's training images on the device and split them as `fit` asks, by number.

    The data set's own array becomes that of the device where they share memory. Raises DataError where a part would
    lack a class.
    """
    learnt, held_out = validation_split(
        dataset.y_train, config.fit.validation_split, stratify=config.fit.stratify, seed=config.seed
    )
    compared = targets(dataset.y_train, question)
    if question.task == "classification":
        compared = compared.astype(np.int32)
    else:
        compared = compared.astype(np.float32).reshape(-1, 1)
    sparse = config.task != "classification" or config.loss.key == "sparse_categorical_crossentropy"
    examples = OnDevice(dataset.x_train, compared, one_hot=None if sparse else len(question.classes))
    dataset.x_train = examples.array()
    training, validation = (Examples(dataset.x_train, compared, part.astype(np.int32)) for part in (learnt, held_out))
    return examples, training, validation if len(validation) else None


def compiled_network(config: schema.Config, examples: OnDevice) -> Resident:
    """Return the config's network with its examples on the device, ready to learn."""
    layers = all_layers(config, kinds=quicker_layers(xla=bool(config.runtime.jit_compile)))
    network = Resident([keras.Input(input_shape()), *pooled(layers)], name="nntrain")
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
    network: Resident,
    training: Examples,
    validation: Examples | None,
    run: RunDir,
    watch: Watch,
    resumed: State | None = None,
) -> tuple[Record, Guard, Keeper]:
    """Train a network with Keras's own fit, from an earlier state where there is one; writes history.csv."""

    def on_epoch(result: EpochResult) -> None:
        write_history(run.history, record.rows())
        watch.on_epoch(result)

    portions = Portions(
        training, batch_size=config.fit.batch_size, seed=config.seed, distortion=distortion_of(config.augmentation)
    )
    takes = work(config.model)
    portions.cut(takes.training_operations(portions.batch_size))
    stock, guard = stock_callbacks(config), Guard()
    record = Record(
        config,
        portions=portions.an_epoch,
        resumed=resumed,
        on_epoch=on_epoch,
        on_progress=watch.on_progress,
        on_note=watch.on_note,
        should_stop=watch.should_stop,
        stock=stock,
        guard=guard,
    )
    keeper = Keeper(run, stock=stock, record=record, resumed=resumed)
    learnt = network.examples.fed(portions.dataset(first_epoch=record.finished))
    held_out = None
    if validation is not None:
        scored = Portions(validation, batch_size=EVALUATION_BATCH)
        scored.cut(takes.scoring_operations(scored.batch_size))
        held_out = network.hold_out(scored)
    epochs = record.finished if resumed and resumed.ended else config.fit.epochs
    if config.runtime.jit_compile and epochs > record.finished:
        network.compile_steps(learnt, held_out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.fit(
            learnt,
            initial_epoch=record.finished,
            epochs=epochs,
            steps_per_epoch=portions.an_epoch,
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
    network: Resident,
    dataset: Dataset,
    validation: Examples | None,
    question: Question,
    run: RunDir,
) -> tuple[Any, tuple[str, ...]]:
    """Save the network in both formats, score what was saved on all test images, and calibrate it."""
    plain = plain_network(config, network)
    save_keras(plain, run)
    refusal = save_tflite(plain, run, dataset.x_test[:COMPARED])
    if refusal:
        run.tflite.unlink(missing_ok=True)  # of the training that this one goes on from
    classifier = KerasClassifier(plain) if refusal else LiteRTClassifier(run.tflite)
    info = run.read_info()
    info["fingerprints"]["weights"] = fingerprint_of(plain.get_weights())
    info["temperature"] = _temperature(classifier, dataset, validation, question)
    run.write_info(info)
    scores = score(classifier.outputs(dataset.x_test), dataset.y_test, question)
    notes = (f"no model.tflite, so answers will need TensorFlow: {refusal}",) if refusal else ()
    return scores, notes


def _temperature(
    classifier: Classifier, dataset: Dataset, validation: Examples | None, question: Question
) -> float | None:
    """Fit the temperature of a network's confidence on validation images, where there are any."""
    if validation is None:
        return None
    held_out = validation.numbers[:: -(-len(validation) // MOST_IMAGES)]
    return fit_temperature(classifier.outputs(dataset.x_train[held_out]), dataset.y_train[held_out], question)
