"""Rules for training: what is monitored, learning-rate schedule, early stopping and optimizer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nntrain.config import schema
from nntrain.config.rules.base import CheckContext, Finding, enumerate_named
from nntrain.config.suggest import suggest
from nntrain.config.validate import Unavailable
from nntrain.config.wording import dotted
from nntrain.config.yaml_tree import KeyPath

LOWEST_RATES = {"min_lr", "end_learning_rate"}  # the names of schedules' lowest learning rates


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
    names = ["loss", *(metric.key for _, metric in enumerate_named(metrics))]
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
            likely = _accuracy_meant(monitor, computed) or suggest(monitor, computed)
            hint = likely or f"; choose from {', '.join(computed)}"
            yield (*path, "monitor"), f"{message}{hint}"


def _accuracy_meant(monitor: str, computed: list[str]) -> str:
    """Return which accuracy `val_acc` or `val_accuracy` means if one or none is computed, as the end of a message."""
    prefix = "val_" if monitor.startswith("val_") else ""
    if monitor.removeprefix(prefix) not in ("acc", "accuracy"):
        return ""
    accuracies = [name for name in computed if name.startswith("val_") == bool(prefix) and name.endswith("accuracy")]
    if not accuracies:
        return f"; choose from {', '.join(computed)}, or add accuracy to metrics"
    return f"; did you mean '{accuracies[0]}'?" if len(accuracies) == 1 else ""


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


def lowest_rate_is_below_optimizers(context: CheckContext) -> Iterator[Finding]:
    """A schedule's lowest learning rate is below that of the optimizer."""
    schedule = context.config.lr_schedule
    if schedule is None:
        return
    for name in LOWEST_RATES & schema.LearningRateSchedule.members[schedule.key].model_fields.keys():
        rate, lowest = context.config.optimizer.learning_rate, getattr(schedule, name)
        if lowest >= rate:
            path: KeyPath = ("lr_schedule", schedule.key, name)
            yield path, f"{dotted(path)}: must be below the optimizer's learning_rate of {rate:g}, got {lowest:g}"


def schedule_fits_run(context: CheckContext) -> Iterator[Finding]:
    """The phases of a schedule fit into the epochs."""
    schedule = context.config.lr_schedule
    if schedule is None:
        return
    path: KeyPath = ("lr_schedule", schedule.key)
    epochs = context.config.fit.epochs
    if schedule.key == "cosine_annealing":
        warmup = schedule.warmup_epochs
        if warmup >= epochs:
            message = f"must be below fit.epochs ({epochs}), got {warmup}"
            yield (*path, "warmup_epochs"), f"{dotted(path)}.warmup_epochs: {message}"
        elif schedule.restarts + 1 > epochs - warmup:
            message = f"must be below the epochs after the warm-up ({epochs - warmup}), got {schedule.restarts}"
            yield (*path, "restarts"), f"{dotted(path)}.restarts: {message}"
    if schedule.key == "one_cycle" and schedule.pct_start * epochs <= 1:
        message = (
            f"{schedule.pct_start:g} of {epochs} epochs is not more than one epoch, so the learning rate never rises"
        )
        yield (*path, "pct_start"), f"{dotted(path)}.pct_start: {message}; raise fit.epochs or pct_start"


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
