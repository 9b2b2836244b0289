"""A training that is stopped and resumed is the training that was never stopped."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from nntrain.errors import RunError
from nntrain.results import EpochResult
from nntrain.runs.checkpoint import TrainingState
from nntrain.runs.folder import RunDir

pytestmark = pytest.mark.tensorflow

# Everything that an epoch leaves behind: moving averages, dropout's seeds, moments, both counters, the best weights.
EVERYTHING = """
model:
  - dense: 8
  - batch_normalization
  - activation: relu
  - dropout: 0.3
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.05}}
loss: categorical_crossentropy
fit: {epochs: 6, batch_size: 50}
lr_schedule: {reduce_lr_on_plateau: {patience: 1, min_delta: 0.05}}
early_stopping: {patience: 4, min_delta: 0.02, restore_best_weights: true}
"""
CONVOLUTIONS = """
model:
  - conv2d: {filters: 2, kernel_size: 3, strides: 2}
  - batch_normalization
  - flatten
  - dropout: 0.3
  - dense: {units: 10, activation: softmax}
optimizer: {sgd: {learning_rate: 0.1, momentum: 0.9, use_ema: true}}
loss: sparse_categorical_crossentropy
fit: {epochs: 4, batch_size: 64}
lr_schedule: {step_decay: {factor: 0.5, every: 2}}
augmentation: {rotation: 10, elastic: {alpha: 4}}
"""
REGRESSION = """
task: regression
model: [dense: 8, batch_normalization, dense: 1]
optimizer: {rmsprop: {learning_rate: 0.05, momentum: 0.9, centered: true}}
loss: mse
fit: {epochs: 4, batch_size: 1000, validation_split: 0}
"""
CASES = {
    "plain": (EVERYTHING, (), (1, 2.5, 5)),
    "xla": (
        EVERYTHING,
        (
            "runtime.jit_compile=true",
            "fit.validation_split=0",
            "fit.epochs=4",
            "lr_schedule=null",
            "early_stopping=null",
        ),
        (2.5,),
    ),
    "convolutions, augmentation, schedule, momentum, averages": (CONVOLUTIONS, (), (2.5,)),
    # Nadam keeps a product of momenta that Keras lists nowhere, accumulated gradients wait within an epoch, and Keras
    # wraps the optimizer in one that scales the loss.
    "nadam in half precision": (
        EVERYTHING,
        (
            "optimizer={nadam: {gradient_accumulation_steps: 3}}",
            "runtime.dtype_policy=mixed_float16",
            "fit.epochs=4",
        ),
        (2.5,),
    ),
    "regression in one batch": (REGRESSION, (), (2,)),
    # The metrics' counts start anew in each epoch.
    "counting metrics, one cycle": (
        EVERYTHING,
        (
            "loss=categorical_focal_crossentropy",
            "metrics=[auc, f1_score, kl_divergence]",
            "lr_schedule=one_cycle",
            "early_stopping={patience: 4, monitor: val_f1_score, restore_best_weights: true}",
        ),
        (2.5,),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_weights_optimizer_counters_and_history_are_those_of_a_run_without_a_stop(
    train, train_in_parts, monkeypatch, case
):
    text, overrides, stops = CASES[case]
    monkeypatch.setattr("nntrain.engine.setup.check_precision", lambda *_, **__: None)
    whole, parts = train(*overrides, text=text), train_in_parts(text, overrides, stops)
    for name in ("variables", "trainable_variables"):
        for variable, other in zip(getattr(whole.network, name), getattr(parts.network, name), strict=True):
            assert np.array_equal(variable, other)
    for variable, other in zip(whole.network.optimizer.variables, parts.network.optimizer.variables, strict=True):
        assert np.array_equal(variable, other)
    rows = [[(row.epoch, row.learning_rate, row.metrics) for row in training.history] for training in (whole, parts)]
    assert rows[0] == rows[1]
    assert whole.callbacks.checkpoint.state.counters == parts.callbacks.checkpoint.state.counters


def test_a_resume_after_the_last_epoch_keeps_the_best_weights(train, train_in_parts):
    whole, parts = train(text=EVERYTHING), train_in_parts(EVERYTHING, (), (99,))
    for array, other in zip(whole.weights, parts.weights, strict=True):
        assert np.array_equal(array, other)


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that a test sets."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("nntrain.engine.callbacks.checkpoint.time.monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def written(monkeypatch):
    """Return the states that are written, in place of files."""
    states = []
    monkeypatch.setattr(
        "nntrain.engine.callbacks.checkpoint.write_checkpoint", lambda folder, state: states.append(state)
    )
    return states


@pytest.fixture
def make_callback(tmp_path):
    """Return a function that gives a callback for a network of two weights; `finish` sets them and ends an epoch."""
    import keras

    from nntrain.engine.callbacks.checkpoint import CheckpointCallback

    def make(*built_in, resumed=None, units=1, **optimizer):
        network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(units)])
        network.compile(optimizer=keras.optimizers.Adam(**optimizer))
        network.optimizer.build(network.trainable_variables)
        recorder = SimpleNamespace(finished_epochs=resumed.epoch if resumed else 0, history=[])
        callback = CheckpointCallback(RunDir(tmp_path), built_in=built_in, recorder=recorder, resumed=resumed)
        callback.set_model(network)
        return callback

    return make


def finish_epoch(callback, weight=0.0):
    """Finish an epoch after which the kernel is `weight`."""
    callback.model.set_weights([np.full_like(array, weight) for array in callback.model.get_weights()])
    callback.recorder.finished_epochs += 1
    callback.recorder.history.append(EpochResult(callback.recorder.finished_epochs, 9, 1.0, 0.1, {"loss": 0.5}))
    callback.on_epoch_end(callback.recorder.finished_epochs - 1)


def early_stopping(**attributes):
    """Return Keras's callback as it is during a training."""
    import keras

    callback = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    callback.on_train_begin()
    for name, value in attributes.items():
        setattr(callback, name, value)
    return callback


def test_a_checkpoint_is_written_every_two_seconds(make_callback, clock, written):
    callback = make_callback()
    for clock.now in (101.9, 102.0, 103.9, 104.0):
        finish_epoch(callback)
    assert [state.epoch for state in written] == [2, 4]


def test_a_slow_disk_gets_2_5_percent_of_the_time(make_callback, clock, monkeypatch):
    epochs = []

    def write_slowly(folder, state):
        clock.now += 1.0
        epochs.append(state.epoch)

    monkeypatch.setattr("nntrain.engine.callbacks.checkpoint.write_checkpoint", write_slowly)
    callback = make_callback()
    for clock.now in (102.0, 142.9, 143.0):  # the first is written until 103
        finish_epoch(callback)
    assert epochs == [1, 3]


def test_a_state_is_written_once(make_callback, written):
    callback = make_callback()
    callback.write()
    assert written == []
    finish_epoch(callback)
    callback.write()
    callback.write()
    assert [state.epoch for state in written] == [1]


def test_a_resumed_state_is_not_written_again(make_callback, written):
    make_callback(resumed=TrainingState(1, 5.0, ())).write()
    assert written == []


def test_seconds_add_up_over_a_resume(make_callback, clock):
    callback = make_callback(resumed=TrainingState(1, 5.0, ()))
    clock.now += 1.5
    finish_epoch(callback)
    assert callback.state.seconds == 6.5


def test_an_epoch_that_is_not_recorded_changes_nothing(make_callback):
    callback = make_callback()
    finish_epoch(callback)
    state = callback.state
    callback.on_epoch_end(1)
    assert callback.state is state


def test_the_first_epoch_has_not_stopped_early(make_callback):
    callback = make_callback(early_stopping())
    finish_epoch(callback)
    assert callback.state.stopped_early is False


def test_an_early_stop_is_part_of_the_state_of_its_epoch_alone(make_callback):
    stopping = early_stopping()
    callback = make_callback(stopping)
    finish_epoch(callback)
    stopping.stopped_epoch = 1
    finish_epoch(callback)
    assert callback.state.stopped_early is True
    finish_epoch(callback)
    assert callback.state.stopped_early is False


def test_counters_are_plain_numbers(make_callback):
    callback = make_callback(early_stopping(best=np.float32(0.5), wait=2))
    finish_epoch(callback)
    counters = callback.state.counters["EarlyStopping"]
    assert counters == {"best": 0.5, "wait": 2, "stopped_epoch": 0, "best_epoch": 0}
    assert [type(value) for value in counters.values()] == [float, int, int, int]


def test_weights_of_the_last_finished_epoch_are_restored(make_callback):
    callback = make_callback()
    finish_epoch(callback, weight=3.0)
    callback.model.set_weights([np.full_like(array, np.nan) for array in callback.model.get_weights()])
    assert callback.restore_weights() is True
    assert callback.model.get_weights()[0].item() == 3.0


def test_without_a_finished_epoch_there_is_nothing_to_restore(make_callback):
    assert make_callback().restore_weights() is False
    assert make_callback(resumed=TrainingState(0, 0.0, ())).restore_weights() is False


def test_the_best_weights_are_restored_before_the_last(make_callback):
    best = [np.full((1, 1), 7.0, np.float32), np.zeros(1, np.float32)]
    callback = make_callback(early_stopping(best_weights=best))
    finish_epoch(callback, weight=3.0)
    callback.restore_weights()
    assert callback.model.get_weights()[0].item() == 7.0


def test_the_epoch_that_is_kept_is_the_best_one_if_its_weights_are_held_or_the_last(make_callback):
    best = [np.full((1, 1), 7.0, np.float32), np.zeros(1, np.float32)]
    callbacks = [make_callback(early_stopping(best_epoch=0, best_weights=weights)) for weights in (best, None)]
    for callback in callbacks:
        assert callback.kept_epoch is None
        finish_epoch(callback)
        finish_epoch(callback)
    assert [callback.kept_epoch for callback in callbacks] == [1, 2]


def test_without_early_stopping_its_best_weights_are_not_restored(make_callback, state):
    callback = make_callback(resumed=state)
    assert (callback.restore_weights(), callback.kept_epoch) == (True, 1)
    assert callback.model.get_weights()[0].item() == 3.0


def test_averaged_weights_are_restored_as_averages(make_callback):
    callback = make_callback(use_ema=True, ema_momentum=0.5)
    (average, _) = callback.model.optimizer._model_variables_moving_average
    average.assign([[5.0]])
    finish_epoch(callback, weight=3.0)
    callback.restore_weights()
    assert callback.model.get_weights()[0].item() == 5.0


@pytest.fixture
def state(make_callback):
    """Return the state of a training with early stopping after an epoch."""
    callback = make_callback(early_stopping(wait=2, best_weights=[np.ones((1, 1), np.float32), np.ones(1, np.float32)]))
    finish_epoch(callback, weight=3.0)
    return callback.state


def test_a_resume_restores_network_optimizer_counters_and_best_weights(make_callback, state):
    stopping = early_stopping()
    callback = make_callback(stopping, resumed=state)
    callback.on_train_begin()
    assert callback.model.get_weights()[0].item() == 3.0
    assert (stopping.wait, stopping.best_weights[0].item()) == (2, 1.0)


def test_a_resume_without_early_stopping_leaves_its_state_out(make_callback, state):
    callback = make_callback(resumed=state)
    callback.on_train_begin()
    assert callback.model.get_weights()[0].item() == 3.0


def test_a_training_that_has_not_begun_restores_nothing(make_callback):
    callback = make_callback(resumed=TrainingState(0, 0.0, ()))
    before = callback.model.get_weights()[0].item()
    callback.on_train_begin()
    assert callback.model.get_weights()[0].item() == before


def test_a_checkpoint_of_a_different_network_is_refused(make_callback, state):
    callback = make_callback(early_stopping(), resumed=state, units=2)
    with pytest.raises(RunError, match="the checkpoint does not fit the network and optimizer"):
        callback.on_train_begin()


def test_best_weights_of_a_different_network_are_refused(make_callback, state):
    arrays = {**state.arrays, "best-0000": np.ones((1, 2), np.float32)}
    callback = make_callback(early_stopping(), resumed=replace(state, arrays=arrays))
    with pytest.raises(RunError, match="the checkpoint does not fit the network and optimizer"):
        callback.on_train_begin()


def test_a_checkpoint_without_a_counter_is_refused(make_callback, state):
    callback = make_callback(early_stopping(), resumed=replace(state, counters={"EarlyStopping": {"best": 0.5}}))
    with pytest.raises(RunError, match="the checkpoint lacks a counter"):
        callback.on_train_begin()
