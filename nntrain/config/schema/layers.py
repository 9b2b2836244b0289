"""Layers; Keras's names, arguments and defaults, and each layer's output shape, parameters and operations.

The engine builds Keras's layers from these models. A test compares `summarize` with `keras.Model.summary` on random
networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nntrain.config.schema.activations import Activation
from nntrain.config.schema.base import (
    Component,
    Count,
    Fraction,
    NonNegative,
    Pair,
    Positive,
    Sides,
    TargetShape,
    Width,
)
from nntrain.config.schema.initializers import GlorotUniform, Initializer, Ones, Zeros
from nntrain.config.schema.regularizers import Regularizer
from nntrain.config.schema.shapes import (
    LayerSummary,
    Shape,
    ShapeError,
    format_size,
    output_size,
    require_image,
    reshaped,
)
from nntrain.task import Task


class Layer(Component, family="layer"):
    """One layer of the network."""

    # Whether a network that starts with this layer gets a flatten in front.
    needs_flatten: ClassVar[bool] = False
    # Whether the layer is a convolution, which XLA slows down on a CPU and bfloat16 speeds up.
    is_convolution: ClassVar[bool] = False
    # Whether the layer is an activation function with arguments.
    is_activation: ClassVar[bool] = False
    # The tasks for which a layer without the argument `activation` may give the network's output.
    output_tasks: ClassVar[tuple[Task, ...]] = ()
    # Whether a network may end with this layer, after the layer with the output activation.
    may_follow_output: ClassVar[bool] = False

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return output shape, parameters and operations for an input of this shape, which is without the batch.

        Raises ShapeError if the layer cannot take the input.
        """
        raise NotImplementedError(f"{type(self).__name__} has no rule for its output shape and parameters")

    def describe(self) -> str:
        """Return the arguments that the layer table shows, for example "128, relu"."""
        raise NotImplementedError(f"{type(self).__name__} has no description")


class WeightedLayer(Layer):
    """The arguments that dense and convolutional layers have in common."""

    activation: Activation | None = Field(None, description="function of each output; null: none")
    use_bias: bool = Field(True, description="whether a learned number is added to each output")
    bias_initializer: Initializer = Field(Zeros(), description="biases at the start")
    bias_regularizer: Regularizer | None = Field(None, description="penalty on the biases")
    activity_regularizer: Regularizer | None = Field(None, description="penalty on the outputs")


class Dense(WeightedLayer, key="dense"):
    """Connects every input to every neuron."""

    needs_flatten = True
    units: Width = Field(description="neurons")
    kernel_initializer: Initializer = Field(GlorotUniform(), description="weights at the start")
    kernel_regularizer: Regularizer | None = Field(None, description="penalty on the weights")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary; for an image, the layer connects the channels of each pixel, as in Keras."""
        *outer, inputs = input_shape
        weights = inputs * self.units
        bias = self.units if self.use_bias else 0
        return LayerSummary((*outer, self.units), trainable=weights + bias, macs=prod(outer) * weights)

    def describe(self) -> str:
        """Return the units and the activation."""
        return _join(str(self.units), self.activation)


class ConvolutionalLayer(WeightedLayer):
    """The arguments that convolutional layers have in common."""

    is_convolution = True
    strides: Pair = Field((1, 1), description="pixels from one position of a filter to the next")
    padding: Literal["valid", "same"] = Field(
        "valid",
        description="same: zeros around the image, so that the output has its size if strides is 1; valid: none",
    )
    dilation_rate: Pair = Field((1, 1), description="pixels from one weight of a filter to the next")

    def _output_size(self, image: tuple[int, int], kernel_size: tuple[int, int]) -> tuple[int, int]:
        """Return the height and width of the output; the dilation leaves gaps between the kernel's pixels."""
        window = "kernel" if self.dilation_rate == (1, 1) else "dilated kernel"
        height, width = ((size - 1) * rate + 1 for size, rate in zip(kernel_size, self.dilation_rate, strict=True))
        return output_size(window, image, (height, width), self.strides, self.padding)


class Conv2D(ConvolutionalLayer, key="conv2d"):
    """Small filters that slide over the image."""

    filters: Width = Field(description="channels of the output")
    kernel_size: Pair = Field(description="height and width in pixels")
    groups: Count = Field(1, description="groups of channels, each with filters of its own")
    kernel_initializer: Initializer = Field(GlorotUniform(), description="weights at the start")
    kernel_regularizer: Regularizer | None = Field(None, description="penalty on the weights")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary for an image; each filter sees the channels of its group."""
        height, width, channels = require_image(self.key, input_shape)
        if channels % self.groups or self.filters % self.groups:
            raise ShapeError(
                f"groups: {self.groups} must divide both the {channels} input channels and the {self.filters} filters"
            )
        if self.strides != (1, 1) and self.dilation_rate != (1, 1):
            raise ShapeError("strides and dilation_rate cannot both be above 1")
        rows, columns = self._output_size((height, width), self.kernel_size)
        weights = prod(self.kernel_size) * (channels // self.groups) * self.filters
        bias = self.filters if self.use_bias else 0
        return LayerSummary((rows, columns, self.filters), trainable=weights + bias, macs=rows * columns * weights)

    def describe(self) -> str:
        """Return the number and size of the filters, strides and padding if not the default, and the activation."""
        return _join(
            f"{self.filters} of {format_size(self.kernel_size)}", *_window_options(self, (1, 1)), self.activation
        )


class DepthwiseConv2D(ConvolutionalLayer, key="depthwise_conv2d"):
    """Filters that each see one channel."""

    kernel_size: Pair = Field(description="height and width in pixels")
    depth_multiplier: Width = Field(1, description="filters per channel")
    depthwise_initializer: Initializer = Field(GlorotUniform(), description="weights at the start")
    depthwise_regularizer: Regularizer | None = Field(None, description="penalty on the weights")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary for an image; the output has `depth_multiplier` channels for each input channel."""
        height, width, channels = require_image(self.key, input_shape)
        rows, columns = self._output_size((height, width), self.kernel_size)
        filters = channels * self.depth_multiplier
        weights = prod(self.kernel_size) * filters
        bias = filters if self.use_bias else 0
        return LayerSummary((rows, columns, filters), trainable=weights + bias, macs=rows * columns * weights)

    def describe(self) -> str:
        """Return the filters per channel if not the default, then as for conv2d."""
        count = [f"{self.depth_multiplier} of"] if self.depth_multiplier > 1 else []
        filters = " ".join([*count, format_size(self.kernel_size)])
        return _join(filters, *_window_options(self, (1, 1)), self.activation)


class SeparableConv2D(ConvolutionalLayer, key="separable_conv2d"):
    """A depthwise convolution, then filters of one pixel over all of its channels."""

    filters: Width = Field(description="channels of the output")
    kernel_size: Pair = Field(description="height and width in pixels")
    depth_multiplier: Width = Field(1, description="depthwise filters per channel")
    depthwise_initializer: Initializer = Field(
        GlorotUniform(), description="weights of the first convolution at the start"
    )
    pointwise_initializer: Initializer = Field(GlorotUniform(), description="weights of the second one at the start")
    depthwise_regularizer: Regularizer | None = Field(None, description="penalty on the weights of the first")
    pointwise_regularizer: Regularizer | None = Field(None, description="penalty on those of the second")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary for an image; only the second convolution has a bias."""
        height, width, channels = require_image(self.key, input_shape)
        rows, columns = self._output_size((height, width), self.kernel_size)
        depthwise = prod(self.kernel_size) * channels * self.depth_multiplier
        weights = depthwise + channels * self.depth_multiplier * self.filters
        bias = self.filters if self.use_bias else 0
        return LayerSummary((rows, columns, self.filters), trainable=weights + bias, macs=rows * columns * weights)

    def describe(self) -> str:
        """Return the number and size of the filters, then as for conv2d."""
        return _join(
            f"{self.filters} of {format_size(self.kernel_size)}", *_window_options(self, (1, 1)), self.activation
        )


class Pooling2D(Layer):
    """The arguments that the two pooling layers have in common."""

    strides: Pair | None = Field(None, description="pixels from one patch to the next; null: pool_size")
    padding: Literal["valid", "same"] = Field(
        "valid", description="same: patches at the border may be incomplete; valid: they are left out"
    )

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary for an image; the strides are the pool size by default."""
        height, width, channels = require_image(self.key, input_shape)
        size = self._size()
        rows, columns = output_size("pool", (height, width), size, self.strides or size, self.padding)
        return LayerSummary((rows, columns, channels))

    def describe(self) -> str:
        """Return the pool size, and strides and padding if not the default."""
        return _join(format_size(self._size()), *_window_options(self, self._size()))

    def _size(self) -> tuple[int, int]:
        raise NotImplementedError


class MaxPooling2D(Pooling2D, key="max_pooling2d"):
    """The largest value of each patch."""

    pool_size: Pair = Field((2, 2), description="height and width of a patch in pixels")

    def _size(self) -> tuple[int, int]:
        return self.pool_size


class AveragePooling2D(Pooling2D, key="average_pooling2d"):
    """The mean of each patch."""

    pool_size: Pair = Field(description="height and width of a patch in pixels")

    def _size(self) -> tuple[int, int]:
        return self.pool_size


class GlobalPooling2D(Layer):
    """The arguments that the two global pooling layers have in common."""

    keepdims: bool = Field(False, description="keep height and width, which are then 1")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary for an image: one number per channel."""
        *_, channels = require_image(self.key, input_shape)
        return LayerSummary((1, 1, channels) if self.keepdims else (channels,))

    def describe(self) -> str:
        """Return "", because the layer has no arguments to show."""
        return ""


class GlobalAveragePooling2D(GlobalPooling2D, key="global_average_pooling2d"):
    """The mean of each channel."""

    may_follow_output = True


class GlobalMaxPooling2D(GlobalPooling2D, key="global_max_pooling2d"):
    """The largest value of each channel."""


class Flatten(Layer, key="flatten"):
    """Turns an image into one row of numbers."""

    may_follow_output = True

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary: one axis."""
        return LayerSummary((prod(input_shape),))

    def describe(self) -> str:
        """Return "", because the layer has no arguments to show."""
        return ""


class Reshape(Layer, key="reshape"):
    """Arranges the same numbers in another shape."""

    may_follow_output = True
    target_shape: TargetShape = Field(description="without the batch; one length may be -1, for what the others leave")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary: the target shape, with a length in place of -1."""
        return LayerSummary(reshaped(input_shape, self.target_shape))

    def describe(self) -> str:
        """Return "", because the output shape tells the target shape."""
        return ""


class ZeroPadding2D(Layer, key="zero_padding2d"):
    """Adds rows and columns of zeros around the image."""

    padding: Sides = Field(
        (1, 1), description="pixels on all sides, [height, width], or [[top, bottom], [left, right]]"
    )

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary for an image: its height and width grow."""
        height, width, channels = require_image(self.key, input_shape)
        rows, columns = self._sides()
        return LayerSummary((height + sum(rows), width + sum(columns), channels))

    def describe(self) -> str:
        """Return the padding of height and width, or of all four sides if they differ."""
        (top, bottom), (left, right) = self._sides()
        if (top, left) == (bottom, right):
            return format_size((top, left))
        return f"top {top}, bottom {bottom}, left {left}, right {right}"

    def _sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the padding of (top, bottom) and of (left, right)."""
        rows, columns = ((side, side) if isinstance(side, int) else side for side in self.padding)
        return rows, columns


class ElementwiseLayer(Layer):
    """A layer that changes each value separately; it keeps the shape and has no parameters."""

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary: the shape unchanged."""
        return LayerSummary(input_shape)


class Dropout(ElementwiseLayer, key="dropout"):
    """Sets a random fraction of the values to 0 during training."""

    rate: Fraction = Field(description="the fraction")

    def describe(self) -> str:
        """Return the rate."""
        return f"{self.rate:g}"


class SpatialDropout2D(Dropout, key="spatial_dropout2d"):
    """Sets a random fraction of each image's channels to 0 during training."""

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary for an image: the shape unchanged."""
        return super().summarize(require_image(self.key, input_shape))


class GaussianNoise(ElementwiseLayer, key="gaussian_noise"):
    """Adds random numbers of a normal distribution with mean 0 during training."""

    stddev: Annotated[float, Field(ge=0, le=1)] = Field(
        description="their standard deviation; pixels are scaled to 0 to 1"
    )

    def describe(self) -> str:
        """Return the standard deviation."""
        return f"{self.stddev:g}"


class NormalizationLayer(Layer):
    """The arguments that the two normalizations have in common."""

    epsilon: Positive = Field(0.001, description="added to the variance, so that it is never 0")
    center: bool = Field(True, description="whether to learn a shift, beta")
    scale: bool = Field(True, description="whether to learn a factor, gamma")
    beta_initializer: Initializer = Field(Zeros(), description="beta at the start")
    gamma_initializer: Initializer = Field(Ones(), description="gamma at the start")
    beta_regularizer: Regularizer | None = Field(None, description="penalty on beta")
    gamma_regularizer: Regularizer | None = Field(None, description="penalty on gamma")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary; each channel has a scale and a shift."""
        return LayerSummary(input_shape, trainable=(self.scale + self.center) * input_shape[-1])

    def describe(self) -> str:
        """Return "", because the arguments are rarely changed."""
        return ""


class BatchNormalization(NormalizationLayer, key="batch_normalization"):
    """Brings each channel to mean 0 and standard deviation 1 over the batch, then scales and shifts it."""

    momentum: Fraction = Field(0.99, description="of the moving mean and variance, which are used after training")
    moving_mean_initializer: Initializer = Field(Zeros(), description="moving mean at the start")
    moving_variance_initializer: Initializer = Field(Ones(), description="moving variance at the start")

    def summarize(self, input_shape: Shape) -> LayerSummary:
        """Return the summary; each channel also has a moving mean and a moving variance."""
        return replace(super().summarize(input_shape), non_trainable=2 * input_shape[-1])


class LayerNormalization(NormalizationLayer, key="layer_normalization"):
    """Brings the channels of each pixel, or the numbers of a row, to mean 0 and standard deviation 1."""


class ActivationLayer(ElementwiseLayer, key="activation"):
    """An activation function as a separate layer."""

    activation: Activation = Field(description="the function")

    def describe(self) -> str:
        """Return the activation's name."""
        return self.activation.key

    @classmethod
    def keras_name(cls) -> str:
        """Return the name in Keras; here the family of activation functions has it."""
        return "Activation"


class LeakyReLU(ElementwiseLayer, key="leaky_re_lu"):
    """x if positive, else negative_slope x."""

    is_activation = True
    output_tasks = ("regression",)
    negative_slope: NonNegative = Field(0.3, description="the slope for negative x")

    def describe(self) -> str:
        """Return the slope."""
        return f"{self.negative_slope:g}"


def _window_options(layer: ConvolutionalLayer | Pooling2D, default_strides: tuple[int, int]) -> Iterator[str]:
    if layer.strides not in (None, default_strides):
        yield f"strides {format_size(layer.strides)}"
    if layer.padding != "valid":
        yield layer.padding


def _join(*arguments: str | Activation | None) -> str:
    return ", ".join(
        argument.key if isinstance(argument, Activation) else argument for argument in arguments if argument is not None
    )
