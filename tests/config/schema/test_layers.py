"""Every layer has a rule for its shape and parameters, and a description."""

from __future__ import annotations

import pytest
from components import example

from nntrain.config import schema
from nntrain.config.schema import Layer, LayerSummary, ShapeError


@pytest.mark.parametrize("name", Layer.members)
def test_every_layer_has_a_rule_and_a_description(name):
    layer = example(Layer.members[name])
    assert isinstance(layer.summarize((28, 28, 1)), LayerSummary)
    assert isinstance(layer.describe(), str)


def test_a_layer_without_a_rule_raises():
    with pytest.raises(NotImplementedError, match="Layer has no rule for its output shape and parameters"):
        Layer().summarize((28, 28, 1))
    with pytest.raises(NotImplementedError, match="Layer has no description"):
        Layer().describe()


SUMMARIES = [
    (schema.layers.Dense(units=3), (5,), LayerSummary((3,), trainable=5 * 3 + 3, macs=15)),
    (schema.layers.Dense(units=3, use_bias=False), (5,), LayerSummary((3,), trainable=15, macs=15)),
    (schema.layers.Dense(units=3), (4, 6, 5), LayerSummary((4, 6, 3), trainable=18, macs=4 * 6 * 15)),
    (schema.layers.Conv2D(filters=4, kernel_size=3), (28, 28, 2), LayerSummary((26, 26, 4), trainable=9 * 2 * 4 + 4, macs=26 * 26 * 72)),
    (schema.layers.Conv2D(filters=4, kernel_size=3, use_bias=False), (3, 3, 2), LayerSummary((1, 1, 4), trainable=72, macs=72)),
    (schema.layers.Conv2D(filters=4, kernel_size=(3, 5), padding="same"), (6, 7, 1), LayerSummary((6, 7, 4), trainable=64, macs=6 * 7 * 60)),
    (schema.layers.Conv2D(filters=4, kernel_size=3, strides=(2, 3)), (8, 9, 1), LayerSummary((3, 3, 4), trainable=40, macs=9 * 36)),
    (schema.layers.Conv2D(filters=4, kernel_size=3, strides=2, padding="same"), (7, 8, 1), LayerSummary((4, 4, 4), trainable=40, macs=16 * 36)),
    (schema.layers.Conv2D(filters=4, kernel_size=3, dilation_rate=(2, 3)), (9, 9, 1), LayerSummary((5, 3, 4), trainable=40, macs=15 * 36)),
    (schema.layers.Conv2D(filters=4, kernel_size=3, groups=2), (3, 3, 6), LayerSummary((1, 1, 4), trainable=9 * 3 * 4 + 4, macs=108)),
    (schema.layers.DepthwiseConv2D(kernel_size=3), (28, 28, 2), LayerSummary((26, 26, 2), trainable=9 * 2 + 2, macs=26 * 26 * 18)),
    (schema.layers.DepthwiseConv2D(kernel_size=(3, 5), depth_multiplier=3, use_bias=False), (6, 7, 2), LayerSummary((4, 3, 6), trainable=15 * 6, macs=12 * 90)),
    (schema.layers.DepthwiseConv2D(kernel_size=3, strides=(1, 2), dilation_rate=2), (9, 9, 1), LayerSummary((5, 3, 1), trainable=10, macs=15 * 9)),
    (schema.layers.SeparableConv2D(filters=4, kernel_size=3), (5, 6, 2), LayerSummary((3, 4, 4), trainable=9 * 2 + 2 * 4 + 4, macs=12 * 26)),
    (schema.layers.SeparableConv2D(filters=4, kernel_size=3, depth_multiplier=2, use_bias=False), (3, 3, 5), LayerSummary((1, 1, 4), trainable=90 + 40, macs=130)),
    (schema.layers.MaxPooling2D(), (5, 6, 2), LayerSummary((2, 3, 2))),
    (schema.layers.MaxPooling2D(strides=1), (5, 6, 2), LayerSummary((4, 5, 2))),
    (schema.layers.MaxPooling2D(padding="same"), (5, 6, 2), LayerSummary((3, 3, 2))),
    (schema.layers.MaxPooling2D(pool_size=9, padding="same"), (5, 6, 2), LayerSummary((1, 1, 2))),
    (schema.layers.AveragePooling2D(pool_size=(5, 2)), (5, 6, 2), LayerSummary((1, 3, 2))),
    (schema.layers.GlobalAveragePooling2D(), (5, 6, 2), LayerSummary((2,))),
    (schema.layers.GlobalMaxPooling2D(keepdims=True), (5, 6, 2), LayerSummary((1, 1, 2))),
    (schema.layers.Flatten(), (5, 6, 2), LayerSummary((60,))),
    (schema.layers.Reshape(target_shape=(5, 12)), (5, 6, 2), LayerSummary((5, 12))),
    (schema.layers.Reshape(target_shape=(2, -1, 10)), (60,), LayerSummary((2, 3, 10))),
    (schema.layers.ZeroPadding2D(), (5, 6, 2), LayerSummary((7, 8, 2))),
    (schema.layers.ZeroPadding2D(padding=(1, 0)), (5, 6, 2), LayerSummary((7, 6, 2))),
    (schema.layers.ZeroPadding2D(padding=((1, 0), (2, 3))), (5, 6, 2), LayerSummary((6, 11, 2))),
    (schema.layers.SpatialDropout2D(rate=0.5), (5, 6, 2), LayerSummary((5, 6, 2))),
    (schema.layers.GaussianNoise(stddev=0.5), (5,), LayerSummary((5,))),
    (schema.layers.LayerNormalization(), (5, 6, 2), LayerSummary((5, 6, 2), trainable=4)),
    (schema.layers.LayerNormalization(center=False), (7,), LayerSummary((7,), trainable=7)),
    (schema.layers.Dropout(rate=0.5), (5, 6, 2), LayerSummary((5, 6, 2))),
    (schema.layers.BatchNormalization(), (5, 2), LayerSummary((5, 2), trainable=4, non_trainable=4)),
    (schema.layers.BatchNormalization(scale=False), (5, 2), LayerSummary((5, 2), trainable=2, non_trainable=4)),
    (schema.layers.BatchNormalization(center=False, scale=False), (2,), LayerSummary((2,), non_trainable=4)),
    (schema.layers.ActivationLayer(activation=schema.activations.Relu()), (5,), LayerSummary((5,))),
    (schema.layers.LeakyReLU(), (5,), LayerSummary((5,))),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "input_shape", "summary"), SUMMARIES, ids=str)
def test_shape_parameters_and_macs_are_those_counted_by_hand(layer, input_shape, summary):
    assert layer.summarize(input_shape) == summary
    assert summary.parameters == summary.trainable + summary.non_trainable


DESCRIPTIONS = [
    (schema.layers.Dense(units=3), "3"),
    (schema.layers.Dense(units=3, activation=schema.activations.Relu()), "3, relu"),
    (schema.layers.Conv2D(filters=4, kernel_size=3), "4 of 3x3"),
    (schema.layers.Conv2D(filters=4, kernel_size=(3, 5), strides=(1, 2), activation=schema.activations.Elu()), "4 of 3x5, strides 1x2, elu"),
    (schema.layers.MaxPooling2D(), "2x2"),
    (schema.layers.MaxPooling2D(strides=2), "2x2"),
    (schema.layers.MaxPooling2D(strides=1, padding="same"), "2x2, strides 1x1, same"),
    (schema.layers.DepthwiseConv2D(kernel_size=3), "3x3"),
    (schema.layers.DepthwiseConv2D(kernel_size=3, depth_multiplier=2, padding="same"), "2 of 3x3, same"),
    (schema.layers.SeparableConv2D(filters=4, kernel_size=3, strides=2, activation=schema.activations.Mish()), "4 of 3x3, strides 2x2, mish"),
    (schema.layers.ZeroPadding2D(), "1x1"),
    (schema.layers.ZeroPadding2D(padding=(1, 2)), "1x2"),
    (schema.layers.ZeroPadding2D(padding=((1, 0), (2, 3))), "top 1, bottom 0, left 2, right 3"),
    (schema.layers.Reshape(target_shape=(-1,)), ""),
    (schema.layers.GaussianNoise(stddev=0.1), "0.1"),
    (schema.layers.AveragePooling2D(pool_size=(2, 3)), "2x3"),
    (schema.layers.GlobalAveragePooling2D(), ""),
    (schema.layers.GlobalMaxPooling2D(), ""),
    (schema.layers.Flatten(), ""),
    (schema.layers.BatchNormalization(), ""),
    (schema.layers.LayerNormalization(), ""),
    (schema.layers.SpatialDropout2D(rate=0.2), "0.2"),
    (schema.layers.Dropout(rate=0.25), "0.25"),
    (schema.layers.LeakyReLU(), "0.3"),
    (schema.layers.ActivationLayer(activation=schema.activations.Softmax()), "softmax"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "description"), DESCRIPTIONS)
def test_a_layer_is_described_by_what_tells_it_from_others_of_its_kind(layer, description):
    assert layer.describe() == description


TABLES = {"SUMMARIES": SUMMARIES, "DESCRIPTIONS": DESCRIPTIONS}


@pytest.mark.parametrize("name", Layer.members)
def test_every_layer_is_counted_and_described_by_hand(name):
    assert [table for table, rows in TABLES.items() if all(layer.key != name for layer, *_ in rows)] == []


@pytest.mark.parametrize("size", [(1, 29), (29, 1), (29, 29)])
def test_a_window_that_is_too_large_either_way_is_refused(size):
    with pytest.raises(ShapeError, match="is larger than the 28x28 image left here"):
        schema.layers.MaxPooling2D(pool_size=size).summarize((28, 28, 1))


@pytest.mark.parametrize(("size", "shape"), [((5, 1), (4, 8, 1)), ((1, 5), (8, 4, 1))])
def test_height_is_compared_with_height_and_width_with_width(size, shape):
    with pytest.raises(ShapeError, match=f"pool {size[0]}x{size[1]} is larger than the {shape[0]}x{shape[1]} image"):
        schema.layers.MaxPooling2D(pool_size=size).summarize(shape)
    assert schema.layers.MaxPooling2D(pool_size=size[::-1]).summarize(shape).output_shape != shape


@pytest.mark.parametrize("groups", [(2, 3, 4), (2, 4, 3)])
def test_groups_must_divide_channels_and_filters(groups):
    groups, channels, filters = groups
    layer = schema.layers.Conv2D(filters=filters, kernel_size=1, groups=groups)
    with pytest.raises(ShapeError) as caught:
        layer.summarize((28, 28, channels))
    assert str(caught.value) == f"groups: 2 must divide both the {channels} input channels and the {filters} filters"


def test_strides_without_dilation_and_dilation_without_strides_fit():
    assert schema.layers.Conv2D(filters=1, kernel_size=1, strides=(1, 2)).summarize((4, 4, 1)).output_shape == (4, 2, 1)
    assert schema.layers.Conv2D(filters=1, kernel_size=2, dilation_rate=(1, 2)).summarize((4, 4, 1)).output_shape == (
        3,
        2,
        1,
    )


@pytest.mark.parametrize(
    ("shape", "target", "message"),
    [
        ((28, 28, 1), (7, 7, 4), "target_shape has 196 values, but the layer receives an image of 28x28x1 with 784 values"),
        ((784,), (785,), "target_shape has 785 values, but the layer receives 784 numbers"),
        ((784,), (392,), "target_shape has 392 values, but the layer receives 784 numbers"),
        ((28, 28), (-1, 5), "target_shape has a multiple of 5 values, but the layer receives an array of 28x28 with 784 values"),
        ((784,), (-1, -1), "only one length of target_shape may be -1"),
        ((784,), (0, -1), "a length of target_shape must be above 0, or -1"),
    ],
)  # fmt: skip
def test_a_target_shape_has_as_many_values_as_arrive(shape, target, message):
    with pytest.raises(ShapeError) as caught:
        schema.layers.Reshape(target_shape=target).summarize(shape)
    assert str(caught.value) == message
