"""What no single value shows: pairings that cannot work, and the article's advice.

Each check is a generator over the config, or over what could be read of it: asking a `Partial` for a part that is wrong
raises UnknownError, and the check is passed over, so that pairings are reported beside other mistakes. A finding is the
path it stands at and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from nntrain.config import schema
from nntrain.config.building import Partial, Steps, UnknownError, is_path
from nntrain.config.network import FLAT, IMAGE, Shape, ShapeError, effect, needs_flatten, shape_words
from nntrain.config.words import suggest

Finding = tuple[Steps, str]

# A network of this size is refused before memory is taken: 200 million parameters are 3 GB with Adam's state.
MAX_PARAMETERS = 200_000_000
# So is one whose layers' outputs for a batch take more than 8 GB, which training holds, and again for the gradients.
MAX_OUTPUTS = 2_000_000_000
MOST_IN_A_BATCH = 70_000  # all of MNIST: larger ones are cut down to the data

OUTPUT_ACTIVATIONS = {
    "classification": ("softmax",),
    "binary": ("sigmoid",),
    "regression": ("linear", "relu", "leaky_relu", "elu", "gelu", "silu", "selu"),
}
LOSSES = {
    "classification": ("categorical_crossentropy", "sparse_categorical_crossentropy", "mse", "mae"),
    "binary": ("binary_crossentropy", "mse", "mae"),
    "regression": ("mse", "mae"),
}


@dataclass(frozen=True)
class Subject:
    """What is checked: the config, or a Partial of it, and how many classes its data set has (None: not known)."""

    config: Any
    classes: int | None

    def width(self) -> int | None:
        """Return how many numbers the last layer has to give."""
        return self.classes if self.config.task == "classification" else 1


def find(checks: Iterable[Callable[[Subject], Iterator[Finding]]], subject: Subject) -> list[Finding]:
    """Run checks; what a check found before it met an unreadable part is kept."""
    findings: list[Finding] = []
    for check in checks:
        try:
            for finding in check(subject):
                findings.append(finding)
        except UnknownError:
            continue
    return findings


# --- pairings --------------------------------------------------------------------------------------------------------


def shapes_fit(subject: Subject) -> Iterator[Finding]:
    """Every layer can take what reaches it, and the last gives what the task needs."""
    layers = _whole(subject.config.model)
    shape: Shape = FLAT if needs_flatten(layers) else IMAGE
    parameters = 0
    for index, layer in enumerate(layers):
        try:
            done = effect(layer, shape)
        except ShapeError as error:
            yield ("model", index), f"model.{index}: {error}"
            return
        shape, parameters = done.shape, parameters + done.trainable + done.frozen
        activation = getattr(layer, "activation", None)
        if activation is not None and activation.key == "softmax" and shape[-1] == 1 and index < len(layers) - 1:
            yield ("model", index, layer.key, "activation"), f"model.{index}: softmax over one number is always 1"
        if parameters > MAX_PARAMETERS:
            yield (
                ("model", index),
                f"model.{index}: the network passes {MAX_PARAMETERS:,} parameters here; make its layers smaller",
            )
            return
    width, task = subject.width(), subject.config.task
    if width is not None and shape != (width,):
        yield _last(subject), _wrong_output(shape, width, task)


def outputs_fit_into_memory(subject: Subject) -> Iterator[Finding]:
    """What the layers give for one batch can be held."""
    layers = _whole(subject.config.model)
    batch = min(subject.config.fit.batch_size, MOST_IN_A_BATCH)
    shape, outputs = (FLAT if needs_flatten(layers) else IMAGE), 0
    for index, layer in enumerate(layers):
        try:
            shape = effect(layer, shape).shape
        except ShapeError:
            return
        outputs += prod(shape) * batch
        if outputs > MAX_OUTPUTS:
            yield (
                ("model", index),
                f"model.{index}: the outputs of a batch of {batch:,} pass {MAX_OUTPUTS:,} numbers here; "
                "make the layers or fit.batch_size smaller",
            )
            return


def _wrong_output(shape: Shape, width: int, task: str) -> str:
    activation = {"classification": ", activation: softmax", "binary": ", activation: sigmoid"}.get(task, "")
    wanted = f"dense: {{units: {width}{activation}}}" if activation else f"dense: {width}"
    if len(shape) != 1:
        return f"the network ends in {shape_words(shape)}; put `flatten` before its last dense layer, then `{wanted}`"
    needs = f"one for each of the {width} classes" if task == "classification" else f"1 for a {task} task"
    return f"the last layer gives {shape[0]} numbers, but it takes {needs}: `{wanted}`"


def output_suits_task(subject: Subject) -> Iterator[Finding]:
    """The last layer's activation gives what the task's answer is: probabilities, or a value."""
    task, layers = subject.config.task, subject.config.model
    if not layers or any(layer is None for layer in layers[-2:]):
        return
    index = len(layers) - 1
    while index >= 0 and layers[index].key in ("flatten", "global_average_pooling2d"):
        index -= 1
    allowed = OUTPUT_ACTIVATIONS[task]
    last = layers[index] if index >= 0 else None
    if last is None or last.key not in ("dense", "conv2d", "activation"):
        if task != "regression" or last is None or last.key != "leaky_re_lu":
            yield _last(subject), f"the network has to end with a dense layer or an activation ({allowed[0]})"
        return
    activation = last.activation.key if last.activation else "linear"
    if activation in allowed:
        return
    path = ("model", index, last.key, "activation") if last.activation else ("model", index)
    answer = {"classification": "probabilities", "binary": "a probability", "regression": "a value of any size"}[task]
    yield path, f"task {task} needs {answer} from the last layer: activation {allowed[0]}, not {activation}"


def loss_suits_task(subject: Subject) -> Iterator[Finding]:
    """The loss compares what the task gives."""
    task, loss = subject.config.task, subject.config.loss.key
    if loss not in LOSSES[task]:
        yield ("loss",), f"loss: {loss} does not suit task {task}; {_or(LOSSES[task])} would"


def metrics_suit_task(subject: Subject) -> Iterator[Finding]:
    """Each metric means something for the task, and none is written twice."""
    task, seen = subject.config.task, set()
    for index, metric in enumerate(subject.config.metrics or ()):
        if metric is None:
            continue
        path: Steps = ("metrics", index)
        known = schema.Metric.members[metric.key]
        if task not in known.tasks:  # type: ignore[attr-defined]
            suited = [name for name, member in schema.Metric.members.items() if task in member.tasks]  # type: ignore[attr-defined]
            yield path, f"metrics.{index}: {metric.key} means nothing for task {task}; {_or(suited)} would"
        if metric.key in seen:
            yield path, f"metrics.{index}: {metric.key} is written twice; keep one"
        seen.add(metric.key)
        k = getattr(metric, "k", None) if not isinstance(metric, Partial) else None
        if k is not None and subject.classes is not None and k >= subject.classes:
            yield (*path, metric.key, "k"), f"metrics.{index}: k: {k} of {subject.classes} classes is always right"


ONE_HOT_METRICS = (
    "categorical_accuracy",
    "top_k_categorical_accuracy",
    "categorical_crossentropy",
    "mse",
    "mae",
    "root_mean_squared_error",
)


def metrics_suit_labels(subject: Subject) -> Iterator[Finding]:
    """Keras hands metrics the labels in the form that the loss takes: one-hot, or whole numbers."""
    if subject.config.task != "classification":
        return
    loss = subject.config.loss.key
    sparse = loss == "sparse_categorical_crossentropy"
    for index, metric in enumerate(subject.config.metrics or ()):
        if metric is None:
            continue
        if sparse and metric.key in ONE_HOT_METRICS:
            yield (
                ("metrics", index),
                f"metrics.{index}: {metric.key} needs one-hot labels, but loss {loss} has whole numbers; "
                "accuracy fits both",
            )
        elif not sparse and metric.key.startswith("sparse_"):
            yield (
                ("metrics", index),
                f"metrics.{index}: {metric.key} needs whole-number labels, but loss {loss} has them one-hot; "
                "accuracy fits both",
            )


def dataset_is_known(subject: Subject) -> Iterator[Finding]:
    """A bare name is a data set of ours; anything with a suffix or a slash is a path, looked at when it is read."""
    name = subject.config.data.dataset
    if name not in schema.NAMED_DATASETS and not is_path(name):
        guess = suggest(name, schema.NAMED_DATASETS) or f"; there are {', '.join(schema.NAMED_DATASETS)}"
        yield ("data", "dataset"), f"data.dataset: no data set '{name}'{guess} (a path has a suffix or a slash)"


def validation_is_drawn(subject: Subject) -> Iterator[Finding]:
    """Drawing by class needs something to draw."""
    fit = subject.config.fit
    if fit.stratify and fit.validation_split == 0:
        yield ("fit", "stratify"), "fit.stratify: there is nothing to draw while fit.validation_split is 0"


def positive_suits_task(subject: Subject) -> Iterator[Finding]:
    """A binary task says which labels count as yes; no other task does."""
    task, positive = subject.config.task, subject.config.data.positive
    if task != "binary":
        if positive is not None:
            yield ("data", "positive"), f"data.positive is for `task: binary`, not for {task}"
        return
    if not positive:
        yield ("task",), "task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"
        return
    if len(set(positive)) < len(positive):
        yield ("data", "positive"), "data.positive has a label twice"
    if subject.classes is not None:
        if max(positive) >= subject.classes:
            yield (
                ("data", "positive"),
                f"data.positive: label {max(positive)} does not exist; there are 0 to {subject.classes - 1}",
            )
        elif len(set(positive)) == subject.classes:
            yield ("data", "positive"), "data.positive holds every label; then there is nothing to tell apart"


def _monitored(subject: Subject) -> Iterator[tuple[str, Any]]:
    config = subject.config
    for section in ("lr_schedule", "early_stopping"):
        try:
            part = getattr(config, section)
            if part is not None and (section == "early_stopping" or part.key == "reduce_lr_on_plateau"):
                yield section, part
        except UnknownError:
            continue


def monitors_are_computed(subject: Subject) -> Iterator[Finding]:
    """What is watched exists."""
    config = subject.config
    metrics = config.metrics if config.metrics is not None else schema.usual_metrics(config.task)
    names = ["loss", *(metric.key for metric in metrics if metric is not None)]
    split = config.fit.validation_split
    computed = [*(f"val_{name}" for name in names if split > 0), *names]
    for section, part in _monitored(subject):
        try:
            monitor = part.monitor
        except UnknownError:
            continue
        if monitor in computed:
            continue
        path: Steps = (section, "monitor") if section == "early_stopping" else (section, part.key, "monitor")
        words = f"{'.'.join(map(str, path))}: nothing computes '{monitor}'"
        if monitor.startswith("val_") and split == 0:
            yield path, f"{words} while fit.validation_split is 0; give it a share, such as 0.2"
        elif None not in metrics:
            yield path, f"{words}{suggest(monitor, computed)}; there are {', '.join(computed)}"


def modes_suit_monitors(subject: Subject) -> Iterator[Finding]:
    """Waiting for a loss to grow, or an accuracy to fall, keeps the worst epoch for the best."""
    for section, part in _monitored(subject):
        try:
            monitor, mode = part.monitor, part.mode
        except UnknownError:
            continue
        known = schema.Metric.members.get(monitor.removeprefix("val_"))
        higher = known is not None and known.higher_is_better  # type: ignore[attr-defined]
        if (known is None and monitor not in ("loss", "val_loss")) or mode in ("auto", "max" if higher else "min"):
            continue
        path: Steps = (section, "mode") if section == "early_stopping" else (section, part.key, "mode")
        better = "higher" if higher else "lower"
        yield path, f"{'.'.join(map(str, path))}: {monitor} is better the {better} it is; leave mode out, or auto"


def early_stopping_outlasts_plateau(subject: Subject) -> Iterator[Finding]:
    """Early stopping that is no more patient than the plateau stops before the lower rate is tried."""
    schedule, stopping = subject.config.lr_schedule, subject.config.early_stopping
    if schedule is None or stopping is None or schedule.key != "reduce_lr_on_plateau":
        return
    if stopping.patience <= schedule.patience:
        yield (
            ("early_stopping", "patience"),
            f"early_stopping.patience: {stopping.patience} has to exceed the plateau's {schedule.patience}, "
            "or training stops before the lower rate is tried",
        )


def schedule_fits_run(subject: Subject) -> Iterator[Finding]:
    """The schedule has epochs to act in, and a rate to act on."""
    schedule = subject.config.lr_schedule
    if schedule is None:
        return
    path: Steps = ("lr_schedule", schedule.key)
    name = ".".join(map(str, path))
    if schedule.key in ("cosine_annealing", "reduce_lr_on_plateau"):
        rate, least = subject.config.optimizer.learning_rate, schedule.min_lr
        if least >= rate:
            yield (*path, "min_lr"), f"{name}.min_lr: {least:g} is not below the optimizer's learning_rate of {rate:g}"
    if schedule.key == "cosine_annealing":
        epochs, warmup = subject.config.fit.epochs, schedule.warmup_epochs
        if warmup >= epochs:
            yield (*path, "warmup_epochs"), f"{name}.warmup_epochs: {warmup} leaves none of the {epochs} epochs"
        elif schedule.restarts + 1 > epochs - warmup:
            yield (*path, "restarts"), f"{name}.restarts: {schedule.restarts} need more than {epochs - warmup} epochs"


def optimizer_is_consistent(subject: Subject) -> Iterator[Finding]:
    """Arguments of the optimizer that exclude or need one another."""
    optimizer = subject.config.optimizer
    path: Steps = ("optimizer", optimizer.key)
    clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(optimizer, name) is not None]
    if len(clips) > 1:
        yield (*path, clips[1]), f"optimizer: {' and '.join(clips)} exclude each other; keep one"
    for name, unset in (("ema_momentum", 0.99), ("ema_overwrite_frequency", None)):
        if getattr(optimizer, name) != unset and not optimizer.use_ema:
            yield (*path, name), f"optimizer: {name} needs `use_ema: true`"
    if optimizer.key == "sgd" and optimizer.nesterov and optimizer.momentum == 0:
        yield (*path, "nesterov"), "optimizer.sgd: nesterov needs a momentum, such as 0.9"
    if optimizer.loss_scale_factor is not None and subject.config.runtime.dtype_policy == "mixed_float16":
        yield (
            (*path, "loss_scale_factor"),
            "optimizer: loss_scale_factor has nothing to act on under mixed_float16, which finds its own factor",
        )
    stopping = subject.config.early_stopping
    if optimizer.use_ema and stopping is not None and stopping.restore_best_weights:
        yield (
            (*path, "use_ema"),
            "optimizer: use_ema and early_stopping.restore_best_weights exclude each other: the best epoch's plain "
            "weights would replace the average",
        )


# What each switch of a layer takes away, and the arguments that then have nothing to act on.
SWITCHES = {
    "use_bias": ("bias_initializer", "bias_regularizer"),
    "center": ("beta_initializer", "beta_regularizer"),
    "scale": ("gamma_initializer", "gamma_regularizer"),
}


def arguments_have_an_effect(subject: Subject) -> Iterator[Finding]:
    """No argument is given for a part that the layer goes without."""
    for index, layer in enumerate(subject.config.model):
        if layer is None or isinstance(layer, Partial):
            continue
        fields = type(layer).model_fields
        for switch, names in SWITCHES.items():
            if switch not in fields or getattr(layer, switch):
                continue
            for name in names:
                if getattr(layer, name) != fields[name].default:
                    path: Steps = ("model", index, layer.key, name)
                    yield path, f"model.{index}: {name} has nothing to act on with {switch}: false"


def initializers_are_consistent(subject: Subject) -> Iterator[Finding]:
    """A uniform initializer's range is one, and an orthogonal matrix is drawn for a matrix."""
    for index, layer in enumerate(subject.config.model):
        if layer is None or isinstance(layer, Partial):
            continue
        for name in type(layer).model_fields:
            drawn = getattr(layer, name)
            if isinstance(drawn, schema.RandomUniform) and drawn.minval >= drawn.maxval:
                path: Steps = ("model", index, layer.key, name, "random_uniform", "minval")
                yield path, f"model.{index}: random_uniform's minval has to be below its maxval"
            if isinstance(drawn, schema.Orthogonal) and name != "kernel_initializer":
                yield (
                    ("model", index, layer.key, name),
                    f"model.{index}: orthogonal is for a kernel; {name} draws one number a channel",
                )


PAIRINGS = (
    shapes_fit,
    outputs_fit_into_memory,
    output_suits_task,
    loss_suits_task,
    metrics_suit_task,
    metrics_suit_labels,
    dataset_is_known,
    positive_suits_task,
    validation_is_drawn,
    monitors_are_computed,
    modes_suit_monitors,
    early_stopping_outlasts_plateau,
    schedule_fits_run,
    optimizer_is_consistent,
    arguments_have_an_effect,
    initializers_are_consistent,
)


# --- the article's advice --------------------------------------------------------------------------------------------


def hidden_activations(subject: Subject) -> Iterator[Finding]:
    """Softmax, sigmoid and tanh belong in output layers."""
    layers = subject.config.model
    for index, layer in enumerate(layers):
        activation = getattr(layer, "activation", None)
        if activation is None or _is_output(layers, index):
            continue
        path: Steps = ("model", index, layer.key, "activation")
        if activation.key == "softmax":
            yield path, f"model.{index}: softmax in a hidden layer makes its neurons compete; relu is usual there"
        elif activation.key in ("sigmoid", "tanh"):
            yield path, f"model.{index}: {activation.key} in a hidden layer lets gradients vanish; relu is usual there"


def _is_output(layers: tuple[schema.Layer, ...], index: int) -> bool:
    after = layers[index + 1 :]
    return all(isinstance(layer, schema.Flatten | schema.GlobalAveragePooling2D) for layer in after)


def dropout_rates(subject: Subject) -> Iterator[Finding]:
    """Dropout rates commonly lie from 0.2 to 0.5."""
    for index, layer in enumerate(subject.config.model):
        if isinstance(layer, schema.Dropout) and not 0.2 <= layer.rate <= 0.5:
            yield (
                ("model", index, "dropout", "rate"),
                f"model.{index}: a dropout rate of {layer.rate:g} is unusual; 0.2 to 0.5 is common",
            )


def momentum_range(subject: Subject) -> Iterator[Finding]:
    """Momentum typically lies from 0.9 to 0.99."""
    optimizer = subject.config.optimizer
    if (
        isinstance(optimizer, schema.SGD | schema.RMSprop)
        and optimizer.momentum
        and not 0.9 <= optimizer.momentum <= 0.99
    ):
        yield (
            ("optimizer", optimizer.key, "momentum"),
            f"optimizer.{optimizer.key}: a momentum of {optimizer.momentum:g} is unusual; 0.9 to 0.99 is common",
        )


def normalization_order(subject: Subject) -> Iterator[Finding]:
    """Batch normalization stands between the weighted sum and the activation, and makes the bias needless."""
    layers = subject.config.model
    for index in range(1, len(layers)):
        if not isinstance(layers[index], schema.BatchNormalization):
            continue
        before = layers[index - 1]
        activated = getattr(before, "activation", None)
        if isinstance(before, schema.LeakyReLU) or (activated is not None and activated.key != "linear"):
            yield (
                ("model", index),
                f"model.{index}: batch normalization after the activation; before it is the standard place",
            )
        elif isinstance(before, schema.Weighted) and before.use_bias:
            yield (
                ("model", index - 1),
                f"model.{index - 1}: the bias cancels out in the batch normalization after it; "
                "`use_bias: false` saves it",
            )


def schedule_acts(subject: Subject) -> Iterator[Finding]:
    """A step decay longer than the run never acts; nor does a plateau's patience."""
    schedule, epochs = subject.config.lr_schedule, subject.config.fit.epochs
    if isinstance(schedule, schema.StepDecay) and schedule.every >= epochs:
        yield (
            ("lr_schedule", "step_decay", "every"),
            f"lr_schedule.step_decay: a step every {schedule.every} epochs never comes in a run of {epochs}",
        )


ADVICE = (hidden_activations, dropout_rates, momentum_range, normalization_order, schedule_acts)


def _whole(layers: Iterable[Any]) -> list[schema.Layer]:
    """Return the layers; raises UnknownError where one could not be read, since shapes after it are not known."""
    whole = list(layers)
    if not whole or any(not isinstance(layer, schema.Layer) for layer in whole):
        raise UnknownError
    return whole


def _last(subject: Subject) -> Steps:
    return ("model", len(subject.config.model) - 1)


def _or(words: Iterable[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
