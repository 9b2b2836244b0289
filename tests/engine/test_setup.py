"""What a training needs before its first epoch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nntrain.errors import DeviceError, NntrainError
from nntrain.task import TaskSpec

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def prepare(load_text, tiny):
    """Return a function that prepares the training of a config."""
    from nntrain.engine.setup import prepare_training

    return lambda *overrides, dataset=tiny: prepare_training(load_text(*overrides), dataset)


def test_the_callers_data_set_is_not_written_to(prepare, tiny):
    own = replace(tiny, x_train=tiny.x_train.copy())
    before = own.x_train
    setup = prepare(dataset=own)
    assert own.x_train is before
    assert np.array_equal(before, tiny.x_train)
    assert not np.shares_memory(setup.dataset.x_train, before)


def test_the_setups_images_are_those_on_the_device(prepare, tiny):
    setup = prepare()
    for images in (setup.dataset.x_train, setup.train_subset.images, setup.validation_subset.images):
        assert np.shares_memory(images, setup.network.device_data.images_array())
    assert np.array_equal(setup.dataset.x_train, tiny.x_train)


def test_the_last_images_are_for_validation(prepare):
    setup = prepare("fit.validation_split=0.3")
    assert np.array_equal(setup.train_subset.indices, np.arange(175))
    assert np.array_equal(setup.validation_subset.indices, np.arange(175, 250))
    assert (setup.data["training"], setup.data["validation"], setup.data["test"]) == (175, 75, 100)


def test_without_a_split_there_is_no_validation(prepare):
    setup = prepare("fit.validation_split=0")
    assert (len(setup.train_subset), setup.validation_subset, setup.data["validation"]) == (250, None, 0)


def test_stratify_draws_other_images_for_validation(prepare):
    assert not np.array_equal(prepare("fit.stratify=true").validation_subset.indices, np.arange(200, 250))


def test_every_auto_is_resolved(prepare):
    setup = prepare()
    runtime = setup.config.runtime
    assert (runtime.device, runtime.jit_compile, runtime.threads) == ("cpu", False, setup.device.threads)
    assert setup.compilation == "not compiled: too short to pay off"


def test_the_seed_draws_the_weights(prepare):
    first, repeated, other = (prepare(f"seed={seed}").network.get_weights()[0] for seed in (1, 1, 2))
    assert np.array_equal(first, repeated)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("task", "loss", "expected"),
    [
        ("classification", "categorical_crossentropy", [[0, 0, 0, 0, 0, 1, 0, 0, 0, 0]]),
        ("classification", "mse", [[0, 0, 0, 0, 0, 1, 0, 0, 0, 0]]),
        ("classification", "sparse_categorical_crossentropy", [5]),
        ("binary", "binary_crossentropy", [[1]]),
        ("regression", "mse", [[5]]),
    ],
)
def test_targets_are_in_the_form_that_the_loss_takes(load_text, tiny, task, loss, expected):
    from nntrain.engine.setup import place_data

    assert tiny.y_train[5] == 5
    task_spec = TaskSpec(task, loss, (), classes=tiny.classes, positive=(5,))
    device_data, _, _ = place_data(load_text(), tiny, task_spec)
    assert device_data.targets_at([5]).numpy().tolist() == expected


def test_xla_is_used_only_if_it_was_chosen(prepare):
    assert prepare("runtime.jit_compile=true").network.jit_compile is True
    assert prepare("runtime.jit_compile=false").network.jit_compile is False


@pytest.mark.parametrize(("xla", "module"), [("true", "nntrain.engine.fused_layers"), ("false", "keras")])
def test_the_dropout_for_xla_is_used_with_xla(prepare, xla, module):
    model = "model=[dense: 8, dropout: 0.5, dense: {units: 10, activation: softmax}]"
    dropout = prepare(model, f"runtime.jit_compile={xla}").network.layers[3]
    assert type(dropout).__module__.startswith(module)


def test_poolings_are_fused(prepare):
    layers = "[conv2d: {filters: 2, kernel_size: 3, activation: relu}, max_pooling2d, flatten"
    setup = prepare(f"model={layers}, dense: {{units: 10, activation: softmax}}]")
    assert [type(layer).__name__ for layer in setup.network.layers] == [
        "Rescaling",
        "Reshape",
        "Conv2D",
        "Flatten",
        "Dense",
    ]


def test_a_precision_that_is_no_faster_is_refused(prepare):
    import keras

    try:
        with pytest.raises(DeviceError, match="mixed_float16 is no faster on this CPU"):
            prepare("runtime.dtype_policy=mixed_float16", "runtime.device=cpu")
    finally:
        keras.config.set_dtype_policy("float32")


def test_too_little_memory_is_explained(load_text):
    import tensorflow as tf

    from nntrain.engine.device import Device
    from nntrain.engine.setup import explained_memory_errors

    message = "not enough memory on the gpu for training batches of 2,048 and validation batches of 1,000 images"
    with (
        pytest.raises(NntrainError, match=message),
        explained_memory_errors(load_text("fit.batch_size=2048"), Device("gpu", "GPU", 1)),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM")
