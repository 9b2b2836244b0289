"""A training that is stopped and taken up again is the training that was never stopped."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow

# Everything that an epoch leaves behind: moving averages, dropout's dice, moments, both counters, the best weights.
EVERYTHING = """
model:
  - dense: 16
  - batch_normalization
  - activation: relu
  - dropout: 0.3
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.05}}
loss: categorical_crossentropy
fit: {epochs: 9, batch_size: 32}
lr_schedule: {reduce_lr_on_plateau: {patience: 1, min_delta: 0.05}}
early_stopping: {patience: 6, min_delta: 0.02, restore_best_weights: true}
"""
CONVOLUTIONS = EVERYTHING.replace("dense: 16", "conv2d: {filters: 4, kernel_size: 3}\n  - max_pooling2d").replace(
    "dense: {units: 10", "flatten\n  - dense: {units: 10"
)
CASES = {
    "plain": (EVERYTHING, ()),
    "xla": (EVERYTHING, ("runtime.jit_compile=true",)),
    "convolutions": (CONVOLUTIONS, ()),
    "augmentation": (EVERYTHING, ("augmentation={rotation: 10, elastic: {alpha: 4}}",)),
    "schedule": (EVERYTHING, ("lr_schedule={step_decay: {factor: 0.5, every: 2}}", "early_stopping=null")),
    "momentum": (
        EVERYTHING,
        ("optimizer={sgd: {learning_rate: 0.1, momentum: 0.9}}", "optimizer.sgd.use_ema=true", "early_stopping=null"),
    ),
    # Nadam keeps a product of momenta that Keras lists nowhere; accumulated gradients wait within an epoch.
    "nadam": (EVERYTHING, ("optimizer={nadam: {gradient_accumulation_steps: 3}}", "fit.batch_size=20")),
    # Keras puts an optimizer that scales the loss around it.
    "half precision": (EVERYTHING, ("optimizer=nadam", "runtime.dtype_policy=mixed_float16")),
    "one batch": (
        EVERYTHING,
        ("fit.batch_size=1000", "fit.validation_split=0", "lr_schedule=null", "early_stopping=null"),
    ),
    "regression": (
        EVERYTHING.replace("{units: 10, activation: softmax}", "1").replace("categorical_crossentropy", "mse"),
        ("task=regression", "optimizer={rmsprop: {momentum: 0.9, centered: true}}", "early_stopping.patience=3"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_weights_optimizer_counters_and_history_are_those_of_a_run_without_a_stop(learn_in_parts, case):
    text, overrides = CASES[case]
    whole, parts = learn_in_parts(text, overrides, ()), learn_in_parts(text, overrides, (1, 2.5, 5))
    for one, other in zip(whole.network.variables, parts.network.variables, strict=True):
        assert np.array_equal(one, other)
    for one, other in zip(whole.network.optimizer.variables, parts.network.optimizer.variables, strict=True):
        assert np.array_equal(one, other)
    rows = [[(row.epoch, row.learning_rate, row.metrics) for row in run.history_path] for run in (whole, parts)]
    assert rows[0] == rows[1]
    assert whole.keeper.state.counters == parts.keeper.state.counters


def test_a_resume_after_the_last_epoch_keeps_the_best_weights(learn_in_parts):
    whole, parts = learn_in_parts(EVERYTHING, (), ()), learn_in_parts(EVERYTHING, (), (99,))
    assert len(whole.history) < 99
    assert all(np.array_equal(one, other) for one, other in zip(whole.weights, parts.weights, strict=True))


def test_a_checkpoint_of_another_network_is_refused(learn_in_parts):
    from nntrain.errors import RunError

    learn_in_parts(EVERYTHING, ("epochs=1",), ())
    with pytest.raises(RunError, match="the checkpoint is of another network"):
        learn_in_parts(EVERYTHING, ("model.0.dense.units=8",), (), anew=False)
