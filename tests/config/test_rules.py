"""Settings that cannot work together are errors with their place."""

from __future__ import annotations

import inspect

import pytest

from nntrain.config import rules
from nntrain.config.rules import CROSS_FIELD_RULES, CheckContext, run_checks
from nntrain.config.schema import TASKS, Config
from nntrain.config.validate import Unavailable

SOFTMAX = "dense: {units: 10, activation: softmax}"
SIGMOID = "dense: {units: 1, activation: sigmoid}"
CONV = "conv2d: {filters: 4, kernel_size: 3}"


# --- the network ---


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        (["dense: 8", CONV, SOFTMAX], "3:5: model.1: conv2d needs an image (height, width, channels) but receives 8 numbers; put it before flatten and dense layers"),
        (["flatten", "max_pooling2d", SOFTMAX], "3:5: model.1: max_pooling2d needs an image (height, width, channels) but receives 784 numbers; put it before flatten and dense layers"),
        (["flatten", "global_max_pooling2d", SOFTMAX], "3:5: model.1: global_max_pooling2d needs an image (height, width, channels) but receives 784 numbers; put it before flatten and dense layers"),
        ([CONV, *["max_pooling2d"] * 5, "flatten", SOFTMAX], "7:5: model.5: pool 2 is larger than the 1x1 image left here; make it smaller, or remove a pooling layer above"),
        (["conv2d: {filters: 4, kernel_size: 29}", "flatten", SOFTMAX], "2:5: model.0: kernel 29 is larger than the 28x28 image left here; make it smaller, or remove a pooling layer above"),
        (["conv2d: {filters: 4, kernel_size: [3, 29]}", "flatten", SOFTMAX], "2:5: model.0: kernel 3x29 is larger than the 28x28 image left here; make it smaller, or remove a pooling layer above"),
        (["conv2d: {filters: 4, kernel_size: 15, dilation_rate: 2}", "flatten", SOFTMAX], "2:5: model.0: dilated kernel 29 is larger than the 28x28 image left here; make it smaller, or remove a pooling layer above"),
        (["conv2d: {filters: 4, kernel_size: 3, groups: 2}", "flatten", SOFTMAX], "2:5: model.0: groups: 2 must divide both the 1 input channels and the 4 filters"),
        (["conv2d: {filters: 3, kernel_size: 3}", "conv2d: {filters: 4, kernel_size: 3, groups: 3}", "flatten", SOFTMAX], "3:5: model.1: groups: 3 must divide both the 3 input channels and the 4 filters"),
        (["conv2d: {filters: 4, kernel_size: 3, strides: 2, dilation_rate: 2}", "flatten", SOFTMAX], "2:5: model.0: strides and dilation_rate cannot both be above 1"),
        ([CONV, SOFTMAX], "3:5: model.1: the network ends with an image of 26x26x10; put `flatten` before its last dense layer, then `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 12, activation: softmax}"], "2:5: model.0: has 12 units; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 60000, activation: softmax}"], "2:5: model.0: has 60,000 units; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 1, activation: softmax}"], "2:5: model.0: has 1 unit; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["conv2d: {filters: 9, kernel_size: 28, activation: softmax}", "flatten"], "3:5: model.1: has 9 outputs; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["dense: 10"], "2:5: model.0: task classification needs probabilities from the last layer: softmax, not linear"),
        (["dense: {units: 10, activation: relu}"], "2:36: model.0: task classification needs probabilities from the last layer: softmax, not relu"),
        (["dense: 10", "activation: relu"], "3:17: model.1: task classification needs probabilities from the last layer: softmax, not relu"),
        ([SOFTMAX, "dropout: 0.2"], "3:5: model.1: the network must end with a dense layer or an activation (softmax)"),
        (["dense: 10", "leaky_re_lu"], "3:5: model.1: the network must end with a dense layer or an activation (softmax)"),
        (["conv2d: {filters: 10, kernel_size: 28, activation: softmax}", "global_max_pooling2d"], "3:5: model.1: the network must end with a dense layer or an activation (softmax)"),
        (["conv2d: {filters: 60000, kernel_size: 1}", "global_max_pooling2d", SOFTMAX], "2:5: model.0: the outputs for a batch of 128 exceed 2,000,000,000 numbers here; make the layers or fit.batch_size smaller"),
        (["dense: 1"] * 400 + [SOFTMAX], "2:3: model has 401 layers; at most 400 are allowed"),
        (["dense: {units: 60000}"] * 3 + [SOFTMAX], "3:5: model.1: the network exceeds 200,000,000 parameters here; make its layers smaller"),
        (["flatten", "dense: {units: 1, activation: softmax}", SOFTMAX], "3:35: model.1: softmax over one number is always 1"),
    ],
    ids=str,
)  # fmt: skip
def test_a_network_that_cannot_be_built_is_one_problem_with_its_place(check, layers, problem):
    assert check(*layers)[0] == [problem]


def test_a_network_may_have_400_layers(check):
    assert check(*["dense: 1"] * 399, SOFTMAX)[0] == []


@pytest.mark.parametrize(
    "layers",
    [
        ["dense: 10", "activation: softmax"],
        [CONV, "global_average_pooling2d", SOFTMAX],
        ["conv2d: {filters: 10, kernel_size: 28, activation: softmax}", "global_average_pooling2d", "flatten"],
        ["conv2d: {filters: 4, kernel_size: 14, dilation_rate: 2}", "flatten", SOFTMAX],  # spans 27 pixels
        ["conv2d: {filters: 4, kernel_size: 28}", "flatten", SOFTMAX],
    ],
)
def test_other_networks_with_a_suitable_output_pass(check, layers):
    assert check(*layers)[0] == []


def test_a_network_of_flatten_alone_has_no_output_layer(check):
    assert check("flatten", loss="mse", extra="task: regression")[0] == [
        "2:5: model.0: has 784 outputs; a regression task needs 1: `dense: 1`",
        "2:5: model.0: the network must end with a dense layer or an activation (linear)",
    ]


@pytest.mark.parametrize(
    "layers", [["foo"], ["dense: 10", "foo"], ["foo", "flatten"], ["foo", "global_average_pooling2d", "flatten"]]
)
def test_the_output_is_not_judged_if_the_layer_that_gives_it_is_unknown(check, layers):
    assert [line.partition(": ")[2][:19] for line in check(*layers)[0]] == [
        f"model.{layers.index('foo')}: no layer 'f"[:19]
    ]


def test_the_output_is_judged_if_a_layer_before_it_is_unknown(check):
    assert [line.split(": ")[2] for line in check("foo", "dense: 10")[0]][1] == (
        "task classification needs probabilities from the last layer"
    )


@pytest.mark.parametrize(("parameters", "count"), [(785 * 8 + 9 * 10, 0), (785 * 8 + 9 * 10 - 1, 1)])
def test_parameters_are_summed_over_the_layers(check, monkeypatch, parameters, count):
    monkeypatch.setattr("nntrain.config.rules.MAX_PARAMETERS", parameters)
    assert len(check("dense: 8", SOFTMAX)[0]) == count


@pytest.mark.parametrize(("numbers", "problems"), [(128 * 18, 0), (128 * 18 - 1, 1), (128 * 8 - 1, 1)])
def test_outputs_are_summed_over_the_layers(check, monkeypatch, numbers, problems):
    monkeypatch.setattr("nntrain.config.rules.MAX_OUTPUTS", numbers)
    assert len(check("dense: 8", SOFTMAX)[0]) == problems


def test_a_batch_is_never_larger_than_all_of_mnist(check):
    # 784 x 37 x 70,000 numbers are more than 2,000 million, times 68,000 they are not.
    layers = ["conv2d: {filters: 37, kernel_size: 1}", "global_max_pooling2d", SOFTMAX]
    problems = check(*layers, extra="fit: {batch_size: 1000000}")[0]
    assert problems == [
        "2:5: model.0: the outputs for a batch of 70,000 exceed 2,000,000,000 numbers here; "
        "make the layers or fit.batch_size smaller"
    ]
    assert check(*layers, extra="fit: {batch_size: 68000}")[0] == []


def test_problems_of_shape_output_and_size_come_together(check):
    assert [line.split(": ")[2][:11] for line in check("dense: 60000", "dense: 4000", "dense: 9")[0]] == [
        "the network",
        "has 9 units",
        "task classi",
    ]


# --- tasks ---


@pytest.mark.parametrize(
    ("task", "layer", "loss", "problem"),
    [
        ("classification", SOFTMAX, "binary_crossentropy", "4:7: loss: binary_crossentropy does not suit task classification; use categorical_crossentropy, sparse_categorical_crossentropy, mse or mae"),
        ("regression", "dense: 1", "categorical_crossentropy", "4:7: loss: categorical_crossentropy does not suit task regression; use mse or mae"),
        ("regression", "dense: 10", "mse", "2:5: model.0: has 10 units; a regression task needs 1: `dense: 1`"),
        ("regression", SIGMOID, "mse", "2:35: model.0: task regression needs an unbounded value from the last layer: linear, not sigmoid"),
        ("regression", "dense: {units: 1, activation: tanh}", "mse", "2:35: model.0: task regression needs an unbounded value from the last layer: linear, not tanh"),
        ("binary", SIGMOID, "binary_crossentropy", "5:7: task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"),
        ("binary\ndata: {positive: []}", SIGMOID, "mse", "5:7: task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"),
        ("binary\ndata: {positive: [7]}", SIGMOID, "categorical_crossentropy", "4:7: loss: categorical_crossentropy does not suit task binary; use binary_crossentropy, mse or mae"),
        ("binary\ndata: {positive: [7]}", "dense: {units: 2, activation: sigmoid}", "mse", "2:5: model.0: has 2 units; a binary task needs 1: `dense: {units: 1, activation: sigmoid}`"),
        ("binary\ndata: {positive: [7]}", "dense: 1", "mse", "2:5: model.0: task binary needs a probability from the last layer: sigmoid, not linear"),
        ("binary\ndata: {positive: [10]}", SIGMOID, "mse", "6:18: data.positive: no label 10; labels are 0 to 9"),
        ("binary\ndata: {positive: [7, 7]}", SIGMOID, "mse", "6:18: data.positive: a label appears twice"),
        ("binary\ndata: {positive: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}", SIGMOID, "mse", "6:18: data.positive: all labels count as yes; leave some out"),
        ("classification\ndata: {positive: [7]}", SOFTMAX, "mse", "6:18: data.positive is for task binary, not for classification"),
    ],
)  # fmt: skip
def test_task_output_loss_and_labels_must_suit_each_other(check, task, layer, loss, problem):
    assert check(layer, loss=loss, extra=f"task: {task}")[0] == [problem]


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky_relu", "elu", "gelu", "silu", "selu"])
def test_a_regression_may_end_with_an_activation_without_upper_limit(check, activation):
    layer = f"dense: {{units: 1, activation: {activation}}}"
    assert check(layer, loss="mae", extra="task: regression")[0] == []


def test_a_regression_may_end_with_a_leaky_relu_layer(check):
    assert check("dense: 1", "leaky_re_lu", loss="mse", extra="task: regression")[0] == []


def test_label_9_may_count_as_yes(check):
    assert check(SIGMOID, loss="mse", extra="task: binary\ndata: {positive: [9, 0]}")[0] == []


# --- metrics, data ---

CHOICES = "accuracy, categorical_accuracy, sparse_categorical_accuracy, top_k_categorical_accuracy, sparse_top_k_categorical_accuracy, mse, mae, root_mean_squared_error, categorical_crossentropy, sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        ("[precision]", f"5:11: metrics.0: precision does not apply to task classification; choose from {CHOICES}"),
        ("[accuracy, mse, accuracy]", "5:26: metrics.2: accuracy appears twice; keep one"),
        ("[{top_k_categorical_accuracy: {k: 10}}]", "5:44: metrics.0: k: must be below the number of classes (10), got 10"),
        ("[sparse_categorical_accuracy]", "5:11: metrics.0: sparse_categorical_accuracy needs integer labels, but loss categorical_crossentropy takes one-hot ones; accuracy suits both"),
    ],
)  # fmt: skip
def test_metrics_must_apply_to_the_task_and_its_labels(check, metrics, problem):
    assert check(extra=f"metrics: {metrics}")[0] == [problem]


def test_k_may_be_9_of_10_classes(check):
    assert check(extra="metrics: [{top_k_categorical_accuracy: {k: 9}}]")[0] == []


def test_a_metric_with_a_mistake_hides_nothing_about_the_others(check):
    metrics = "[foo, precision, {top_k_categorical_accuracy: {k: x}}, {top_k_categorical_accuracy: {k: 12}}, mse, mse]"
    assert [line.partition(": ")[2][:60] for line in check(extra=f"metrics: {metrics}")[0]] == [
        "metrics.0: no metric 'foo'; choose from accuracy, categorica",
        "metrics.1: precision does not apply to task classification; ",
        "metrics.2.top_k_categorical_accuracy.k: must be a whole numb",
        "metrics.3: top_k_categorical_accuracy appears twice; keep on",
        "metrics.3: k: must be below the number of classes (10), got ",
        "metrics.5: mse appears twice; keep one",
    ]


@pytest.mark.parametrize(
    "metric",
    [
        *("categorical_accuracy", "top_k_categorical_accuracy", "categorical_crossentropy"),
        *("mse", "mae", "root_mean_squared_error"),
    ],
)
def test_metrics_of_one_hot_labels_need_them(check, metric):
    problems, _ = check(loss="sparse_categorical_crossentropy", extra=f"metrics: [accuracy, {metric}]")
    assert problems == [
        f"5:21: metrics.1: {metric} needs one-hot labels, but loss sparse_categorical_crossentropy takes integer ones; "
        "accuracy suits both"
    ]


@pytest.mark.parametrize("metric", ["mse", "mae", "root_mean_squared_error", "accuracy", "precision", "recall"])
def test_metrics_of_a_binary_task_take_its_labels(check, metric):
    extra = f"task: binary\ndata: {{positive: [1]}}\nmetrics: [{metric}]"
    regression = "task: regression\nmetrics: [mse, mae, root_mean_squared_error]"
    assert check(SIGMOID, loss="binary_crossentropy", extra=extra)[0] == []
    assert check("dense: 1", loss="mse", extra=regression)[0] == []


def test_an_unknown_data_set_is_an_error_that_lists_the_known_ones(check):
    assert check(extra="data: {dataset: digits}")[0] == [
        "5:17: data.dataset: no data set 'digits'; choose from mnist, fashion_mnist, mnist_5k (a path has a suffix or a slash)"
    ]
    assert check(extra="data: {dataset: ./digits}")[0] == []


# --- training ---

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


# --- layers' arguments ---


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        ("dense: {units: 8, use_bias: false, bias_regularizer: l2}", "2:58: model.0: bias_regularizer has no effect with use_bias: false"),
        ("conv2d: {filters: 8, kernel_size: 3, use_bias: false, bias_initializer: ones}", "2:77: model.0: bias_initializer has no effect with use_bias: false"),
        ("batch_normalization: {center: false, beta_initializer: ones}", "2:60: model.0: beta_initializer has no effect with center: false"),
        ("batch_normalization: {center: false, beta_regularizer: l2}", "2:60: model.0: beta_regularizer has no effect with center: false"),
        ("batch_normalization: {scale: false, gamma_initializer: zeros}", "2:60: model.0: gamma_initializer has no effect with scale: false"),
        ("batch_normalization: {scale: false, gamma_regularizer: l1}", "2:60: model.0: gamma_regularizer has no effect with scale: false"),
        ("dense: {units: 8, bias_initializer: orthogonal}", "2:41: model.0: orthogonal initializes kernels only; bias_initializer has one number per channel"),
        ("dense: {units: 8, kernel_initializer: {random_uniform: {minval: 1.0, maxval: 1.0}}}", "2:69: model.0: random_uniform's minval must be below its maxval"),
        ("activation: softmax", "2:17: model.0: softmax over one number is always 1"),
    ],
)  # fmt: skip
def test_a_layers_arguments_must_agree(check, layer, problem):
    assert check(layer, "flatten", SOFTMAX)[0] == [problem]


@pytest.mark.parametrize(
    "layer",
    [
        "dense: {units: 8, use_bias: false, bias_initializer: zeros}",
        "dense: {units: 8, bias_initializer: ones, bias_regularizer: l2}",
        "dense: {units: 8, kernel_initializer: orthogonal}",
        "dense: {units: 8, kernel_initializer: {random_uniform: {minval: 0.0, maxval: 0.1}}}",
    ],
)
def test_a_layers_arguments_that_agree_pass(check, layer):
    assert check(layer, SOFTMAX)[0] == []


def test_layers_after_one_with_a_mistake_are_checked_too(check):
    layers = ["dens: 8", "dropout: 7", "dense: {units: 8, use_bias: false, bias_regularizer: l2}"]
    layers.append("dense: {units: 8, bias_initializer: orthogonal}")
    assert [line.split(": ")[1] for line in check(*layers, SOFTMAX)[0]] == [
        "model.0.dens",
        "model.1.dropout.rate",
        "model.2",
        "model.3",
    ]


# --- together with other mistakes ---


def test_a_misspelt_key_does_not_hide_findings_about_other_keys(check):
    problems, _ = check("dense: {units: 10, activation: relu}", extra="sead: 3\nepoch: 5")
    assert [line.split(": ")[1] for line in problems] == ["model.0", "sead", "epoch"]


def test_a_rule_is_checked_despite_other_mistakes_if_its_values_are_valid(check):
    problems, _ = check(
        "dropout: 7", SOFTMAX, extra=f"{PLATEAU}\nearly_stopping: {{patience: 2, monitr: loss}}\nseed: x"
    )
    assert [line.split(": ")[1] for line in problems] == [
        "model.0.dropout.rate",
        "early_stopping.patience",
        "early_stopping.monitr",
        "seed",
    ]


def test_a_rule_is_not_checked_if_one_of_its_values_is_wrong(check):
    problems, _ = check(extra=f"{PLATEAU}\nearly_stopping: {{patience: x}}")
    assert [line.split(": ")[1] for line in problems] == ["early_stopping.patience"]


def test_a_rule_does_not_assume_the_default_of_a_setting_whose_key_is_misspelt(check):
    assert [line.split(": ")[1] for line in check(extra="tsk: binary\ndata: {positive: [7]}")[0]] == ["tsk"]


def test_findings_of_a_rule_before_it_reads_an_invalid_value_are_kept():
    def rule(context):
        yield ("seed",), "first"
        raise Unavailable

    def other(context):
        yield ("task",), "second"

    assert run_checks([rule, other], CheckContext(None, None)) == [(("seed",), "first"), (("task",), "second")]


@pytest.mark.parametrize("task", TASKS)
def test_outputs_of_an_unknown_number_of_classes_are_not_judged(task):
    context = CheckContext(Config.model_construct(task=task), classes=None)
    assert context.output_units() == (None if task == "classification" else 1)


def test_every_rule_is_listed_once():
    functions = [value for name, value in vars(rules).items() if inspect.isgeneratorfunction(value) and name[0] != "_"]
    assert sorted(CROSS_FIELD_RULES, key=str) == sorted(
        (rule for rule in functions if rule.__module__ == rules.__name__), key=str
    )
