"""Rules for the network: shapes, size, output and arguments of its layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import prod
from typing import Any

from nntrain.config import schema
from nntrain.config.model_summary import iterate_summaries
from nntrain.config.rules.base import CheckContext, Finding, enumerate_valid
from nntrain.config.schema import Layer, LayerSummary, Shape, ShapeError, Task
from nntrain.config.validate import Unavailable
from nntrain.config.wording import dotted
from nntrain.config.yaml_tree import KeyPath

# Larger networks are refused before they take memory. 200 million parameters are 3 GB with their gradients and Adam's
# state; the outputs of all layers for a batch are 8 GB, and their gradients as much again.
MAX_PARAMETERS = 200_000_000
MAX_OUTPUTS = 2_000_000_000
LARGEST_BATCH = 70_000  # all of MNIST; a batch cannot be larger than the data

# The activation that messages suggest for the last layer of a task, and what it computes.
OUTPUTS: dict[Task, tuple[str, str]] = {
    "classification": ("softmax", "probabilities"),
    "binary": ("sigmoid", "a probability"),
    "regression": ("linear", "an unbounded value"),
}


def layers_take_their_inputs(context: CheckContext) -> Iterator[Finding]:
    """Every layer can take the output of the layer before it."""
    summaries, error = _summaries(_valid_layers(context))
    if error:
        yield ("model", len(summaries)), f"model.{len(summaries)}: {error}"


def softmax_has_classes(context: CheckContext) -> Iterator[Finding]:
    """A softmax in a hidden layer is over more than one number."""
    layers = _valid_layers(context)
    for index, summary in enumerate(_summaries(layers)[0][:-1]):
        activation = getattr(layers[index], "activation", None)
        if activation is not None and activation.key == "softmax" and summary.output_shape[-1] == 1:
            path = ("model", index, layers[index].key, "activation")
            yield path, f"model.{index}: softmax over one number is always 1"


def parameters_fit_into_memory(context: CheckContext) -> Iterator[Finding]:
    """The network's parameters and the optimizer's state fit into memory."""
    summaries, _ = _summaries(_valid_layers(context))
    for index, parameters in enumerate(accumulate(summary.parameters for summary in summaries)):
        if parameters > MAX_PARAMETERS:
            message = f"the network exceeds {MAX_PARAMETERS:,} parameters here; make its layers smaller"
            yield ("model", index), f"model.{index}: {message}"
            return


def outputs_fit_into_memory(context: CheckContext) -> Iterator[Finding]:
    """The layers' outputs for a batch fit into memory."""
    batch = min(context.config.fit.batch_size, LARGEST_BATCH)
    summaries, _ = _summaries(_valid_layers(context))
    for index, outputs in enumerate(accumulate(prod(summary.output_shape) * batch for summary in summaries)):
        if outputs > MAX_OUTPUTS:
            message = f"the outputs for a batch of {batch:,} exceed {MAX_OUTPUTS:,} numbers here"
            yield ("model", index), f"model.{index}: {message}; make the layers or fit.batch_size smaller"
            return


def output_has_the_classes(context: CheckContext) -> Iterator[Finding]:
    """The network has one output per class, or a single output for a task other than classification."""
    layers = _valid_layers(context)
    summaries, error = _summaries(layers)
    units = context.output_units()
    if error is None and units is not None and summaries[-1].output_shape != (units,):
        message = _wrong_output(layers[-1], summaries[-1].output_shape, units, context.config.task)
        yield _last(layers), f"{dotted(_last(layers))}: {message}"


def _wrong_output(last: Layer, shape: Shape, units: int, task: Task) -> str:
    activation = OUTPUTS[task][0]
    correct = f"dense: {units}" if activation == "linear" else f"dense: {{units: {units}, activation: {activation}}}"
    if len(shape) != 1:
        return (
            f"the network ends with {schema.describe_shape(shape)}; "
            f"put `flatten` before its last dense layer, then `{correct}`"
        )
    noun = "unit" if isinstance(last, schema.layers.Dense) else "output"
    actual = f"1 {noun}" if shape[0] == 1 else f"{shape[0]:,} {noun}s"
    needed = f"{units} classes need {units}" if task == "classification" else f"a {task} task needs {units}"
    return f"has {actual}; {needed}: `{correct}`"


def output_suits_task(context: CheckContext) -> Iterator[Finding]:
    """The last layer's activation suits the task: it computes probabilities, or an unbounded value."""
    task, layers = context.config.task, context.config.model
    usual, output = OUTPUTS[task]
    index = _output_index(layers)
    last = layers[index]
    if task in Layer.members[last.key].output_tasks:
        return
    if "activation" not in Layer.members[last.key].model_fields:
        path = _last(layers)
        yield path, f"{dotted(path)}: the network must end with a dense layer or an activation ({usual})"
        return
    activation = last.activation.key if last.activation else "linear"
    if task in schema.Activation.members[activation].output_tasks:
        return
    path = ("model", index, last.key, "activation") if last.activation else ("model", index)
    yield path, f"model.{index}: task {task} needs {output} from the last layer: {usual}, not {activation}"


def _output_index(layers: Sequence[Any]) -> int:
    """Return the index of the layer with the output activation; raises Unavailable if its name is unknown."""
    index = len(layers) - 1
    while index > 0 and layers[index] is not None and Layer.members[layers[index].key].may_follow_output:
        index -= 1
    if layers[index] is None:
        raise Unavailable("model")
    return index


# The initializers of weights that have one number per channel; all others initialize kernels.
VECTOR_INITIALIZERS = (
    "bias_initializer",
    "beta_initializer",
    "gamma_initializer",
    "moving_mean_initializer",
    "moving_variance_initializer",
)
# The arguments that have no effect if a switch of their layer is off.
SWITCHES = {
    "use_bias": ("bias_initializer", "bias_regularizer"),
    "center": ("beta_initializer", "beta_regularizer"),
    "scale": ("gamma_initializer", "gamma_regularizer"),
}


def arguments_have_an_effect(context: CheckContext) -> Iterator[Finding]:
    """No argument belongs to something that is switched off."""
    for index, layer in enumerate_valid(context.config.model):
        fields = type(layer).model_fields
        for switch, names in SWITCHES.items():
            if switch not in fields or getattr(layer, switch):
                continue
            for name in names:
                if getattr(layer, name) != fields[name].default:
                    path = ("model", index, layer.key, name)
                    yield path, f"model.{index}: {name} has no effect with {switch}: false"


def initializers_are_consistent(context: CheckContext) -> Iterator[Finding]:
    """A uniform initializer's range is not empty, and an orthogonal matrix initializes a kernel."""
    for index, layer in enumerate_valid(context.config.model):
        for name in type(layer).model_fields:
            value = getattr(layer, name)
            path: KeyPath = ("model", index, layer.key, name)
            if isinstance(value, schema.initializers.RandomUniform) and value.minval >= value.maxval:
                message = "random_uniform's minval must be below its maxval"
                yield (*path, value.key, "minval"), f"model.{index}: {message}"
            if isinstance(value, schema.initializers.Orthogonal) and name in VECTOR_INITIALIZERS:
                message = f"orthogonal initializes kernels only; {name} has one number per channel"
                yield path, f"model.{index}: {message}"


def _valid_layers(context: CheckContext) -> list[Layer]:
    """Return all layers; raises Unavailable if one has a mistake, because the shapes after it are unknown."""
    layers = list(context.config.model)
    if not all(isinstance(layer, Layer) for layer in layers):
        raise Unavailable("model")
    return layers


def _summaries(layers: list[Layer]) -> tuple[list[LayerSummary], ShapeError | None]:
    """Return the summaries of the layers before the first that cannot take its input, and that layer's error."""
    summaries: list[LayerSummary] = []
    try:
        for _, summary in iterate_summaries(layers):
            summaries.append(summary)
    except ShapeError as error:
        return summaries, error
    return summaries, None


def _last(layers: Sequence[object]) -> KeyPath:
    return ("model", len(layers) - 1)
