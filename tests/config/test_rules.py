"""Settings that cannot work together are errors with their place."""

from __future__ import annotations

import pytest

SOFTMAX = "dense: {units: 10, activation: softmax}"


CONV = "conv2d: {filters: 4, kernel_size: 3}"


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["dense: 8", CONV, SOFTMAX], "3:5: model.1: conv2d needs an image (height, width, channels) but receives 8 numbers; put it before flatten and dense layers"),
        (["flatten", "max_pooling2d", SOFTMAX], "3:5: model.1: max_pooling2d needs an image (height, width, channels) but receives 784 numbers"),
        ([CONV, *["max_pooling2d"] * 5, "flatten", SOFTMAX], "7:5: model.5: pool 2 is larger than the 1x1 image left here"),
        (["conv2d: {filters: 4, kernel_size: 29}", "flatten", SOFTMAX], "2:5: model.0: kernel 29 is larger than the 28x28 image left here"),
        (["conv2d: {filters: 4, kernel_size: 3, groups: 2}", "flatten", SOFTMAX], "2:5: model.0: groups: 2 must divide both the 1 input channels and the 4 filters"),
        (["conv2d: {filters: 4, kernel_size: 3, strides: 2, dilation_rate: 2}", "flatten", SOFTMAX], "2:5: model.0: strides and dilation_rate cannot both be above 1"),
        ([CONV, SOFTMAX], "3:5: model.1: the network ends with an image of 26x26x10; put `flatten` before its last dense layer, then `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 9, activation: softmax}"], "2:5: model.0: has 9 units; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["dense: 10"], "2:5: model.0: task classification needs probabilities from the last layer: softmax, not linear"),
        (["dense: {units: 10, activation: relu}"], "2:36: model.0: task classification needs probabilities from the last layer: softmax, not relu"),
        ([SOFTMAX, "dropout: 0.2"], "3:5: model.1: the network must end with a dense layer or an activation (softmax)"),
        (["conv2d: {filters: 60000, kernel_size: 1}", "global_max_pooling2d", SOFTMAX], "2:5: model.0: the outputs for a batch of 128 exceed 2,000,000,000 numbers here; make the layers or fit.batch_size smaller"),
        (["dense: 1"] * 10_000 + [SOFTMAX], "2:3: model has 10,001 layers; at most 400 are allowed"),
        (["dense: {units: 60000}"] * 3 + [SOFTMAX], "3:5: model.1: the network exceeds 200,000,000 parameters here; make its layers smaller"),
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_built_is_told_where(check, layers, words):
    assert any(line.startswith(words) for line in check(*layers)[0]), check(*layers)[0]


@pytest.mark.parametrize("layers", [["dense: 10", "activation: softmax"], [CONV, "global_average_pooling2d", SOFTMAX]])
def test_networks_that_end_in_other_right_ways_pass(check, layers):
    assert check(*layers)[0] == []


@pytest.mark.parametrize(
    ("task", "layer", "loss", "words"),
    [
        ("classification", SOFTMAX, "binary_crossentropy", "loss: binary_crossentropy does not suit task classification; use categorical_crossentropy, sparse_categorical_crossentropy, mse or mae"),
        ("regression", "dense: 1", "categorical_crossentropy", "loss: categorical_crossentropy does not suit task regression; use mse or mae"),
        ("regression", SOFTMAX, "mse", "model.0: has 10 units; a regression task needs 1: `dense: 1`"),
        ("regression", "dense: {units: 1, activation: sigmoid}", "mse", "model.0: task regression needs a value of any size from the last layer: linear, not sigmoid"),
        ("binary", "dense: {units: 1, activation: sigmoid}", "binary_crossentropy", "task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"),
    ],
)  # fmt: skip
def test_task_output_and_loss_have_to_suit_each_other(check, task, layer, loss, words):
    found, _ = check(layer, loss=loss, also=f"task: {task}")
    assert any(line.endswith(words) for line in found), found


@pytest.mark.parametrize(
    ("positive", "words"),
    [
        ("[10]", "data.positive: no label 10; labels are 0 to 9"),
        ("[7, 7]", "data.positive: a label appears twice"),
        ("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "data.positive: all labels count as yes; leave some out"),
    ],
)
def test_the_labels_that_count_have_to_make_a_question(check, positive, words):
    also = f"task: binary\ndata: {{positive: {positive}}}"
    assert check("dense: {units: 1, activation: sigmoid}", loss="binary_crossentropy", also=also)[0][0].endswith(words)


def test_labels_that_count_are_for_binary_tasks_only(check):
    assert check(also="data: {positive: [7]}")[0] == ["5:18: data.positive is for task binary, not for classification"]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ("[precision]", "metrics.0: precision has no meaning for task classification; choose from accuracy, "),
        ("[accuracy, accuracy]", "metrics.1: accuracy appears twice; keep one"),
        ("[{top_k_categorical_accuracy: {k: 10}}]", "metrics.0: k: the 10 most probable of 10 classes are always right"),
        ("[sparse_categorical_accuracy]", "metrics.0: sparse_categorical_accuracy needs integer labels, but loss categorical_crossentropy takes one-hot ones; accuracy suits both"),
    ],
)  # fmt: skip
def test_metrics_have_to_mean_something(check, metrics, words):
    assert words in check(also=f"metrics: {metrics}")[0][0]


@pytest.mark.parametrize(
    "metric", ["categorical_accuracy", "mse", "top_k_categorical_accuracy", "categorical_crossentropy"]
)
def test_metrics_of_one_hot_labels_need_them(check, metric):
    found, _ = check(loss="sparse_categorical_crossentropy", also=f"metrics: [{metric}]")
    assert found[0].endswith(
        f"metrics.0: {metric} needs one-hot labels, but loss sparse_categorical_crossentropy takes integer ones; "
        "accuracy suits both"
    )


PLATEAU = "lr_schedule: {reduce_lr_on_plateau: {patience: 5}}"


@pytest.mark.parametrize(
    ("also", "words"),
    [
        (f"{PLATEAU}\nearly_stopping: {{patience: 5}}", "6:28: early_stopping.patience: must exceed reduce_lr_on_plateau's 5, got 5; training would stop before the lower learning rate is tried"),
        (f"{PLATEAU}\nfit: {{validation_split: 0}}", "5:37: lr_schedule.reduce_lr_on_plateau.monitor: nothing computes 'val_loss' while fit.validation_split is 0; set it, for example to 0.2"),
        ("early_stopping: {patience: 5, monitor: val_acuracy}", "5:40: early_stopping.monitor: nothing computes 'val_acuracy'; did you mean 'val_accuracy'?"),
        ("lr_schedule: {cosine_annealing: {warmup_epochs: 10}}", "5:49: lr_schedule.cosine_annealing.warmup_epochs: must be below fit.epochs (10), got 10"),
        ("lr_schedule: {cosine_annealing: {restarts: 10}}", "5:44: lr_schedule.cosine_annealing.restarts: 10 need more than the 10 epochs after the warm-up"),
        ("lr_schedule: {cosine_annealing: {min_lr: 0.1}}", "5:42: lr_schedule.cosine_annealing.min_lr: must be below the optimizer's learning_rate of 0.001, got 0.1"),
    ],
)  # fmt: skip
def test_schedules_and_stopping_have_to_be_able_to_act(check, also, words):
    assert any(line.startswith(words) for line in check(also=also)[0]), check(also=also)[0]


@pytest.mark.parametrize(
    ("optimizer", "also", "words"),
    [
        ("{sgd: {clipnorm: 1.0, clipvalue: 1.0}}", "", "optimizer: clipnorm and clipvalue exclude each other; keep one"),
        ("{sgd: {nesterov: true}}", "", "optimizer.sgd: nesterov needs a momentum, such as 0.9"),
        ("{sgd: {ema_overwrite_frequency: 3}}", "", "optimizer: ema_overwrite_frequency needs `use_ema: true`"),
        ("{sgd: {ema_momentum: 0.5}}", "", "optimizer: ema_momentum needs `use_ema: true`"),
        ("{sgd: {loss_scale_factor: 8}}", "runtime: {dtype_policy: mixed_float16}", "optimizer: loss_scale_factor has no effect under mixed_float16"),
        ("{sgd: {use_ema: true}}", "early_stopping: {patience: 3, restore_best_weights: true}", "optimizer: use_ema and early_stopping.restore_best_weights exclude each other"),
    ],
)  # fmt: skip
def test_an_optimizers_arguments_have_to_agree(check, optimizer, also, words):
    assert words in check(optimizer=optimizer, also=also)[0][0]


@pytest.mark.parametrize(
    ("also", "words"),
    [
        ("early_stopping: {patience: 5, mode: max}", "5:37: early_stopping.mode: val_loss is better the lower it is; use auto, or leave mode out"),
        ("early_stopping: {patience: 5, monitor: val_accuracy, mode: min}", "5:60: early_stopping.mode: val_accuracy is better the higher it is; use auto, or leave mode out"),
        ("lr_schedule: {reduce_lr_on_plateau: {patience: 5, monitor: loss, mode: max}}", "5:72: lr_schedule.reduce_lr_on_plateau.mode: loss is better the lower it is; use auto, or leave mode out"),
    ],
)  # fmt: skip
def test_a_mode_that_waits_for_the_worst_is_refused(check, also, words):
    assert check(also=also)[0] == [words]


@pytest.mark.parametrize("mode", ["auto", "max"])
def test_a_mode_that_suits_its_monitor_passes(check, mode):
    assert check(also=f"early_stopping: {{patience: 5, monitor: val_accuracy, mode: {mode}}}")[0] == []


def test_drawing_by_class_needs_validation_images(check):
    assert check(also="fit: {stratify: true, validation_split: 0}")[0] == [
        "5:17: fit.stratify: no validation images to draw while fit.validation_split is 0"
    ]


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("dense: {units: 8, use_bias: false, bias_regularizer: l2}", "2:58: model.0: bias_regularizer has no effect with use_bias: false"),
        ("conv2d: {filters: 8, kernel_size: 3, use_bias: false, bias_initializer: ones}", "2:77: model.0: bias_initializer has no effect with use_bias: false"),
        ("batch_normalization: {center: false, beta_initializer: ones}", "2:60: model.0: beta_initializer has no effect with center: false"),
        ("batch_normalization: {scale: false, gamma_regularizer: l1}", "2:60: model.0: gamma_regularizer has no effect with scale: false"),
        ("dense: {units: 8, bias_initializer: orthogonal}", "2:41: model.0: orthogonal initializes kernels only; bias_initializer has one number per channel"),
        ("activation: softmax", "2:17: model.0: softmax over one number is always 1"),
    ],
)  # fmt: skip
def test_a_layers_arguments_have_to_agree(check, layer, words):
    assert check(layer, "flatten", SOFTMAX)[0] == [words]


def test_a_part_that_a_layer_goes_without_may_keep_its_defaults(check):
    assert check("dense: {units: 8, use_bias: false, bias_initializer: zeros}", SOFTMAX)[0] == []


def test_a_name_that_is_no_data_set_is_told_what_there_is(check):
    assert check(also="data: {dataset: digits}")[0] == [
        "5:17: data.dataset: no data set 'digits'; choose from mnist, fashion_mnist, mnist_5k (a path has a suffix or a slash)"
    ]
    assert check(also="data: {dataset: ./digits}")[0] == []


def test_a_misspelt_key_hides_no_pairing_that_it_has_no_part_in(check):
    found, _ = check("dense: {units: 10, activation: relu}", also="sead: 3\nepoch: 5")
    assert [line.split(": ")[1] for line in found] == [
        "model.0",
        "sead",
        "epoch",
    ]


def test_a_pairing_is_reported_beside_other_mistakes_where_its_halves_are_right(check):
    found, _ = check("dropout: 7", SOFTMAX, also=f"{PLATEAU}\nearly_stopping: {{patience: 2, monitr: loss}}\nseed: x")
    assert [line.split(": ")[1] for line in found] == [
        "model.0.dropout.rate",
        "early_stopping.patience",
        "early_stopping.monitr",
        "seed",
    ]


def test_a_pairing_is_not_reported_where_a_half_is_wrong(check):
    found, _ = check(also=f"{PLATEAU}\nearly_stopping: {{patience: x}}")
    assert [line.split(": ")[1] for line in found] == ["early_stopping.patience"]


def test_a_uniform_initializer_needs_a_range(check):
    layer = "dense: {units: 10, activation: softmax, kernel_initializer: {random_uniform: {minval: 1.0, maxval: 0.0}}}"
    assert check(layer)[0][0].endswith("model.0: random_uniform's minval must be below its maxval")
