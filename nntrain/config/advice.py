"""Advice: common recommendations for networks and training. It is shown as hints and never refuses a config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor

from nntrain.config import schema
from nntrain.config.rules import CheckContext, Finding, Rule
from nntrain.config.schema.lr_schedules import PolynomialDecay, StepDecay
from nntrain.config.yaml_tree import KeyPath
from nntrain.data.catalog import DATASETS
from nntrain.task import IMAGE_SIZE

USUAL_DROPOUT = (0.2, 0.5)
USUAL_MOMENTUM = (0.9, 0.99)
# The highest learning rates that make sense; those that divide by the gradient's size take steps of about this size.
HIGHEST_RATES = {"adam": 0.1, "adamw": 0.1, "adamax": 0.1, "nadam": 0.1, "rmsprop": 0.1, "lion": 0.1, "sgd": 10.0}
LOWEST_RATE = 1e-6
# Layers that change nothing about two dense layers around them being no more than one.
LINEAR_LAYERS = (schema.layers.Dropout, schema.layers.Flatten, schema.layers.Reshape, schema.layers.BatchNormalization)


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


def learning_rate_range(context: CheckContext) -> Iterator[Finding]:
    """A learning rate far above or below the usual ones learns nothing."""
    optimizer = context.config.optimizer
    rate, highest = optimizer.learning_rate, HIGHEST_RATES.get(optimizer.key)
    path: KeyPath = ("optimizer", optimizer.key, "learning_rate")
    usual = f"{schema.Optimizer.members[optimizer.key].model_fields['learning_rate'].default:g} is Keras's default"
    if highest is not None and rate > highest:
        yield path, f"optimizer.{optimizer.key}: a learning rate of {rate:g} is likely to diverge; {usual}"
    if rate < LOWEST_RATE:
        yield path, f"optimizer.{optimizer.key}: a learning rate of {rate:g} learns next to nothing; {usual}"


def dense_layers_have_activations(context: CheckContext) -> Iterator[Finding]:
    """Dense layers without an activation between them compute no more than a single one."""
    linear: int | None = None  # the index of the last dense layer, while only linear layers follow it
    for index, layer in enumerate(context.config.model):
        is_dense = isinstance(layer, schema.layers.Dense)
        if is_dense and linear is not None:
            message = (
                f"no activation between it and model.{index}, so both compute no more than one layer; relu is common"
            )
            yield ("model", linear), f"model.{linear}: {message}"
        if is_dense:
            linear = index if layer.activation is None or layer.activation.key == "linear" else None
        elif not isinstance(layer, LINEAR_LAYERS):
            linear = None


def batches_are_smaller_than_data(context: CheckContext) -> Iterator[Finding]:
    """A batch of all training images makes an epoch a single step."""
    fit, dataset = context.config.fit, DATASETS.get(context.config.data.dataset)
    if dataset is None:
        return
    images = floor(dataset.training_images * (1 - fit.validation_split))
    if fit.batch_size >= images:
        message = f"all {images:,} training images fit into one batch, so an epoch is one step; 32 to 512 is common"
        yield ("fit", "batch_size"), f"fit.batch_size: {message}"


def loss_suits_probabilities(context: CheckContext) -> Iterator[Finding]:
    """The squared and absolute error of probabilities have small gradients where the answer is quite wrong."""
    task, loss = context.config.task, context.config.loss.key
    better = {"classification": "categorical_crossentropy", "binary": "binary_crossentropy"}.get(task)
    if better is not None and loss in ("mse", "mae"):
        yield ("loss",), f"loss: {loss} learns slowly from probabilities; {better} is more common"


def rotation_is_in_degrees(context: CheckContext) -> Iterator[Finding]:
    """A rotation below one degree was probably meant as Keras's fraction of a turn, as was a shift below a pixel."""
    augmentation = context.config.augmentation
    if augmentation is None:
        return
    rotation, translation = augmentation.rotation, augmentation.translation
    if 0 < rotation < 1:
        message = f"{rotation:g} degrees; Keras's {rotation:g} is a fraction of a turn, and {rotation * 360:g} here"
        yield ("augmentation", "rotation"), f"augmentation.rotation: {message}"
    if 0 < translation < 1:
        pixels = translation * IMAGE_SIZE
        message = f"{translation:g} pixels; Keras's {translation:g} is a fraction of the size, and {pixels:g} here"
        yield ("augmentation", "translation"), f"augmentation.translation: {message}"


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


ADVICE: tuple[Rule, ...] = (
    hidden_activations,
    dense_layers_have_activations,
    dropout_rates,
    learning_rate_range,
    momentum_range,
    normalization_order,
    loss_suits_probabilities,
    batches_are_smaller_than_data,
    rotation_is_in_degrees,
    schedule_acts,
)
