"""Every layer and activation function is trained, resumed, saved in both formats, and asked."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nntrain.config import schema
from nntrain.inference.litert import LiteRTClassifier
from nntrain.runs.folder import RunDir
from nntrain.system.hashing import fingerprint_arrays

CONVOLUTIONS = """
model:
  - zero_padding2d: {padding: [[1, 0], [2, 1]]}
  - spatial_dropout2d: 0.1
  - separable_conv2d: {filters: 4, kernel_size: 3, strides: 2, depth_multiplier: 2, activation: relu6}
  - gaussian_noise: 0.1
  - depthwise_conv2d: {kernel_size: 3, dilation_rate: [1, 2], activation: mish}
  - layer_normalization
  - conv2d: {filters: 4, kernel_size: 2, dilation_rate: 2, groups: 2, activation: relu}
  - max_pooling2d
  - average_pooling2d: 2
  - global_max_pooling2d: {keepdims: true}
  - global_average_pooling2d
  - reshape: [-1, 2]
  - dense: {units: 6, activation: softplus}
  - activation: hard_sigmoid
  - flatten
  - dense: {units: 10, activation: softmax}
optimizer: lion
loss: categorical_crossentropy
fit: {epochs: 2, batch_size: 100, validation_split: 0.2}
"""
DENSE = """
model:
  - dense: {units: 8, activation: gelu}
  - batch_normalization
  - leaky_re_lu
  - dense: {units: 8, activation: selu}
  - dropout: 0.2
  - dense: {units: 8, activation: silu}
  - layer_normalization
  - dense: {units: 8, activation: elu}
  - dense: {units: 8, activation: tanh}
  - dense: {units: 8, activation: leaky_relu}
  - dense: {units: 8, activation: sigmoid}
  - dense: {units: 10, activation: linear}
  - activation: softmax
optimizer: adamax
loss: categorical_crossentropy
fit: {epochs: 2, batch_size: 100, validation_split: 0.2}
"""
# The layers with random numbers, in a network that XLA compiles quickly.
RANDOM = """
model:
  - spatial_dropout2d: 0.1
  - depthwise_conv2d: {kernel_size: 4, strides: 4}
  - gaussian_noise: 0.1
  - layer_normalization
  - flatten
  - dense: {units: 10, activation: softmax}
optimizer: adadelta
loss: categorical_crossentropy
fit: {epochs: 2, batch_size: 125, validation_split: 0}
runtime: {jit_compile: true}
"""
NETWORKS = {"convolutions": CONVOLUTIONS, "dense": DENSE, "random numbers under XLA": RANDOM}


@pytest.mark.parametrize("family", [schema.Layer, schema.Activation])
def test_every_layer_and_activation_is_in_one_of_the_networks(family):
    words = set(re.findall(r"\w+", CONVOLUTIONS + DENSE))
    place = "tests/engine/test_components.py: CONVOLUTIONS or DENSE"
    assert [f"{place} lacks {name}" for name in family.members if name not in words] == []


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_training_that_is_interrupted_and_resumed_ends_in_the_same_weights(train, train_in_parts, name):
    whole, parts = train(text=NETWORKS[name]), train_in_parts(NETWORKS[name], (), [1.5])
    for variable, other in zip(whole.network.variables, parts.network.variables, strict=True):
        assert np.array_equal(variable, other), variable.path
    assert [epoch.metrics for epoch in whole.history] == [epoch.metrics for epoch in parts.history]


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["convolutions", "dense"])
def test_the_saved_network_answers_as_the_trained_one_in_both_formats(train, tiny, tmp_path, name):
    from nntrain.engine.export import plain_network, save_keras, save_tflite
    from nntrain.engine.keras_classifier import load_classifier

    training, run = train(text=NETWORKS[name]), RunDir(tmp_path)
    network = plain_network(training.setup.config, training.network)
    expected = np.asarray(training.network(tiny.x_test.astype(np.float32), training=False))
    save_keras(network, run)
    assert save_tflite(network, run, tiny.x_test) is None
    loaded = load_classifier(run, training.setup.config, fingerprint=fingerprint_arrays(network.get_weights()))
    for classifier in (loaded, LiteRTClassifier(run.tflite_path)):
        np.testing.assert_allclose(classifier.predict(tiny.x_test), expected, atol=1e-6)
