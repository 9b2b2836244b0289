"""Advice: common recommendations for networks and training. It is shown as hints and never refuses a config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nntrain.config import schema
from nntrain.config.rules import CheckContext, Finding, Rule
from nntrain.config.schema.lr_schedules import PolynomialDecay, StepDecay
from nntrain.config.yaml_tree import KeyPath

USUAL_DROPOUT = (0.2, 0.5)
USUAL_MOMENTUM = (0.9, 0.99)


def hidden_activations(context: CheckContext) -> Iterator[Finding]:
    """Some activation functions are unusual in hidden layers."""
    layers = context.config.model
    for index, layer in enumerate(layers):
        activation = getattr(layer, "activation", None)
        if activation is None or _is_output(layers, index):
            continue
        path: KeyPath = ("model", index, layer.key, "activation")
        if activation.hidden_drawback:
            problem = f"{activation.key} in a hidden layer {activation.hidden_drawback}"
            yield path, f"model.{index}: {problem}; relu is more common"


def _is_output(layers: Sequence[schema.Layer], index: int) -> bool:
    return all(layer.may_follow_output for layer in layers[index + 1 :])


def dropout_rates(context: CheckContext) -> Iterator[Finding]:
    """Common dropout rates are 0.2 to 0.5; 0 switches dropout off."""
    for index, layer in enumerate(context.config.model):
        if isinstance(layer, schema.layers.Dropout) and layer.rate and not _within(layer.rate, USUAL_DROPOUT):
            message = f"a dropout rate of {layer.rate:g} is unusual; 0.2 to 0.5 is common"
            yield ("model", index, layer.key, "rate"), f"model.{index}: {message}"


def momentum_range(context: CheckContext) -> Iterator[Finding]:
    """Common values of momentum are 0.9 to 0.99; 0 switches it off."""
    optimizer = context.config.optimizer
    momentum = getattr(optimizer, "momentum", 0)
    if momentum and not _within(momentum, USUAL_MOMENTUM):
        message = f"a momentum of {momentum:g} is unusual; 0.9 to 0.99 is common"
        yield ("optimizer", optimizer.key, "momentum"), f"optimizer.{optimizer.key}: {message}"


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def normalization_order(context: CheckContext) -> Iterator[Finding]:
    """Batch normalization usually comes between a weighted layer and its activation.

    That it cancels the layer's bias is no reason for a hint: such a bias costs next to nothing.
    """
    layers = context.config.model
    for index in range(1, len(layers)):
        if not isinstance(layers[index], schema.layers.BatchNormalization):
            continue
        before = layers[index - 1]
        activation = getattr(before, "activation", None)
        if before.is_activation or (activation is not None and activation.key != "linear"):
            message = "batch normalization usually comes before the activation, not after it"
            yield ("model", index), f"model.{index}: {message}"


def schedule_acts(context: CheckContext) -> Iterator[Finding]:
    """A step decay, or the cycles of a polynomial decay, have no effect if they begin after the last epoch."""
    schedule, epochs = context.config.lr_schedule, context.config.fit.epochs
    if isinstance(schedule, StepDecay) and schedule.every >= epochs:
        message = f"has no effect: the first step would come after epoch {schedule.every}, and the run has {epochs}"
        yield ("lr_schedule", schedule.key, "every"), f"lr_schedule.step_decay: {message}"
    if isinstance(schedule, PolynomialDecay) and schedule.cycle:
        length = schedule.decay_epochs or epochs
        if length + 1 >= epochs:  # epochs count from 0, and epoch `length` ends the first decay
            message = f"cycle has no effect: the first decay takes {length} epochs, and the run has {epochs}"
            yield ("lr_schedule", schedule.key, "cycle"), f"lr_schedule.polynomial_decay: {message}"


ADVICE: tuple[Rule, ...] = (hidden_activations, dropout_rates, momentum_range, normalization_order, schedule_acts)
