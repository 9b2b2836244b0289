"""The fast training step gives what Keras's own step gives, however batches are grouped."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow


def portions_of(tiny, count, *, seed=7):
    """Return the first so many images in batches of 32."""
    from nntrain.engine.inputs import BatchChunks, Subset

    examples = Subset(tiny.x_train, tiny.y_train.astype(np.int32), np.arange(count, dtype=np.int32))
    return BatchChunks(examples, batch_size=32, seed=seed)


@pytest.fixture
def portions(tiny):
    return portions_of(tiny, 250)  # 7 whole batches and 26 images


def in_order(portions, epoch):
    """Return the images' numbers of an epoch as training meets them."""
    numbers = []
    for portion in portions.epoch(epoch):
        numbers += list(portion["batches"][: portion["count"]].ravel())
        if portion["rest_due"]:
            numbers += list(portion["rest"])
    return numbers


def test_an_epoch_holds_every_image_once_the_short_last_batch_included(portions):
    portions.size = 3
    assert sorted(in_order(portions, 0)) == list(range(250))


def test_the_order_depends_on_seed_and_epoch_and_not_on_the_portions(portions):
    portions.size = 1
    single = in_order(portions, 4)
    portions.size = 7
    assert in_order(portions, 4) == single
    assert in_order(portions, 5) != single


def test_distorted_images_do_not_depend_on_the_portions(portions):
    from nntrain.training.augmentation import Distortion

    portions.distortion = Distortion(rotation=10.0)
    portions.size = 1
    single = [portion["pictures"][0] for portion in portions.epoch(2)]
    portions.size = 4
    grouped = [image for portion in portions.epoch(2) for image in portion["pictures"][: portion["count"]]]
    assert np.array_equal(np.stack(single), np.stack(grouped))


def test_a_data_set_smaller_than_a_batch_is_one_batch(tiny):
    portions = portions_of(tiny, 5)
    assert (portions.batch_size, portions.whole, portions.left) == (5, 1, 0)


@pytest.mark.parametrize("xla", ["false", "true"])
def test_weights_do_not_depend_on_how_batches_are_grouped(learn_anew, monkeypatch, xla):
    from nntrain.engine import inputs

    together = learn_anew(f"runtime.jit_compile={xla}").weights
    monkeypatch.setattr(inputs, "PORTION_SECONDS", 1e-9)  # one batch a portion
    alone = learn_anew(f"runtime.jit_compile={xla}").weights
    assert all(np.array_equal(one, other) for one, other in zip(together, alone, strict=True))


@pytest.mark.parametrize(
    "optimizer", ["sgd", "{sgd: {momentum: 0.9, nesterov: true}}", "adam", "adamw", "rmsprop", "adagrad", "nadam"]
)
def test_weights_are_those_of_kerass_own_train_on_batch(learn, optimizer, tiny):
    import keras

    from nntrain.engine.build import build_network

    ours = learn(f"optimizer={optimizer}", "fit.epochs=2", "fit.validation_split=0")
    used = ours.network.optimizer
    still = f"optimizer.{type(used).__name__.lower()}.learning_rate=1e-30"
    start = learn(f"optimizer={optimizer}", still, "fit.epochs=1", "fit.validation_split=0")
    plain = build_network(ours.record.config)
    plain.set_weights(start.weights)
    keras_own = getattr(keras.optimizers, type(used).__name__)
    plain.compile(optimizer=keras_own.from_config(used.get_config()), loss="categorical_crossentropy")
    portions = portions_of(tiny, 250, seed=42)
    for epoch in range(2):
        numbers = in_order(portions, epoch)
        for begin in range(0, 250, 32):
            batch = numbers[begin : begin + 32]
            plain.train_on_batch(tiny.x_train[batch], keras.utils.to_categorical(tiny.y_train[batch], 10))
    for one, other in zip(ours.weights, plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-5)


def test_the_images_are_held_once(tiny):
    from nntrain.engine.inputs import DeviceDataset

    examples = DeviceDataset(tiny.x_train, tiny.y_train, one_hot=10)
    assert np.shares_memory(examples.array(), np.asarray(memoryview(examples.images)))
    assert np.array_equal(examples.array(), tiny.x_train)


def test_no_thread_tunes_what_is_fed_and_may_sleep_through_the_end_of_training(tiny, portions):
    from nntrain.engine.inputs import DeviceDataset

    fed = DeviceDataset(tiny.x_train, tiny.y_train, one_hot=10).fed(portions.dataset())
    assert fed.options().autotune.enabled is False


def test_portions_of_no_batches_compile_both_steps_and_change_nothing(learn_anew, portions):
    network = learn_anew("fit.epochs=1", "runtime.jit_compile=true", "optimizer=nadam").network
    variables = [*network.variables, *network.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    network.compile_steps(network.examples.fed(portions.dataset()), network.set_validation_data(portions))
    assert all(np.array_equal(one, variable.numpy()) for one, variable in zip(before, variables, strict=True))


def test_validation_does_not_depend_on_the_portions_and_keeps_progress_alive(learn_anew, monkeypatch):
    from nntrain.engine import inputs
    from nntrain.engine.callbacks.history_recorder import HistoryRecorder

    monkeypatch.setattr("nntrain.engine.train.EVALUATION_BATCH", 8)
    together = learn_anew("fit.epochs=1").last("val_loss")
    shown = []
    monkeypatch.setattr(HistoryRecorder, "on_test_batch_end", lambda self, batch, logs=None: shown.append(batch))
    monkeypatch.setattr(inputs, "PORTION_SECONDS", 1e-9)  # one batch a portion
    assert learn_anew("fit.epochs=1").last("val_loss") == together
    assert shown == [0, 1, 2, 3, 4, 5]  # of 50 images; the last portion has the shorter batch


def test_validation_scores_all_images_as_keras_does(learn, tiny):
    import keras

    done = learn("fit.epochs=1")
    held_out = slice(200, 250)
    one_hot = keras.utils.to_categorical(tiny.y_train[held_out], 10)
    losses = keras.losses.categorical_crossentropy(one_hot, done.network.predict(tiny.x_train[held_out], verbose=0))
    assert done.last("val_loss") == pytest.approx(float(np.mean(losses)), rel=1e-5)


@pytest.mark.parametrize("xla", ["false", "true"])
def test_training_and_validation_are_each_built_once(learn_anew, monkeypatch, xla):
    from nntrain.engine.chunked_model import ChunkedSequential

    built = []
    for step in ("train_step", "test_step"):
        own = getattr(ChunkedSequential, step)
        monkeypatch.setattr(
            ChunkedSequential, step, lambda self, portion, own=own, step=step: built.append(step) or own(self, portion)
        )
    learn_anew(f"runtime.jit_compile={xla}", "fit.epochs=3")
    assert built == ["train_step", "test_step"]
