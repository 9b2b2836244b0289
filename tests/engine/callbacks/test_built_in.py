"""Keras's built-in callbacks, as a config asks for them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nntrain.config import schema
from nntrain.config.schema.lr_schedules import CosineAnnealing, OneCycle, ReduceLROnPlateau, StepDecay

pytestmark = pytest.mark.tensorflow

# The learning rate in each of four epochs in which the loss does not improve.
RATES = {
    "step_decay": (StepDecay(factor=0.5, every=2), [0.01, 0.01, 0.005, 0.005]),
    "cosine_annealing": (CosineAnnealing(min_lr=0.001), [0.01, 0.00868198, 0.0055, 0.00231802]),
    "one_cycle": (OneCycle(pct_start=0.5), [0.0004, 0.01, 0.00500002, 4e-8]),
    "reduce_lr_on_plateau": (
        ReduceLROnPlateau(monitor="loss", patience=1, factor=0.1),
        [0.01, 0.01, 0.001, 0.0001],
    ),
}


def config_with(schedule=None, early_stopping=None):
    """Return a config of four epochs with a schedule and early stopping."""
    return schema.Config.model_construct(
        optimizer=schema.optimizers.Adam(learning_rate=0.01),
        fit=schema.Fit(epochs=4),
        lr_schedule=schedule,
        early_stopping=early_stopping,
    )


@pytest.mark.parametrize("name", RATES)
def test_a_schedule_sets_its_learning_rates(name):
    import keras

    from nntrain.engine.callbacks.built_in import built_in_callbacks

    schedule, expected = RATES[name]
    (callback,) = built_in_callbacks(config_with(schedule))
    callback.set_model(SimpleNamespace(optimizer=keras.optimizers.SGD(0.01)))
    callback.on_train_begin()
    rates = []
    for epoch in range(4):
        callback.on_epoch_begin(epoch)
        rates.append(float(callback.model.optimizer.learning_rate))
        callback.on_epoch_end(epoch, {"loss": 1.0})
    assert rates == pytest.approx(expected, rel=1e-5)


def test_without_a_schedule_there_is_no_callback():
    from nntrain.engine.callbacks.built_in import built_in_callbacks

    assert built_in_callbacks(config_with()) == []


def test_early_stopping_has_its_arguments_and_comes_after_the_plateau():
    from nntrain.engine.callbacks.built_in import built_in_callbacks

    arguments = {"monitor": "loss", "min_delta": 0.1, "patience": 3, "restore_best_weights": True}
    early_stopping = schema.EarlyStopping(**arguments, baseline=0.5, start_from_epoch=2)
    plateau, stopping = built_in_callbacks(config_with(ReduceLROnPlateau(patience=2), early_stopping))
    assert (type(plateau).__name__, plateau.patience, type(stopping).__name__) == (
        "ReduceLROnPlateau",
        2,
        "EarlyStopping",
    )
    assert {
        name: abs(getattr(stopping, name)) if name == "min_delta" else getattr(stopping, name) for name in arguments
    } == arguments
    assert (stopping.baseline, stopping.start_from_epoch) == (0.5, 2)


def test_a_callback_is_found_by_its_class():
    from nntrain.engine.callbacks.built_in import find_callback

    assert find_callback(["a", 1, 2], int) == 1
    assert find_callback(["a"], int) is None
