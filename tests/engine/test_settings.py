"""Every setting of the config trains, and none is accepted and ignored."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow

OUTPUT = "  - dense: {units: 10, activation: softmax}\n"
REST = "optimizer: {adam: {learning_rate: 0.01}}\nloss: categorical_crossentropy\nfit: {epochs: 2, batch_size: 32}\n"
IMAGE = "  - conv2d: {filters: 4, kernel_size: 3, strides: 2, activation: relu}\n"

LAYERS = {
    "dense": "  - dense: {units: 8, activation: relu}\n",
    "conv2d": IMAGE + "  - flatten\n",
    "conv2d, same, dilated": "  - conv2d: {filters: 2, kernel_size: 3, padding: same, dilation_rate: 2}\n  - flatten\n",
    "conv2d in groups": IMAGE + "  - conv2d: {filters: 4, kernel_size: 3, groups: 2}\n  - flatten\n",
    "max_pooling2d": IMAGE + "  - max_pooling2d\n  - flatten\n",
    "average_pooling2d": IMAGE + "  - average_pooling2d: {pool_size: [2, 3], strides: 2, padding: same}\n  - flatten\n",
    "global_average_pooling2d": IMAGE + "  - global_average_pooling2d\n",
    "global_max_pooling2d": IMAGE + "  - global_max_pooling2d: {keepdims: true}\n  - flatten\n",
    "dropout": "  - dense: {units: 8, activation: relu}\n  - dropout: 0.3\n",
    "batch_normalization": "  - dense: 8\n  - batch_normalization: {momentum: 0.9}\n  - activation: relu\n",
    "leaky_re_lu": "  - dense: 8\n  - leaky_re_lu: {negative_slope: 0.1}\n",
}


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("xla", ["false", "true"])
def test_every_layer_learns_with_and_without_xla(learn, layers, xla):
    done = learn(f"runtime.jit_compile={xla}", "fit.epochs=3", text="model:\n" + layers + OUTPUT + REST)
    assert done.history[-1].metrics["loss"] < done.history[0].metrics["loss"]


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "gelu", "silu", "selu", "sigmoid", "tanh", "softmax", "linear"])
def test_every_activation_is_the_one_that_is_computed(learn, name):
    done = learn(f"model.0.dense.activation={name}", "fit.epochs=1")
    plain = learn("fit.epochs=1")
    assert done.last("loss") != plain.last("loss")
    assert done.network.layers[2].activation.__name__ == name


INITIALIZERS = [
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "zeros",
    "ones",
    "{constant: {value: 0.1}}",
    "{random_normal: {stddev: 0.1}}",
    "{random_uniform: {minval: 0.0, maxval: 0.1}}",
    "{truncated_normal: {stddev: 0.1}}",
    "{variance_scaling: {scale: 2.0, mode: fan_avg, distribution: uniform}}",
    "orthogonal",
]


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_every_initializer_draws_other_weights(learn, initializer):
    done = learn(f"model.0.dense.kernel_initializer={initializer}", "fit.epochs=1")
    plain = learn("fit.epochs=1")
    assert not np.allclose(done.weights[0], plain.weights[0])


@pytest.mark.parametrize("regularizer", ["l1", "{l2: {l2: 0.1}}", "{l1_l2: {l1: 0.01, l2: 0.01}}"])
@pytest.mark.parametrize("place", ["kernel_regularizer", "activity_regularizer"])
def test_every_regularizer_adds_to_the_training_loss(learn, regularizer, place):
    done = learn(f"model.0.dense.{place}={regularizer}", "fit.epochs=1")
    assert done.last("loss") > learn("fit.epochs=1").last("loss") + 0.01


OPTIMIZERS = {
    "sgd": ["momentum=0.9", "nesterov=true", "weight_decay=0.1", "clipnorm=0.01", "clipvalue=0.001"],
    "adam": ["beta_1=0.5", "beta_2=0.5", "epsilon=0.1", "amsgrad=true", "global_clipnorm=0.01", "use_ema=true"],
    "adamw": ["weight_decay=0.5", "beta_1=0.5"],
    "rmsprop": ["rho=0.5", "momentum=0.5", "epsilon=0.1", "centered=true"],
    "adagrad": ["initial_accumulator_value=1.0", "epsilon=0.1"],
    "nadam": ["beta_1=0.5", "beta_2=0.5", "gradient_accumulation_steps=2"],
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_argument_of_every_optimizer_changes_what_is_learnt(learn, name):
    plain = learn(f"optimizer={name}", "fit.epochs=3").weights[0]
    for argument in OPTIMIZERS[name]:
        also = [f"optimizer.{name}.momentum=0.8"] if "nesterov" in argument else []
        changed = learn(f"optimizer={name}", *also, f"optimizer.{name}.{argument}", "fit.epochs=3").weights[0]
        assert not np.array_equal(changed, plain), argument


def test_an_ema_that_is_written_over_more_often_is_another(learn):
    ema = ["optimizer.adam.use_ema=true", "optimizer.adam.ema_momentum=0.5"]
    rare = learn(*ema).weights[0]
    often = learn(*ema, "optimizer.adam.ema_overwrite_frequency=2").weights[0]
    assert not np.array_equal(rare, often)


def test_the_loss_scale_factor_reaches_the_optimizer(learn):
    assert learn("optimizer.adam.loss_scale_factor=8.0", "fit.epochs=1").network.optimizer.loss_scale_factor == 8.0


@pytest.mark.parametrize(
    ("loss", "metrics"),
    [
        ("mse", "[accuracy, mae, mse, root_mean_squared_error]"),
        ("mae", "[accuracy, categorical_accuracy]"),
        ("{categorical_crossentropy: {label_smoothing: 0.1}}", "[categorical_crossentropy]"),
        ("categorical_crossentropy", "[accuracy, {top_k_categorical_accuracy: {k: 2}}]"),
        ("sparse_categorical_crossentropy", "[accuracy, sparse_categorical_accuracy]"),
        ("sparse_categorical_crossentropy", "[{sparse_top_k_categorical_accuracy: {k: 2}}]"),
        ("sparse_categorical_crossentropy", "[sparse_categorical_crossentropy]"),
    ],
)
def test_every_loss_and_metric_of_a_classification_is_followed(learn, loss, metrics):
    done = learn(f"loss={loss}", f"metrics={metrics}")
    assert done.history[1].metrics["loss"] < done.history[0].metrics["loss"]
    assert sum(name.startswith("val_") for name in done.history[0].metrics) * 2 == len(done.history[0].metrics)


def test_label_smoothing_raises_the_loss(learn):
    smoothed = learn("loss.categorical_crossentropy.label_smoothing=0.3")
    assert smoothed.last("loss") > learn().last("loss") + 0.1


BINARY = """
task: binary
model: [dense: {units: 8, activation: relu}, dense: {units: 1, activation: sigmoid}]
optimizer: {adam: {learning_rate: 0.01}}
loss: binary_crossentropy
metrics: [accuracy, precision, recall, binary_accuracy, binary_crossentropy, mae]
fit: {epochs: 2, batch_size: 32}
"""


def test_a_binary_task_learns_which_labels_count(learn, write_config):
    done = learn("data.positive=[0, 1, 2]", text=BINARY)
    assert set(done.history[0].metrics) >= {"loss", "accuracy", "precision", "recall", "val_binary_accuracy"}
    assert done.last("loss") < done.history[0].metrics["loss"]


def test_a_binary_loss_can_be_smoothed(learn):
    done = learn("data.positive=[0]", "loss.binary_crossentropy.label_smoothing=0.4", text=BINARY)
    assert done.last("loss") > done.last("binary_crossentropy")


@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_a_regression_learns_the_digits_value(learn, loss):
    text = "task: regression\nmodel: [dense: {units: 8, activation: relu}, dense: 1]\noptimizer: adam\nloss: mse\n"
    done = learn(f"loss={loss}", "fit.epochs=3", text=text)
    assert done.last("mae") < done.history[0].metrics["mae"]


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("{step_decay: {factor: 0.5, every: 2}}", [0.01, 0.01, 0.005, 0.005]),
        ("{exponential_decay: {rate: 0.5}}", [0.01, 0.005, 0.0025, 0.00125]),
        ("{cosine_annealing: {min_lr: 0.001}}", [0.01, 0.00868198, 0.0055, 0.00231802]),
        (
            "{reduce_lr_on_plateau: {monitor: loss, patience: 1, min_delta: 100, factor: 0.1}}",
            [0.01, 0.01, 0.001, 1e-4],
        ),
    ],
)
def test_every_schedule_sets_the_rate_that_training_uses(learn, schedule, rates):
    done = learn(f"lr_schedule={schedule}", "fit.epochs=4")
    assert [epoch.learning_rate for epoch in done.history] == pytest.approx(rates, rel=1e-5)


def test_a_drop_of_the_rate_is_explained(learn):
    plateau = "lr_schedule={reduce_lr_on_plateau: {monitor: loss, patience: 2, min_delta: 100, factor: 0.5}}"
    done = learn(plateau, "fit.epochs=3")
    assert done.notes == ["loss has not improved for 2 epochs: learning rate 0.01 -> 0.005"]


def test_early_stopping_stops_restores_the_best_epoch_and_says_so(learn):
    stopping = "early_stopping={monitor: loss, patience: 1, min_delta: 100, restore_best_weights: true}"
    done = learn(stopping, "fit.epochs=9")
    assert len(done.history) == 2
    assert done.notes[0].startswith("stopped early: loss was best in epoch 1 (")
    assert done.notes[0].endswith("has not improved for 1 epochs; the weights of epoch 1 are kept")
    assert np.array_equal(done.weights[0], learn("fit.epochs=1").weights[0])


@pytest.mark.parametrize(
    "kind", ["rotation: 20", "translation: 3", "zoom: 0.2", "shear: 0.2", "stroke: 1", "elastic: {alpha: 8, sigma: 4}"]
)
def test_every_augmentation_changes_training_and_not_validation(learn, kind):
    drawn = learn(f"augmentation={{{kind}}}", "fit.epochs=1", "optimizer=sgd", "optimizer.sgd.learning_rate=1e-9")
    plain = learn("fit.epochs=1", "optimizer=sgd", "optimizer.sgd.learning_rate=1e-9")
    assert drawn.last("loss") != plain.last("loss")
    assert drawn.last("val_loss") == pytest.approx(plain.last("val_loss"), rel=1e-5)


def test_augmentation_without_a_figure_is_none(learn):
    assert np.array_equal(learn("augmentation={}", "fit.epochs=1").weights[0], learn("fit.epochs=1").weights[0])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_computes_in_halves_and_keeps_whole_weights(learn, policy):
    import keras

    try:
        done = learn(f"runtime.dtype_policy={policy}")
        assert done.network.layers[2].compute_dtype == policy.removeprefix("mixed_")
        assert done.network.layers[-1].compute_dtype == "float32"
        assert done.weights[0].dtype == "float32"
        assert done.last("loss") < done.history[0].metrics["loss"]
    finally:
        keras.config.set_dtype_policy("float32")


def test_stratify_validates_on_other_images(learn):
    drawn, last = learn("fit.stratify=true", "fit.epochs=1"), learn("fit.epochs=1")
    assert drawn.last("val_loss") != last.last("val_loss")


def test_the_seed_changes_what_is_learnt_and_the_same_seed_repeats_it(learn_anew):
    first, again, other = learn_anew("seed=1"), learn_anew("seed=1"), learn_anew("seed=2")
    assert np.array_equal(first.weights[0], again.weights[0])
    assert not np.array_equal(first.weights[0], other.weights[0])


def test_batch_size_and_validation_split_mean_what_keras_means(learn):
    done = learn("fit.batch_size=64", "fit.validation_split=0.5", "fit.epochs=1")
    assert int(done.network.optimizer.iterations) == 2  # 125 images: 64 and 61


def test_a_loss_that_is_no_number_stops_training_and_keeps_the_last_good_weights(learn):
    text = "task: regression\nmodel: [dense: 8, dense: 1]\noptimizer: {sgd: {learning_rate: 1e20}}\nloss: mse\n"
    done = learn("fit.epochs=5", text=text)
    assert done.guard.diverged_in == 1
    assert done.keeper.put_back_weights() is False
    assert done.history == []
