"""Pairings that cannot work are errors with their place; the article's advice is a hint and never an error."""

from __future__ import annotations

import pytest

from nntrain.config.loading import load_config
from nntrain.errors import ConfigError

SOFTMAX = "dense: {units: 10, activation: softmax}"


@pytest.fixture
def check(tmp_path):
    """Return a function that checks a config made of parts; gives problems and hints, without the path before them."""

    def checking(*layers, loss="categorical_crossentropy", optimizer="adam", also=""):
        path = tmp_path / "bad.yaml"
        model = "".join(f"  - {layer}\n" for layer in layers or (SOFTMAX,))
        path.write_text(f"model:\n{model}optimizer: {optimizer}\nloss: {loss}\n{also}\n")
        try:
            loaded = load_config(path)
        except ConfigError as error:
            return [str(problem).removeprefix(f"{path}:") for problem in error.problems], []
        return [], [str(hint).removeprefix(f"{path}:") for hint in loaded.hints]

    return checking


CONV = "conv2d: {filters: 4, kernel_size: 3}"


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["dense: 8", CONV, SOFTMAX], "3:5: model.1: conv2d needs an image (height, width, channels), but what reaches it is 8 numbers"),
        (["flatten", "max_pooling2d", SOFTMAX], "3:5: model.1: max_pooling2d needs an image (height, width, channels), but what reaches it is 784 numbers"),
        ([CONV, *["max_pooling2d"] * 5, "flatten", SOFTMAX], "7:5: model.5: max_pooling2d leaves nothing: its window of 2 does not fit into the 1 pixels that reach it"),
        (["conv2d: {filters: 4, kernel_size: 29}", "flatten", SOFTMAX], "2:5: model.0: conv2d leaves nothing: its window of 29 does not fit into the 28 pixels that reach it"),
        (["conv2d: {filters: 4, kernel_size: 3, groups: 2}", "flatten", SOFTMAX], "2:5: model.0: groups: 2 has to divide both the 1 channels that come in and the 4 filters"),
        (["conv2d: {filters: 4, kernel_size: 3, strides: 2, dilation_rate: 2}", "flatten", SOFTMAX], "2:5: model.0: strides and dilation_rate cannot both be above 1"),
        ([CONV, SOFTMAX], "3:5: the network ends in an image of 26x26x10; put `flatten` before its last dense layer, then `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 9, activation: softmax}"], "2:5: the last layer gives 9 numbers, but it takes one for each of the 10 classes: `dense: {units: 10, activation: softmax}`"),
        (["dense: 10"], "2:5: task classification needs probabilities from the last layer: activation softmax, not linear"),
        (["dense: {units: 10, activation: relu}"], "2:36: task classification needs probabilities from the last layer: activation softmax, not relu"),
        ([SOFTMAX, "dropout: 0.2"], "3:5: the network has to end with a dense layer or an activation (softmax)"),
        (["conv2d: {filters: 60000, kernel_size: 1}", "global_max_pooling2d", SOFTMAX], "2:5: model.0: the outputs of a batch of 128 pass 2,000,000,000 numbers here; make the layers or fit.batch_size smaller"),
        (["dense: 1"] * 10_000 + [SOFTMAX], "2:3: model has 10,001 layers; at most 400 work"),
        (["dense: {units: 60000}"] * 3 + [SOFTMAX], "3:5: model.1: the network passes 200,000,000 parameters here; make its layers smaller"),
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
        ("classification", SOFTMAX, "binary_crossentropy", "loss: binary_crossentropy does not suit task classification; categorical_crossentropy, sparse_categorical_crossentropy, mse or mae would"),
        ("regression", "dense: 1", "categorical_crossentropy", "loss: categorical_crossentropy does not suit task regression; mse or mae would"),
        ("regression", SOFTMAX, "mse", "the last layer gives 10 numbers, but it takes 1 for a regression task: `dense: 1`"),
        ("regression", "dense: {units: 1, activation: sigmoid}", "mse", "task regression needs a value of any size from the last layer: activation linear, not sigmoid"),
        ("binary", "dense: {units: 1, activation: sigmoid}", "binary_crossentropy", "task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"),
    ],
)  # fmt: skip
def test_task_output_and_loss_have_to_suit_each_other(check, task, layer, loss, words):
    found, _ = check(layer, loss=loss, also=f"task: {task}")
    assert any(line.endswith(words) for line in found), found


@pytest.mark.parametrize(
    ("positive", "words"),
    [
        ("[10]", "data.positive: label 10 does not exist; there are 0 to 9"),
        ("[7, 7]", "data.positive has a label twice"),
        ("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "data.positive holds every label; then there is nothing to tell apart"),
    ],
)
def test_the_labels_that_count_have_to_make_a_question(check, positive, words):
    also = f"task: binary\ndata: {{positive: {positive}}}"
    assert check("dense: {units: 1, activation: sigmoid}", loss="binary_crossentropy", also=also)[0][0].endswith(words)


def test_labels_that_count_are_for_binary_tasks_only(check):
    assert check(also="data: {positive: [7]}")[0] == [
        "5:18: data.positive is for `task: binary`, not for classification"
    ]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ("[precision]", "metrics.0: precision means nothing for task classification; "),
        ("[accuracy, accuracy]", "metrics.1: accuracy is written twice; keep one"),
        ("[{top_k_categorical_accuracy: {k: 10}}]", "metrics.0: k: 10 of 10 classes is always right"),
        ("[sparse_categorical_accuracy]", "metrics.0: sparse_categorical_accuracy needs whole-number labels, but loss categorical_crossentropy has them one-hot; accuracy fits both"),
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
        f"metrics.0: {metric} needs one-hot labels, but loss sparse_categorical_crossentropy has whole numbers; "
        "accuracy fits both"
    )


PLATEAU = "lr_schedule: {reduce_lr_on_plateau: {patience: 5}}"


@pytest.mark.parametrize(
    ("also", "words"),
    [
        (f"{PLATEAU}\nearly_stopping: {{patience: 5}}", "6:28: early_stopping.patience: 5 has to exceed the plateau's 5, or training stops before the lower rate is tried"),
        (f"{PLATEAU}\nfit: {{validation_split: 0}}", "5:37: lr_schedule.reduce_lr_on_plateau.monitor: nothing computes 'val_loss' while fit.validation_split is 0; give it a share, such as 0.2"),
        ("early_stopping: {patience: 5, monitor: val_acuracy}", "5:40: early_stopping.monitor: nothing computes 'val_acuracy'; did you mean 'val_accuracy'?"),
        ("lr_schedule: {cosine_annealing: {warmup_epochs: 10}}", "5:49: lr_schedule.cosine_annealing.warmup_epochs: 10 leaves none of the 10 epochs"),
        ("lr_schedule: {cosine_annealing: {restarts: 10}}", "5:44: lr_schedule.cosine_annealing.restarts: 10 need more than 10 epochs"),
        ("lr_schedule: {cosine_annealing: {min_lr: 0.1}}", "5:42: lr_schedule.cosine_annealing.min_lr: 0.1 is not below the optimizer's learning_rate of 0.001"),
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
        ("{sgd: {loss_scale_factor: 8}}", "runtime: {dtype_policy: mixed_float16}", "optimizer: loss_scale_factor has nothing to act on under mixed_float16"),
        ("{sgd: {use_ema: true}}", "early_stopping: {patience: 3, restore_best_weights: true}", "optimizer: use_ema and early_stopping.restore_best_weights exclude each other"),
    ],
)  # fmt: skip
def test_an_optimizers_arguments_have_to_agree(check, optimizer, also, words):
    assert words in check(optimizer=optimizer, also=also)[0][0]


@pytest.mark.parametrize(
    ("also", "words"),
    [
        ("early_stopping: {patience: 5, mode: max}", "5:37: early_stopping.mode: val_loss is better the lower it is; leave mode out, or auto"),
        ("early_stopping: {patience: 5, monitor: val_accuracy, mode: min}", "5:60: early_stopping.mode: val_accuracy is better the higher it is; leave mode out, or auto"),
        ("lr_schedule: {reduce_lr_on_plateau: {patience: 5, monitor: loss, mode: max}}", "5:72: lr_schedule.reduce_lr_on_plateau.mode: loss is better the lower it is; leave mode out, or auto"),
    ],
)  # fmt: skip
def test_a_mode_that_waits_for_the_worst_is_refused(check, also, words):
    assert check(also=also)[0] == [words]


@pytest.mark.parametrize("mode", ["auto", "max"])
def test_a_mode_that_suits_its_monitor_passes(check, mode):
    assert check(also=f"early_stopping: {{patience: 5, monitor: val_accuracy, mode: {mode}}}")[0] == []


def test_drawing_by_class_needs_validation_images(check):
    assert check(also="fit: {stratify: true, validation_split: 0}")[0] == [
        "5:17: fit.stratify: there is nothing to draw while fit.validation_split is 0"
    ]


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("dense: {units: 8, use_bias: false, bias_regularizer: l2}", "2:58: model.0: bias_regularizer has nothing to act on with use_bias: false"),
        ("conv2d: {filters: 8, kernel_size: 3, use_bias: false, bias_initializer: ones}", "2:77: model.0: bias_initializer has nothing to act on with use_bias: false"),
        ("batch_normalization: {center: false, beta_initializer: ones}", "2:60: model.0: beta_initializer has nothing to act on with center: false"),
        ("batch_normalization: {scale: false, gamma_regularizer: l1}", "2:60: model.0: gamma_regularizer has nothing to act on with scale: false"),
        ("dense: {units: 8, bias_initializer: orthogonal}", "2:41: model.0: orthogonal is for a kernel; bias_initializer draws one number a channel"),
        ("activation: softmax", "2:17: model.0: softmax over one number is always 1"),
    ],
)  # fmt: skip
def test_a_layers_arguments_have_to_agree(check, layer, words):
    assert check(layer, "flatten", SOFTMAX)[0] == [words]


def test_a_part_that_a_layer_goes_without_may_keep_its_defaults(check):
    assert check("dense: {units: 8, use_bias: false, bias_initializer: zeros}", SOFTMAX)[0] == []


def test_a_name_that_is_no_data_set_is_told_what_there_is(check):
    assert check(also="data: {dataset: digits}")[0] == [
        "5:17: data.dataset: no data set 'digits'; there are mnist, fashion_mnist, mnist_5k (a path has a suffix or a slash)"
    ]
    assert check(also="data: {dataset: ./digits}")[0] == []


def test_a_misspelt_key_hides_no_pairing_that_it_has_no_part_in(check):
    found, _ = check("dense: {units: 10, activation: relu}", also="sead: 3\nepoch: 5")
    assert [line.split(": ")[1] for line in found] == [
        "task classification needs probabilities from the last layer",
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
    assert check(layer)[0][0].endswith("model.0: random_uniform's minval has to be below its maxval")


HINTS = [
    (["dense: {units: 8, activation: softmax}", SOFTMAX], "", "2:35: model.0: softmax in a hidden layer"),
    (["dense: {units: 8, activation: sigmoid}", SOFTMAX], "", "2:35: model.0: sigmoid in a hidden layer lets gradients vanish"),
    (["dense: 8", "activation: tanh", SOFTMAX], "", "3:17: model.1: tanh in a hidden layer lets gradients vanish"),
    (["dropout: 0.1", "flatten", SOFTMAX], "", "2:14: model.0: a dropout rate of 0.1 is unusual; 0.2 to 0.5 is common"),
    (["dropout: 0.6", "flatten", SOFTMAX], "", "2:14: model.0: a dropout rate of 0.6 is unusual; 0.2 to 0.5 is common"),
    (["dense: {units: 8, activation: relu}", "batch_normalization", SOFTMAX], "", "3:5: model.1: batch normalization after the activation"),
    (["dense: 8", "batch_normalization", "activation: relu", SOFTMAX], "", "2:5: model.0: the bias cancels out in the batch normalization after it"),
    (["dense: 8", "batch_normalization: {center: false}", "activation: relu", SOFTMAX], "", "2:5: model.0: the bias cancels out"),
    ([SOFTMAX], "lr_schedule: {step_decay: {every: 10}}", "5:35: lr_schedule.step_decay: a step every 10 epochs never comes in a run of 10"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "also", "words"), HINTS, ids=[words for _, _, words in HINTS])
def test_the_articles_advice_is_a_hint_and_no_error(check, layers, also, words):
    problems, hints = check(*layers, also=also)
    assert problems == []
    assert len(hints) == 1
    assert hints[0].startswith(words)


@pytest.mark.parametrize(("momentum", "count"), [(0.5, 1), (0.995, 1), (0.9, 0), (0.99, 0), (0.0, 0)])
def test_momentum_is_commonly_from_0_9_to_0_99(check, momentum, count):
    assert len(check(optimizer=f"{{sgd: {{momentum: {momentum}}}}}")[1]) == count


def test_the_articles_standard_places_give_no_hint(check):
    layers = ["dense: {units: 8, use_bias: false}", "batch_normalization", "activation: relu", "dropout: 0.5", SOFTMAX]
    assert check(*layers, also="lr_schedule: {step_decay: {every: 9}}") == ([], [])
