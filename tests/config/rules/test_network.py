"""Rules for the network: shapes, size, output and arguments of its layers."""

from __future__ import annotations

import pytest

SOFTMAX = "dense: {units: 10, activation: softmax}"
SIGMOID = "dense: {units: 1, activation: sigmoid}"
CONV = "conv2d: {filters: 4, kernel_size: 3}"


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
        (["flatten", "spatial_dropout2d: 0.3", SOFTMAX], "3:5: model.1: spatial_dropout2d needs an image (height, width, channels) but receives 784 numbers; put it before flatten and dense layers"),
        (["reshape: [28, 28]", "zero_padding2d", "flatten", SOFTMAX], "3:5: model.1: zero_padding2d needs an image (height, width, channels) but receives an array of 28x28; put it before flatten and dense layers"),
        ([CONV, "reshape: [7, 7]", SOFTMAX], "3:5: model.1: target_shape has 49 values, but the layer receives an image of 26x26x4 with 2,704 values"),
        (["depthwise_conv2d: {kernel_size: 29}", "flatten", SOFTMAX], "2:5: model.0: kernel 29 is larger than the 28x28 image left here; make it smaller, or remove a pooling layer above"),
        (["reshape: [28, 28]", SOFTMAX], "3:5: model.1: the network ends with an array of 28x10; put `flatten` before its last dense layer, then `dense: {units: 10, activation: softmax}`"),
        ([CONV, SOFTMAX], "3:5: model.1: the network ends with an image of 26x26x10; put `flatten` before its last dense layer, then `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 12, activation: softmax}"], "2:5: model.0: has 12 units; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 60000, activation: softmax}"], "2:5: model.0: has 60,000 units; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["dense: {units: 1, activation: softmax}"], "2:5: model.0: has 1 unit; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["conv2d: {filters: 9, kernel_size: 28, activation: softmax}", "flatten"], "3:5: model.1: has 9 outputs; 10 classes need 10: `dense: {units: 10, activation: softmax}`"),
        (["dense: 10"], "2:5: model.0: task classification needs probabilities from the last layer: softmax, not linear"),
        (["dense: {units: 10, activation: relu}"], "2:36: model.0: task classification needs probabilities from the last layer: softmax, not relu"),
        (["dense: 10", "activation: relu"], "3:17: model.1: task classification needs probabilities from the last layer: softmax, not relu"),
        (["dense: {units: 10, activation: hard_sigmoid}"], "2:36: model.0: task classification needs probabilities from the last layer: softmax, not hard_sigmoid"),
        ([SOFTMAX, "gaussian_noise: 0.2"], "3:5: model.1: the network must end with a dense layer or an activation (softmax)"),
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
        ["conv2d: {filters: 10, kernel_size: 28, activation: softmax}", "reshape: [10]"],
        ["reshape: [784]", SOFTMAX],
        [
            "zero_padding2d: {padding: [[1, 0], [0, 0]]}",
            "conv2d: {filters: 4, kernel_size: [29, 28]}",
            "flatten",
            SOFTMAX,
        ],
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
    monkeypatch.setattr("nntrain.config.rules.network.MAX_PARAMETERS", parameters)
    assert len(check("dense: 8", SOFTMAX)[0]) == count


@pytest.mark.parametrize(("numbers", "problems"), [(128 * 18, 0), (128 * 18 - 1, 1), (128 * 8 - 1, 1)])
def test_outputs_are_summed_over_the_layers(check, monkeypatch, numbers, problems):
    monkeypatch.setattr("nntrain.config.rules.network.MAX_OUTPUTS", numbers)
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


@pytest.mark.parametrize(
    ("task", "layer", "loss", "problem"),
    [
        ("regression", "dense: 10", "mse", "2:5: model.0: has 10 units; a regression task needs 1: `dense: 1`"),
        ("regression", SIGMOID, "mse", "2:35: model.0: task regression needs an unbounded value from the last layer: linear, not sigmoid"),
        ("regression", "dense: {units: 1, activation: relu6}", "mse", "2:35: model.0: task regression needs an unbounded value from the last layer: linear, not relu6"),
        ("regression", "dense: {units: 1, activation: tanh}", "mse", "2:35: model.0: task regression needs an unbounded value from the last layer: linear, not tanh"),
        ("binary\ndata: {positive: [7]}", "dense: {units: 2, activation: sigmoid}", "mse", "2:5: model.0: has 2 units; a binary task needs 1: `dense: {units: 1, activation: sigmoid}`"),
        ("binary\ndata: {positive: [7]}", "dense: 1", "mse", "2:5: model.0: task binary needs a probability from the last layer: sigmoid, not linear"),
    ],
)  # fmt: skip
def test_the_output_must_suit_the_task(check, task, layer, loss, problem):
    assert check(layer, loss=loss, extra=f"task: {task}")[0] == [problem]


@pytest.mark.parametrize(
    "activation", ["linear", "relu", "leaky_relu", "elu", "gelu", "silu", "selu", "mish", "softplus"]
)
def test_a_regression_may_end_with_an_activation_without_upper_limit(check, activation):
    layer = f"dense: {{units: 1, activation: {activation}}}"
    assert check(layer, loss="mae", extra="task: regression")[0] == []


def test_a_regression_may_end_with_a_leaky_relu_layer(check):
    assert check("dense: 1", "leaky_re_lu", loss="mse", extra="task: regression")[0] == []


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        ("dense: {units: 8, use_bias: false, bias_regularizer: l2}", "2:58: model.0: bias_regularizer has no effect with use_bias: false"),
        ("conv2d: {filters: 8, kernel_size: 3, use_bias: false, bias_initializer: ones}", "2:77: model.0: bias_initializer has no effect with use_bias: false"),
        ("batch_normalization: {center: false, beta_initializer: ones}", "2:60: model.0: beta_initializer has no effect with center: false"),
        ("batch_normalization: {center: false, beta_regularizer: l2}", "2:60: model.0: beta_regularizer has no effect with center: false"),
        ("batch_normalization: {scale: false, gamma_initializer: zeros}", "2:60: model.0: gamma_initializer has no effect with scale: false"),
        ("batch_normalization: {scale: false, gamma_regularizer: l1}", "2:60: model.0: gamma_regularizer has no effect with scale: false"),
        ("separable_conv2d: {filters: 8, kernel_size: 3, use_bias: false, bias_regularizer: l2}", "2:87: model.0: bias_regularizer has no effect with use_bias: false"),
        ("layer_normalization: {scale: false, gamma_initializer: zeros}", "2:60: model.0: gamma_initializer has no effect with scale: false"),
        ("layer_normalization: {beta_initializer: orthogonal}", "2:45: model.0: orthogonal initializes kernels only; beta_initializer has one number per channel"),
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
        "separable_conv2d: {filters: 8, kernel_size: 3, depthwise_initializer: orthogonal, pointwise_initializer: orthogonal}",
        "dense: {units: 8, kernel_initializer: {random_uniform: {minval: 0.0, maxval: 0.1}}}",
    ],
)
def test_a_layers_arguments_that_agree_pass(check, layer):
    assert check(layer, "flatten", SOFTMAX)[0] == []


def test_layers_after_one_with_a_mistake_are_checked_too(check):
    layers = ["dens: 8", "dropout: 7", "dense: {units: 8, use_bias: false, bias_regularizer: l2}"]
    layers.append("dense: {units: 8, bias_initializer: orthogonal}")
    assert [line.split(": ")[1] for line in check(*layers, SOFTMAX)[0]] == [
        "model.0.dens",
        "model.1.dropout.rate",
        "model.2",
        "model.3",
    ]
