"""The fast training step trains as Keras's own does, however batches are grouped into chunks."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.config import schema
from nntrain.inference.scoring import score

pytestmark = pytest.mark.tensorflow

OUTPUT = "dense: {units: 10, activation: softmax}"
# Together they hold every layer.
DENSE_LAYERS = f"[dense: 16, batch_normalization, activation: relu, dropout: 0.1, dense: 8, leaky_re_lu, {OUTPUT}]"
CONVOLUTIONAL_LAYERS = (
    "[conv2d: {filters: 4, kernel_size: 3, padding: same, dilation_rate: 2, activation: relu}, max_pooling2d, "
    "conv2d: {filters: 8, kernel_size: 3, strides: 2, groups: 2}, batch_normalization, "
    "average_pooling2d: {pool_size: [2, 3], strides: 1, padding: same}, global_max_pooling2d: {keepdims: true}, "
    f"conv2d: {{filters: 8, kernel_size: 1}}, global_average_pooling2d: {{keepdims: true}}, flatten, {OUTPUT}]"
)
UNCHANGED = "optimizer={sgd: {learning_rate: 1.0e-30}}"  # no step changes a weight


def assert_equal(arrays, others):
    """Check that two lists of arrays are equal bit for bit."""
    for array, other in zip(arrays, others, strict=True):
        assert np.array_equal(array, other)


@pytest.fixture(scope="module", params=["false", "true"], ids=["graph", "xla"])
def by_chunk_size(request, train_anew):
    """Return a training with all batches in a chunk, one with a batch per chunk, and the steps that the latter traced.

    With a remainder in training and, by an evaluation batch of 8, in validation.
    """
    from nntrain.engine.chunked_model import ChunkedSequential

    traced, overrides = (
        [],
        (f"model={DENSE_LAYERS}", f"runtime.jit_compile={request.param}", "fit.epochs=3", "fit.batch_size=32"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nntrain.engine.train.EVALUATION_BATCH_SIZE", 8)
        together = train_anew(*overrides)
        patch.setattr("nntrain.engine.inputs.CHUNK_SECONDS", 1e-9)
        for step in ("train_step", "test_step"):
            real = getattr(ChunkedSequential, step)
            patch.setattr(
                ChunkedSequential,
                step,
                lambda self, chunk, real=real, step=step: traced.append(step) or real(self, chunk),
            )
        return together, train_anew(*overrides), traced


def test_weights_do_not_depend_on_the_chunk_size(by_chunk_size):
    together, singly, _ = by_chunk_size
    assert_equal(together.weights, singly.weights)


def test_loss_and_metrics_do_not_depend_on_the_chunk_size(by_chunk_size):
    together, singly, _ = by_chunk_size
    for epoch, expected in zip(singly.history, together.history, strict=True):
        assert epoch.metrics == pytest.approx(expected.metrics, rel=1e-6)


def test_each_step_is_traced_once(by_chunk_size):
    assert by_chunk_size[2] == ["train_step", "test_step"]


def test_chunks_of_no_batches_compile_both_steps_and_change_nothing(by_chunk_size):
    network = by_chunk_size[0].network
    variables = [*network.variables, *network.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    train_data, validation_data = (network.device_data.with_images(chunks_of(count).dataset()) for count in (200, 50))
    network.compile_steps(train_data, validation_data)
    network.compile_steps(train_data, None)
    assert_equal(before, [variable.numpy() for variable in variables])


def chunks_of(count, *, seed=None):
    """Return chunks of 32 images per batch, whose images are not looked at."""
    from nntrain.engine.inputs import BatchChunks, Subset

    subset = Subset(np.zeros((250, 28, 28), np.uint8), np.zeros(250), np.arange(count, dtype=np.int32))
    return BatchChunks(subset, batch_size=32, seed=seed)


OPTIMIZERS = [
    *schema.Optimizer.members,
    "{sgd: {momentum: 0.9, nesterov: true}}",
    "{adam: {gradient_accumulation_steps: 3}}",
    "{nadam: {use_ema: true, ema_momentum: 0.5, ema_overwrite_frequency: 2}}",
]


@pytest.mark.parametrize(
    ("optimizer", "batch_size"), [*((optimizer, 50) for optimizer in OPTIMIZERS), ("adam", 64)], ids=str
)
def test_weights_are_those_of_kerass_own_training(train, optimizer, batch_size, tiny):
    import keras

    from nntrain.engine.build import build_network

    ours = train(f"optimizer={optimizer}", f"fit.batch_size={batch_size}", "fit.validation_split=0")
    network, used = build_network(ours.setup.config), ours.network.optimizer
    network.set_weights(ours.initial_weights)
    keras_own = getattr(keras.optimizers, type(used).__name__).from_config(used.get_config())
    network.compile(optimizer=keras_own, loss="categorical_crossentropy", run_eagerly=True)
    one_hot = keras.utils.to_categorical(tiny.y_train, 10)
    for epoch in range(2):
        order = np.random.Generator(np.random.Philox(key=[42, epoch])).permutation(250)
        for batch in np.split(order, range(batch_size, 250, batch_size)):
            network.train_on_batch(tiny.x_train[batch], one_hot[batch])
    keras_own.finalize_variable_values(network.trainable_variables)
    for array, expected in zip(ours.weights, network.get_weights(), strict=True):
        np.testing.assert_allclose(array, expected, rtol=2e-3, atol=2e-5)


def losses_of(training, images, labels):
    """Return the categorical cross-entropy of each image."""
    import keras

    outputs = training.network(images.astype(np.float32), training=False)
    return np.asarray(keras.losses.categorical_crossentropy(keras.utils.to_categorical(labels, 10), outputs))


def test_the_training_loss_is_the_mean_over_all_images_those_of_a_short_batch_included(train, tiny):
    training = train(UNCHANGED, "fit.epochs=1", "fit.batch_size=32")  # 200 images: six batches of 32, and 8
    expected = losses_of(training, tiny.x_train[:200], tiny.y_train[:200]).mean()
    assert training.last("loss") == pytest.approx(expected, rel=1e-5)


def test_the_validation_loss_is_the_mean_over_the_validation_images(train, tiny):
    training = train()
    expected = losses_of(training, tiny.x_train[200:], tiny.y_train[200:]).mean()
    assert training.last("val_loss") == pytest.approx(expected, rel=1e-5)


def test_penalties_are_part_of_the_training_loss(train, tiny):
    regularizers = "{units: 8, activation: relu, kernel_regularizer: {l2: {l2: 0.1}}, activity_regularizer: l1}"
    training = train(UNCHANGED, "fit.epochs=1", f"model.0.dense={regularizers}", "fit.batch_size=200")
    hidden = training.network.layers[2]
    activations = np.maximum(tiny.x_train[:200].reshape(200, 784) / 255 @ hidden.kernel.numpy(), 0)
    penalty = 0.1 * np.square(hidden.kernel.numpy()).sum() + 0.01 * activations.sum() / 200  # averaged over the batch
    plain = losses_of(training, tiny.x_train[:200], tiny.y_train[:200]).mean()
    assert training.last("loss") == pytest.approx(plain + penalty, rel=1e-4)


def test_progress_is_reported_during_validation(load_text, fit_config, monkeypatch):
    monkeypatch.setattr("nntrain.engine.train.EVALUATION_BATCH_SIZE", 8)
    monkeypatch.setattr("nntrain.engine.inputs.CHUNK_SECONDS", 1e-9)
    reports = []
    config = load_text("fit.epochs=1", "fit.batch_size=200")
    fit_config(config, on_progress=lambda epoch, fraction, logs: reports.append((epoch, fraction, "loss" in logs)))
    # After the one training batch, and after each of six validation batches, the last of which has the remainder.
    assert reports == [(1, 1.0, True)] + [(1, 1.0, False)] * 6


def assert_trained(training):
    """Check that the loss has fallen, and that every weight has changed."""
    assert training.last("loss") < training.first("loss")
    for array, initial in zip(training.weights, training.initial_weights, strict=True):
        assert not np.array_equal(array, initial)


def test_every_layer_of_a_dense_network_trains_with_and_without_xla(by_chunk_size):
    assert_trained(by_chunk_size[0])


@pytest.mark.parametrize("xla", ["false", "true"])
def test_every_layer_of_a_convolutional_network_trains_with_and_without_xla(train, xla):
    assert_trained(
        train(f"model={CONVOLUTIONAL_LAYERS}", f"runtime.jit_compile={xla}", "fit.epochs=3", "fit.validation_split=0")
    )


def losses_for(task):
    """Return the names of the losses that suit a task."""
    return [name for name, cls in schema.Loss.members.items() if task in cls.tasks]


def metrics_for(task, labels):
    """Return the names of the metrics that apply to a task and this form of labels."""
    members = schema.Metric.members.items()
    return [name for name, cls in members if task in cls.tasks and cls.labels in (None, labels)]


@pytest.mark.parametrize("loss", losses_for("classification"))
def test_every_loss_of_a_classification_falls(train, loss):
    training = train(f"loss={loss}")
    assert training.last("loss") < training.first("loss")


@pytest.mark.parametrize(
    ("loss", "labels"), [("categorical_crossentropy", "one_hot"), ("sparse_categorical_crossentropy", "integers")]
)
def test_every_metric_of_a_classification_is_followed(train, loss, labels):
    metrics = metrics_for("classification", labels)
    training = train(f"loss={loss}", f"metrics=[{', '.join(metrics)}]")
    assert set(training.history[0].metrics) == {twin for name in ("loss", *metrics) for twin in (name, f"val_{name}")}


@pytest.mark.parametrize("xla", ["false", "true"])
def test_the_history_has_the_values_that_scoring_computes(train_anew, tiny, monkeypatch, xla):
    monkeypatch.setattr("nntrain.engine.train.EVALUATION_BATCH_SIZE", 8)
    training = train_anew(
        "loss={categorical_focal_crossentropy: {alpha: [1, 2, 3, 1, 1, 1, 1, 1, 1, 1], gamma: 1.5}}",
        "metrics=[accuracy, {auc: {curve: PR}}, {f1_score: {average: weighted}}, kl_divergence]",
        f"runtime.jit_compile={xla}",
    )
    outputs = np.asarray(training.network(tiny.x_train[200:].astype(np.float32), training=False))
    scores = score(outputs, tiny.y_train[200:], training.setup.task_spec).metrics
    assert {name: training.last(f"val_{name}") for name in scores} == pytest.approx(scores, rel=1e-5)
    assert training.last("auc") > training.first("auc")


def test_label_smoothing_raises_the_loss(train):
    assert train("loss.categorical_crossentropy.label_smoothing=0.3").last("loss") > train().last("loss") + 0.1


BINARY = """
task: binary
model: [dense: {units: 8, activation: relu}, dense: {units: 1, activation: sigmoid}]
optimizer: {adam: {learning_rate: 0.01}}
loss: binary_crossentropy
fit: {epochs: 2, batch_size: 50}
"""


def test_every_metric_of_a_binary_task_is_followed(train):
    metrics = {name: {} for name in metrics_for("binary", "one_hot")} | {"f1_score": {"threshold": 0.5}}
    entries = ", ".join(f"{name}: {arguments}" for name, arguments in metrics.items())
    training = train("data.positive=[0, 1, 2]", f"metrics=[{entries}]", text=BINARY)
    assert set(training.history[0].metrics) >= {"loss", *metrics}
    assert training.last("loss") < training.first("loss")


def test_a_binary_loss_can_be_smoothed(train):
    smoothing = "loss.binary_crossentropy.label_smoothing=0.4"
    training = train("data.positive=[0]", smoothing, "metrics=[binary_crossentropy]", text=BINARY)
    assert training.last("loss") > training.last("binary_crossentropy")


@pytest.mark.parametrize("loss", losses_for("regression"))
def test_a_regression_trains_on_the_digits_value(train, loss):
    text = "task: regression\nmodel: [dense: {units: 8, activation: relu}, dense: 1]\noptimizer: adam\nloss: mse\n"
    training = train(f"loss={loss}", "fit.epochs=3", "fit.batch_size=50", text=text)
    assert training.last("mae") < training.first("mae")
