"""Rules across fields: settings that are valid individually but cannot work together.

A rule yields findings: the path of the setting to change, and a message. It also runs on a config that has mistakes:
reading an invalid value raises Unavailable, which ends the rule, while all others still report what they find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Any

from nntrain.config import schema
from nntrain.config.model_summary import iterate_summaries
from nntrain.config.schema import Layer, LayerSummary, Shape, ShapeError, Task
from nntrain.config.suggest import suggest
from nntrain.config.validate import InvalidSection, Unavailable
from nntrain.config.wording import dotted, join_or
from nntrain.config.yaml_tree import KeyPath
from nntrain.data.catalog import DATASETS, is_dataset_path

Finding = tuple[KeyPath, str]

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


@dataclass(frozen=True)
class CheckContext:
    """What rules check."""

    config: Any  # a Config, or an InvalidSection with its valid values
    classes: int | None  # of the data set; None if unknown

    def output_units(self) -> int | None:
        """Return how many outputs the network must have, or None if unknown."""
        return self.classes if self.config.task == "classification" else 1


Rule = Callable[[CheckContext], Iterator[Finding]]


def run_checks(rules: Iterable[Rule], context: CheckContext) -> list[Finding]:
    """Return what the rules find, including what a rule finds before it reads an invalid value."""
    findings: list[Finding] = []
    for rule in rules:
        try:
            for finding in rule(context):
                findings.append(finding)
        except Unavailable:
            continue
    return findings


# --- the network -----------------------------------------------------------------------------------------------------


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
    noun = "unit" if isinstance(last, schema.Dense) else "output"
    actual = f"1 {noun}" if shape[0] == 1 else f"{shape[0]:,} {noun}s"
    needed = f"{units} classes need {units}" if task == "classification" else f"a {task} task needs {units}"
    return f"has {actual}; {needed}: `{correct}`"


def output_suits_task(context: CheckContext) -> Iterator[Finding]:
    """The last layer's activation suits the task: it computes probabilities, or an unbounded value."""
    task, layers = context.config.task, context.config.model
    usual, output = OUTPUTS[task]
    index = _output_index(layers)
    last = layers[index]
    if last.key == "leaky_re_lu" and task == "regression":
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


# The arguments that have no effect if a switch of their layer is off.
SWITCHES = {
    "use_bias": ("bias_initializer", "bias_regularizer"),
    "center": ("beta_initializer", "beta_regularizer"),
    "scale": ("gamma_initializer", "gamma_regularizer"),
}


def arguments_have_an_effect(context: CheckContext) -> Iterator[Finding]:
    """No argument belongs to something that is switched off."""
    for index, layer in _enumerate_valid(context.config.model):
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
    for index, layer in _enumerate_valid(context.config.model):
        for name in type(layer).model_fields:
            value = getattr(layer, name)
            path: KeyPath = ("model", index, layer.key, name)
            if isinstance(value, schema.RandomUniform) and value.minval >= value.maxval:
                message = "random_uniform's minval must be below its maxval"
                yield (*path, value.key, "minval"), f"model.{index}: {message}"
            if isinstance(value, schema.Orthogonal) and name != "kernel_initializer":
                message = f"orthogonal initializes kernels only; {name} has one number per channel"
                yield path, f"model.{index}: {message}"


# --- loss, metrics, data ---------------------------------------------------------------------------------------------


def loss_suits_task(context: CheckContext) -> Iterator[Finding]:
    """The loss suits the task."""
    task, loss = context.config.task, context.config.loss.key
    members = schema.Loss.members
    if task not in members[loss].tasks:
        suitable = [key for key in members if task in members[key].tasks]
        suitable.sort(key=lambda key: len(members[key].tasks))  # the most specific first
        yield ("loss",), f"loss: {loss} does not suit task {task}; use {join_or(suitable)}"


def metrics_suit_task(context: CheckContext) -> Iterator[Finding]:
    """Each metric applies to the task and appears once."""
    task, seen = context.config.task, set()
    members = schema.Metric.members
    for index, metric in _enumerate_named(context.config.metrics or ()):
        path: KeyPath = ("metrics", index)
        if task not in members[metric.key].tasks:
            suitable = [key for key, member in members.items() if task in member.tasks]
            message = f"{metric.key} does not apply to task {task}; choose from {', '.join(suitable)}"
            yield path, f"metrics.{index}: {message}"
        if metric.key in seen:
            yield path, f"metrics.{index}: {metric.key} appears twice; keep one"
        seen.add(metric.key)


def top_k_leaves_classes_out(context: CheckContext) -> Iterator[Finding]:
    """k is less than the number of classes."""
    for index, metric in _enumerate_valid(context.config.metrics or ()):
        k = getattr(metric, "k", None)
        if k is not None and context.classes is not None and k >= context.classes:
            path: KeyPath = ("metrics", index, metric.key, "k")
            yield path, f"metrics.{index}: k: must be below the number of classes ({context.classes}), got {k}"


def metrics_suit_labels(context: CheckContext) -> Iterator[Finding]:
    """Keras passes the labels to metrics in the form that the loss takes: one-hot or integers."""
    if context.config.task != "classification":
        return
    loss = context.config.loss.key
    labels = schema.Loss.members[loss].labels
    names = {"one_hot": "one-hot", "integers": "integer"}
    for index, metric in _enumerate_named(context.config.metrics or ()):
        needed = schema.Metric.members[metric.key].labels
        if needed not in (None, labels):
            message = f"{metric.key} needs {names[needed]} labels, but loss {loss} takes {names[labels]} ones"
            yield ("metrics", index), f"metrics.{index}: {message}; accuracy suits both"


def dataset_is_known(context: CheckContext) -> Iterator[Finding]:
    """The data set is one of the catalog, or a path; a path is not checked until it is read."""
    name = context.config.data.dataset
    if name not in DATASETS and not is_dataset_path(name):
        hint = suggest(name, DATASETS) or f"; choose from {', '.join(DATASETS)}"
        yield ("data", "dataset"), f"data.dataset: no data set '{name}'{hint} (a path has a suffix or a slash)"


def positive_suits_task(context: CheckContext) -> Iterator[Finding]:
    """A binary task, and no other, has labels that count as yes."""
    task, positive = context.config.task, context.config.data.positive
    path: KeyPath = ("data", "positive")
    if task != "binary":
        if positive is not None:
            yield path, f"data.positive is for task binary, not for {task}"
        return
    if not positive:
        yield ("task",), "task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"
        return
    if len(set(positive)) < len(positive):
        yield path, "data.positive: a label appears twice"
    if context.classes is None:
        return
    if max(positive) >= context.classes:
        yield path, f"data.positive: no label {max(positive)}; labels are 0 to {context.classes - 1}"
    elif len(set(positive)) == context.classes:
        yield path, "data.positive: all labels count as yes; leave some out"


# --- training --------------------------------------------------------------------------------------------------------


def stratify_has_images(context: CheckContext) -> Iterator[Finding]:
    """Stratified validation needs validation images."""
    fit = context.config.fit
    if fit.stratify and fit.validation_split == 0:
        yield ("fit", "stratify"), "fit.stratify: no validation images to draw while fit.validation_split is 0"


def _monitoring_sections(context: CheckContext) -> Iterator[tuple[KeyPath, Any]]:
    """Yield the sections that monitor a metric, with their paths."""
    for name in ("lr_schedule", "early_stopping"):
        try:
            section = getattr(context.config, name)
            if name == "early_stopping" and section is not None:
                yield (name,), section
            elif section is not None and section.key == "reduce_lr_on_plateau":
                yield (name, section.key), section
        except Unavailable:
            continue


def monitors_are_computed(context: CheckContext) -> Iterator[Finding]:
    """Monitored metrics are computed."""
    config = context.config
    metrics = config.metrics if config.metrics is not None else schema.default_metrics(config.task)
    split = config.fit.validation_split
    names = ["loss", *(metric.key for _, metric in _enumerate_named(metrics))]
    computed = [*(f"val_{name}" for name in names if split > 0), *names]
    for path, section in _monitoring_sections(context):
        try:
            monitor = section.monitor
        except Unavailable:
            continue
        if monitor in computed:
            continue
        message = f"{dotted((*path, 'monitor'))}: '{monitor}' is not computed"
        if monitor.startswith("val_") and split == 0:
            yield (*path, "monitor"), f"{message} while fit.validation_split is 0; set it, for example to 0.2"
        elif None not in metrics:
            hint = suggest(monitor, computed) or f"; choose from {', '.join(computed)}"
            yield (*path, "monitor"), f"{message}{hint}"


def modes_suit_monitors(context: CheckContext) -> Iterator[Finding]:
    """The mode is not the wrong one for the metric; with it, the worst epoch would count as the best."""
    for path, section in _monitoring_sections(context):
        try:
            monitor, mode = section.monitor, section.mode
        except Unavailable:
            continue
        name = monitor.removeprefix("val_")
        metric = schema.Metric.members.get(name)
        if metric is None and name != "loss":
            continue
        higher = metric is not None and metric.higher_is_better
        if mode not in ("auto", "max" if higher else "min"):
            message = f"{monitor} is better the {'higher' if higher else 'lower'} it is; use auto, or leave mode out"
            yield (*path, "mode"), f"{dotted((*path, 'mode'))}: {message}"


def early_stopping_outlasts_plateau(context: CheckContext) -> Iterator[Finding]:
    """Early stopping is more patient than the plateau schedule; otherwise no lower learning rate is ever tried."""
    schedule, stopping = context.config.lr_schedule, context.config.early_stopping
    if schedule is None or stopping is None or schedule.key != "reduce_lr_on_plateau":
        return
    if stopping.patience <= schedule.patience:
        message = f"must exceed reduce_lr_on_plateau's {schedule.patience}, got {stopping.patience}"
        path = ("early_stopping", "patience")
        yield path, f"{dotted(path)}: {message}; training would stop before the lower learning rate is tried"


def schedule_fits_run(context: CheckContext) -> Iterator[Finding]:
    """The schedule fits into the epochs, and its lowest learning rate is below that of the optimizer."""
    schedule = context.config.lr_schedule
    if schedule is None:
        return
    path: KeyPath = ("lr_schedule", schedule.key)
    if schedule.key in ("cosine_annealing", "reduce_lr_on_plateau"):
        rate, lowest = context.config.optimizer.learning_rate, schedule.min_lr
        if lowest >= rate:
            message = f"must be below the optimizer's learning_rate of {rate:g}, got {lowest:g}"
            yield (*path, "min_lr"), f"{dotted(path)}.min_lr: {message}"
    if schedule.key == "cosine_annealing":
        epochs, warmup = context.config.fit.epochs, schedule.warmup_epochs
        if warmup >= epochs:
            message = f"must be below fit.epochs ({epochs}), got {warmup}"
            yield (*path, "warmup_epochs"), f"{dotted(path)}.warmup_epochs: {message}"
        elif schedule.restarts + 1 > epochs - warmup:
            message = f"must be below the epochs after the warm-up ({epochs - warmup}), got {schedule.restarts}"
            yield (*path, "restarts"), f"{dotted(path)}.restarts: {message}"


def optimizer_is_consistent(context: CheckContext) -> Iterator[Finding]:
    """The optimizer's arguments do not exclude each other, and those that need another one have it."""
    optimizer = context.config.optimizer
    path: KeyPath = ("optimizer", optimizer.key)
    clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(optimizer, name) is not None]
    if len(clips) > 1:
        yield (*path, clips[1]), f"optimizer: {' and '.join(clips)} cannot be combined; keep one"
    for name in ("ema_momentum", "ema_overwrite_frequency"):
        default = schema.Optimizer.model_fields[name].default
        if getattr(optimizer, name) != default and not optimizer.use_ema:
            yield (*path, name), f"optimizer: {name} needs `use_ema: true`"
    if optimizer.key == "sgd" and optimizer.nesterov and optimizer.momentum == 0:
        yield (*path, "nesterov"), "optimizer.sgd: nesterov needs a momentum, such as 0.9"
    if optimizer.loss_scale_factor is not None and context.config.runtime.dtype_policy == "mixed_float16":
        message = "loss_scale_factor has no effect with mixed_float16, which chooses its own factor"
        yield (*path, "loss_scale_factor"), f"optimizer: {message}"
    stopping = context.config.early_stopping
    if optimizer.use_ema and stopping is not None and stopping.restore_best_weights:
        message = (
            "use_ema and early_stopping.restore_best_weights cannot be combined: "
            "the best epoch's weights would replace the average"
        )
        yield (*path, "use_ema"), f"optimizer: {message}"


CROSS_FIELD_RULES: tuple[Rule, ...] = (
    layers_take_their_inputs,
    softmax_has_classes,
    parameters_fit_into_memory,
    outputs_fit_into_memory,
    output_has_the_classes,
    output_suits_task,
    loss_suits_task,
    metrics_suit_task,
    top_k_leaves_classes_out,
    metrics_suit_labels,
    dataset_is_known,
    positive_suits_task,
    stratify_has_images,
    monitors_are_computed,
    modes_suit_monitors,
    early_stopping_outlasts_plateau,
    schedule_fits_run,
    optimizer_is_consistent,
    arguments_have_an_effect,
    initializers_are_consistent,
)


# --- helpers ---------------------------------------------------------------------------------------------------------


def _enumerate_named(components: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the components with a known name, each with its index."""
    return ((index, component) for index, component in enumerate(components) if component is not None)


def _enumerate_valid(components: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the components without mistakes, each with its index."""
    for index, component in _enumerate_named(components):
        if not isinstance(component, InvalidSection):
            yield index, component


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
