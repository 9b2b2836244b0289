"""Layers, parameters and arithmetic, counted by hand and by Keras."""

from __future__ import annotations

import random

import pytest

from nntrain.config import schema
from nntrain.config.load import load_config
from nntrain.config.model_summary import count_macs, needs_flatten, scoring_flops, summarize_layers, training_flops
from nntrain.config.shipped import shipped_config


def test_the_articles_first_network_has_118282_parameters():
    config = load_config(shipped_config("mlp").path).config
    # 784 x 128 + 128, 128 x 128 + 128, 128 x 10 + 10
    assert [row.parameters for row in summarize_layers(config.model)] == [0, 0, 100_480, 16_512, 1_290]
    assert sum(row.parameters for row in summarize_layers(config.model)) == 118_282


def test_the_convolutional_networks_table_is_counted_by_hand():
    rows = summarize_layers(load_config(shipped_config("cnn").path).config.model)
    assert [(row.kind, row.shape, row.parameters) for row in rows[1:]] == [
        ("Reshape", (28, 28, 1), 0),
        ("Conv2D", (26, 26, 32), 320),  # 3 x 3 x 1 x 32 + 32
        ("MaxPooling2D", (13, 13, 32), 0),
        ("Conv2D", (11, 11, 64), 18_496),  # 3 x 3 x 32 x 64 + 64
        ("MaxPooling2D", (5, 5, 64), 0),
        ("Flatten", (1600,), 0),
        ("Dropout", (1600,), 0),
        ("Dense", (10,), 16_010),  # 1600 x 10 + 10
    ]


@pytest.mark.parametrize(
    ("name", "parameters", "trainable"),
    [
        ("mlp_dropout", 269_322, 269_322),  # 784 x 256 + 256, 256 x 256 + 256, 256 x 10 + 10
        ("mlp_batchnorm", 271_370, 270_346),  # and 4 x 256 twice, half of it moving averages
        ("mlp_complete", 271_370, 270_346),
        ("cnn", 34_826, 34_826),  # 320 + 18,496 + 16,010
        ("binary", 50_305, 50_305),  # 784 x 64 + 64, 64 + 1
        ("regression", 50_305, 50_305),
    ],
)
def test_parameters_of_the_articles_networks_are_those_counted_by_hand(name, parameters, trainable):
    rows = summarize_layers(load_config(shipped_config(name).path).config.model)
    assert (sum(row.parameters for row in rows), sum(row.trainable for row in rows)) == (parameters, trainable)


def test_the_layer_table_names_each_layers_telling_arguments(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "model:\n"
        "  - conv2d: {filters: 4, kernel_size: [3, 5], strides: 2, padding: same, activation: relu}\n"
        "  - max_pooling2d: {strides: 1}\n"
        "  - average_pooling2d: 3\n"
        "  - batch_normalization\n"
        "  - leaky_re_lu: {negative_slope: 0.1}\n"
        "  - dropout: 0.25\n"
        "  - flatten\n"
        "  - dense: 10\n"
        "  - activation: softmax\n"
        "optimizer: adam\nloss: categorical_crossentropy\n"
    )
    rows = summarize_layers(load_config(path).config.model)
    assert [(row.kind, row.description, row.shape, row.parameters) for row in rows] == [
        ("Rescaling", "pixels / 255", (28, 28), 0),
        ("Reshape", "", (28, 28, 1), 0),
        ("Conv2D", "4 of 3x5, strides 2x2, same, relu", (14, 14, 4), 64),  # 3 x 5 x 4 + 4
        ("MaxPooling2D", "2x2, strides 1x1", (13, 13, 4), 0),
        ("AveragePooling2D", "3x3", (4, 4, 4), 0),
        ("BatchNormalization", "", (4, 4, 4), 16),
        ("LeakyReLU", "0.1", (4, 4, 4), 0),
        ("Dropout", "0.25", (4, 4, 4), 0),
        ("Flatten", "", (64,), 0),
        ("Dense", "10", (10,), 650),
        ("Activation", "softmax", (10,), 0),
    ]


def test_training_takes_three_times_the_operations_of_scoring():
    config = load_config(shipped_config("mlp").path).config
    assert count_macs(config.model) == 784 * 128 + 128 * 128 + 128 * 10
    assert scoring_flops(config.model, images=5) == 5 * 2 * (784 * 128 + 128 * 128 + 128 * 10)
    assert training_flops(config.model, images=5) == 5 * 6 * (784 * 128 + 128 * 128 + 128 * 10)


def test_layers_without_weights_take_no_multiplications():
    config = load_config(shipped_config("cnn").path).config
    assert count_macs(config.model) == 26 * 26 * (3 * 3 * 32) + 11 * 11 * (3 * 3 * 32 * 64) + 1600 * 10


def test_only_a_network_that_starts_with_a_dense_layer_gets_a_flatten_in_front():
    dense, dropout = schema.layers.Dense(units=10), schema.layers.Dropout(rate=0.5)
    assert [needs_flatten(layers) for layers in ([dense], [dropout, dense], [])] == [True, False, False]
    assert [row.kind for row in summarize_layers([dense])] == ["Rescaling", "Flatten", "Dense"]
    assert [row.shape for row in summarize_layers([dropout])] == [(28, 28), (28, 28, 1), (28, 28, 1)]


def a_network(draw):
    """Return layers drawn at random that fit together."""
    layers = []
    for _ in range(draw.randint(2, 9)):
        candidate = a_layer(draw)
        try:
            summarize_layers([*layers, candidate])
        except schema.ShapeError:
            continue
        layers.append(candidate)
    return tuple(layers) or (schema.layers.Flatten(),)


def a_layer(draw):
    """Return one layer drawn at random."""
    pair = lambda most: (draw.randint(1, most), draw.randint(1, most))  # noqa: E731
    padding, boolean = draw.choice(["valid", "same"]), lambda: draw.random() < 0.5
    strided = boolean()
    window = {"kernel_size": pair(4), "padding": padding, "use_bias": boolean()}
    strides_or_dilation = {"strides": pair(3)} if strided else {"dilation_rate": pair(2)}
    filters, multiplier = draw.choice([1, 2, 4, 6]), draw.randint(1, 3)
    convolution = draw.choice(
        [
            schema.layers.Conv2D(filters=filters, groups=draw.choice([1, 1, 2]), **window, **strides_or_dilation),
            schema.layers.DepthwiseConv2D(
                depth_multiplier=multiplier, strides=pair(2), dilation_rate=pair(2), **window
            ),
            schema.layers.SeparableConv2D(
                filters=filters, depth_multiplier=multiplier, **window, **strides_or_dilation
            ),
        ]
    )
    others = [
        schema.layers.Dense(units=draw.randint(1, 40), use_bias=boolean()),
        schema.layers.MaxPooling2D(pool_size=pair(3), strides=draw.choice([None, pair(3)]), padding=padding),
        schema.layers.AveragePooling2D(pool_size=pair(3), strides=draw.choice([None, pair(3)]), padding=padding),
        schema.layers.GlobalAveragePooling2D(keepdims=boolean()),
        schema.layers.GlobalMaxPooling2D(keepdims=boolean()),
        schema.layers.Flatten(),
        schema.layers.Reshape(target_shape=draw.choice([(-1,), (14, -1, 2), (-1, 4), (7, 7, 16)])),
        schema.layers.ZeroPadding2D(padding=draw.choice([pair(3), (pair(3), (0, 1))])),
        schema.layers.Dropout(rate=0.3),
        schema.layers.SpatialDropout2D(rate=0.3),
        schema.layers.GaussianNoise(stddev=0.3),
        schema.layers.BatchNormalization(center=boolean(), scale=boolean()),
        schema.layers.LayerNormalization(center=boolean(), scale=boolean()),
        schema.layers.ActivationLayer(activation=schema.activations.Relu()),
        schema.layers.LeakyReLU(),
    ]
    # Convolutions have the most arguments, and fit in few places.
    return convolution if draw.random() < 0.4 else draw.choice(others)


def test_every_layer_is_drawn():
    draw = random.Random(1)
    drawn = {a_layer(draw).key for _ in range(500)}
    assert [f"a_layer never draws {name}" for name in schema.Layer.members if name not in drawn] == []


@pytest.mark.tensorflow
def test_shapes_and_parameters_of_200_networks_are_those_of_keras_summary():
    from nntrain.engine.build import build_network

    draw = random.Random(1)
    for _ in range(200):
        layers = a_network(draw)
        config = schema.Config.model_construct(
            model=layers, task="regression", optimizer=schema.optimizers.Adam(), loss=schema.losses.MeanSquaredError()
        )
        network = build_network(config)
        ours = [(row.kind, row.shape, row.parameters, row.trainable) for row in summarize_layers(layers)]
        theirs = [
            (
                type(layer).__name__,
                tuple(layer.output.shape[1:]),
                layer.count_params(),
                sum(int(variable.value.shape.num_elements()) for variable in layer.trainable_variables),
            )
            for layer in network.layers
        ]
        assert ours == theirs
