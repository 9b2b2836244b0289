"""Rules for training: what is monitored, learning-rate schedule, early stopping and optimizer."""

from __future__ import annotations

import pytest

PLATEAU = "lr_schedule: {reduce_lr_on_plateau: {patience: 5}}"


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        (f"{PLATEAU}\nearly_stopping: {{patience: 5}}", "6:28: early_stopping.patience: must exceed reduce_lr_on_plateau's 5, got 5; training would stop before the lower learning rate is tried"),
        (f"{PLATEAU}\nfit: {{validation_split: 0}}", "5:37: lr_schedule.reduce_lr_on_plateau.monitor: 'val_loss' is not computed while fit.validation_split is 0; set it, for example to 0.2"),
        ("lr_schedule: {reduce_lr_on_plateau: {patience: 5, monitor: val_los}}\nfit: {validation_split: 0}", "5:60: lr_schedule.reduce_lr_on_plateau.monitor: 'val_los' is not computed while fit.validation_split is 0; set it, for example to 0.2"),
        ("early_stopping: {patience: 5, monitor: val_acuracy}", "5:40: early_stopping.monitor: 'val_acuracy' is not computed; did you mean 'val_accuracy'?"),
        ("early_stopping: {patience: 5, monitor: xyz}", "5:40: early_stopping.monitor: 'xyz' is not computed; choose from val_loss, val_accuracy, loss, accuracy"),
        ("early_stopping: {patience: 5, monitor: xyz}\nfit: {validation_split: 0}", "5:40: early_stopping.monitor: 'xyz' is not computed; choose from loss, accuracy"),
        ("lr_schedule: {cosine_annealing: {warmup_epochs: 10}}", "5:49: lr_schedule.cosine_annealing.warmup_epochs: must be below fit.epochs (10), got 10"),
        ("lr_schedule: {cosine_annealing: {restarts: 10}}", "5:44: lr_schedule.cosine_annealing.restarts: must be below the epochs after the warm-up (10), got 10"),
        ("lr_schedule: {cosine_annealing: {warmup_epochs: 8, restarts: 2}}", "5:62: lr_schedule.cosine_annealing.restarts: must be below the epochs after the warm-up (2), got 2"),
        ("lr_schedule: {cosine_annealing: {min_lr: 0.1}}", "5:42: lr_schedule.cosine_annealing.min_lr: must be below the optimizer's learning_rate of 0.001, got 0.1"),
        ("lr_schedule: {reduce_lr_on_plateau: {patience: 5, min_lr: 0.001}}", "5:59: lr_schedule.reduce_lr_on_plateau.min_lr: must be below the optimizer's learning_rate of 0.001, got 0.001"),
        ("lr_schedule: {polynomial_decay: {end_learning_rate: 0.001}}", "5:53: lr_schedule.polynomial_decay.end_learning_rate: must be below the optimizer's learning_rate of 0.001, got 0.001"),
        ("lr_schedule: one_cycle\nfit: {epochs: 3}", "5:14: lr_schedule.one_cycle.pct_start: 0.3 of 3 epochs is not more than one epoch, so the learning rate never rises; raise fit.epochs or pct_start"),
        ("lr_schedule: {one_cycle: {pct_start: 0.1}}", "5:38: lr_schedule.one_cycle.pct_start: 0.1 of 10 epochs is not more than one epoch, so the learning rate never rises; raise fit.epochs or pct_start"),
        ("fit: {stratify: true, validation_split: 0}", "5:17: fit.stratify: no validation images to draw while fit.validation_split is 0"),
    ],
)  # fmt: skip
def test_schedules_stopping_and_validation_must_be_able_to_act(check, extra, problem):
    assert check(extra=extra)[0] == [problem]


@pytest.mark.parametrize(
    "extra",
    [
        f"{PLATEAU}\nearly_stopping: {{patience: 6}}",
        "lr_schedule: step_decay\nearly_stopping: {patience: 0}",
        "lr_schedule: {cosine_annealing: {warmup_epochs: 9}}",
        "lr_schedule: {cosine_annealing: {warmup_epochs: 8, restarts: 1}}",
        "lr_schedule: {cosine_annealing: {min_lr: 0.0009}}",
        "lr_schedule: {polynomial_decay: {end_learning_rate: 0.0009}}",
        "lr_schedule: {one_cycle: {pct_start: 0.11}}",
        "fit: {stratify: true, validation_split: 0.1}",
        "metrics: [mse]\nearly_stopping: {patience: 5, monitor: val_mse}",
        "fit: {validation_split: 0}\nearly_stopping: {patience: 5, monitor: accuracy}",
    ],
)
def test_schedules_stopping_and_validation_that_act_pass(check, extra):
    assert check(extra=extra)[0] == []


def test_a_monitored_metric_is_not_reported_if_it_may_be_a_misspelt_one(check):
    problems, _ = check(extra="metrics: [acuracy]\nearly_stopping: {patience: 5, monitor: val_accuracy}")
    assert problems == ["5:11: metrics.0: no metric 'acuracy'; did you mean 'accuracy'?"]


def test_a_schedule_with_a_mistake_does_not_hide_what_early_stopping_monitors(check):
    for monitor in ("x", "5"):
        extra = f"lr_schedule: {{reduce_lr_on_plateau: {{monitor: {monitor}, patience: x}}}}\nearly_stopping: {{patience: 5, monitor: xyz}}"
        assert check(extra=extra)[0][-1].startswith("6:40: early_stopping.monitor: 'xyz' is not computed")
    extra = "lr_schedule: foo\nearly_stopping: {patience: 5, monitor: val_loss, mode: max}"
    assert check(extra=extra)[0][-1].startswith("6:56: early_stopping.mode: val_loss is better the lower")
    extra = "lr_schedule: {reduce_lr_on_plateau: {mode: x, patience: 3}}\nearly_stopping: {patience: 5, mode: max}"
    assert check(extra=extra)[0][-1].startswith("6:37: early_stopping.mode: val_loss is better the lower")


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ("early_stopping: {patience: 5, mode: max}", "5:37: early_stopping.mode: val_loss is better the lower it is; use auto, or leave mode out"),
        ("early_stopping: {patience: 5, monitor: val_accuracy, mode: min}", "5:60: early_stopping.mode: val_accuracy is better the higher it is; use auto, or leave mode out"),
        ("metrics: [mae]\nearly_stopping: {patience: 5, monitor: mae, mode: max}", "6:51: early_stopping.mode: mae is better the lower it is; use auto, or leave mode out"),
        ("lr_schedule: {reduce_lr_on_plateau: {patience: 5, monitor: loss, mode: max}}", "5:72: lr_schedule.reduce_lr_on_plateau.mode: loss is better the lower it is; use auto, or leave mode out"),
    ],
)  # fmt: skip
def test_a_mode_that_does_not_suit_its_monitor_is_refused(check, extra, problem):
    assert check(extra=extra)[0] == [problem]


@pytest.mark.parametrize(("monitor", "mode"), [("val_accuracy", "auto"), ("val_accuracy", "max"), ("loss", "min")])
def test_a_mode_that_suits_its_monitor_passes(check, monitor, mode):
    assert check(extra=f"early_stopping: {{patience: 5, monitor: {monitor}, mode: {mode}}}")[0] == []


def test_the_mode_of_an_unknown_monitor_is_not_judged(check):
    problems, _ = check(extra="early_stopping: {patience: 5, monitor: val_xyz, mode: max}")
    assert [line.split(": ")[1] for line in problems] == ["early_stopping.monitor"]


@pytest.mark.parametrize(
    ("optimizer", "extra", "problem"),
    [
        ("{sgd: {clipnorm: 1.0, clipvalue: 1.0}}", "", "3:45: optimizer: clipnorm and clipvalue cannot be combined; keep one"),
        ("{sgd: {global_clipnorm: 1.0, clipvalue: 1.0}}", "", "3:36: optimizer: clipvalue and global_clipnorm cannot be combined; keep one"),
        ("{sgd: {nesterov: true}}", "", "3:29: optimizer.sgd: nesterov needs a momentum, such as 0.9"),
        ("{sgd: {ema_overwrite_frequency: 3}}", "", "3:44: optimizer: ema_overwrite_frequency needs `use_ema: true`"),
        ("{sgd: {ema_momentum: 0.5}}", "", "3:33: optimizer: ema_momentum needs `use_ema: true`"),
        ("{sgd: {loss_scale_factor: 8}}", "runtime: {dtype_policy: mixed_float16}", "3:38: optimizer: loss_scale_factor has no effect with mixed_float16, which chooses its own factor"),
        ("{sgd: {use_ema: true}}", "early_stopping: {patience: 3, restore_best_weights: true}", "3:28: optimizer: use_ema and early_stopping.restore_best_weights cannot be combined: the best epoch's weights would replace the average"),
    ],
)  # fmt: skip
def test_an_optimizers_arguments_must_agree(check, optimizer, extra, problem):
    assert check(optimizer=optimizer, extra=extra)[0] == [problem]


@pytest.mark.parametrize(
    ("optimizer", "extra"),
    [
        ("{sgd: {clipnorm: 1.0}}", ""),
        ("{sgd: {nesterov: true, momentum: 0.9}}", ""),
        ("{sgd: {use_ema: true, ema_momentum: 0.5, ema_overwrite_frequency: 3}}", "early_stopping: {patience: 3}"),
        ("{sgd: {use_ema: true}}", ""),
        ("{sgd: {loss_scale_factor: 8}}", "runtime: {dtype_policy: mixed_bfloat16}"),
        ("adam", "early_stopping: {patience: 3, restore_best_weights: true}"),
    ],
)
def test_an_optimizers_arguments_that_agree_pass(check, optimizer, extra):
    assert check(optimizer=optimizer, extra=extra)[0] == []
