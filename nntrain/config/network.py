"""What each layer makes of its input: shapes, parameters and arithmetic, without TensorFlow.

Shapes leave out the batch: (28, 28, 1) is an image, (784,) a row of numbers. The rules are those of Keras's layers with
`channels_last`; a test holds them against `keras.Model.summary` for generated networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from nntrain.config import schema
from nntrain.results import LayerRow

Shape = tuple[int, ...]

PICTURE: Shape = (28, 28)
IMAGE: Shape = (28, 28, 1)
FLAT: Shape = (784,)


class ShapeError(ValueError):
    """A layer cannot take the shape that reaches it; the message is for the user."""


@dataclass(frozen=True)
class Effect:
    """What a layer does to a shape, and what that takes."""

    shape: Shape
    trainable: int = 0  # parameters that training changes
    frozen: int = 0  # parameters that it does not: batch normalization's running mean and variance
    products: int = 0  # multiplications an image, forward


def needs_flatten(layers: Sequence[schema.Layer]) -> bool:
    """Tell whether a flatten is put before the first layer: a network that begins with a dense layer gets one."""
    return bool(layers) and isinstance(layers[0], schema.Dense)


def effect(layer: schema.Layer, shape: Shape) -> Effect:
    """Return what `layer` does to an input of `shape`; raises ShapeError where it cannot take it."""
    match layer:
        case schema.Dense():
            bias = layer.units if layer.use_bias else 0
            inputs, places = shape[-1], prod(shape[:-1])
            return Effect(
                (*shape[:-1], layer.units), inputs * layer.units + bias, products=places * inputs * layer.units
            )
        case schema.Conv2D():
            return _convolution(layer, _image(layer, shape))
        case schema.MaxPooling2D() | schema.AveragePooling2D():
            height, width, channels = _image(layer, shape)
            steps = layer.strides or layer.pool_size
            rows = _slid(layer.key, height, layer.pool_size[0], steps[0], layer.padding)
            columns = _slid(layer.key, width, layer.pool_size[1], steps[1], layer.padding)
            return Effect((rows, columns, channels))
        case schema.GlobalAveragePooling2D() | schema.GlobalMaxPooling2D():
            channels = _image(layer, shape)[2]
            return Effect((1, 1, channels) if layer.keepdims else (channels,))
        case schema.Flatten():
            return Effect((prod(shape),))
        case schema.BatchNormalization():
            return Effect(shape, (layer.scale + layer.center) * shape[-1], frozen=2 * shape[-1])
        case _:
            return Effect(shape)


def _image(layer: schema.Layer, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ShapeError(
            f"{layer.key} needs an image (height, width, channels), but what reaches it is {shape_words(shape)}; "
            "put it before the flatten and dense layers"
        )
    return shape[0], shape[1], shape[2]


def _convolution(layer: schema.Conv2D, image: tuple[int, int, int]) -> Effect:
    height, width, channels = image
    if channels % layer.groups or layer.filters % layer.groups:
        raise ShapeError(
            f"groups: {layer.groups} has to divide both the {channels} channels that come in and the "
            f"{layer.filters} filters"
        )
    if layer.strides != (1, 1) and layer.dilation_rate != (1, 1):
        raise ShapeError("strides and dilation_rate cannot both be above 1")
    spans = [(size - 1) * rate + 1 for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    rows = _slid(layer.key, height, spans[0], layer.strides[0], layer.padding)
    columns = _slid(layer.key, width, spans[1], layer.strides[1], layer.padding)
    kernel = prod(layer.kernel_size) * (channels // layer.groups) * layer.filters
    bias = layer.filters if layer.use_bias else 0
    return Effect((rows, columns, layer.filters), kernel + bias, products=rows * columns * kernel)


def _slid(kind: str, size: int, window: int, step: int, padding: str) -> int:
    """Return how many places a window takes along `size` pixels."""
    if padding == "same":
        return -(-size // step)
    if window > size:
        raise ShapeError(
            f"{kind} leaves nothing: its window of {window} does not fit into the {size} pixels that reach it; "
            "make it smaller, or leave out a pooling above"
        )
    return (size - window) // step + 1


def shape_words(shape: Shape) -> str:
    """Say a shape in words: "128 numbers", "an image of 13x13x32"."""
    return f"{shape[0]} numbers" if len(shape) == 1 else f"an image of {'x'.join(map(str, shape))}"


def layer_table(layers: Sequence[schema.Layer]) -> list[LayerRow]:
    """Return a row for each layer of the Keras network, those that nntrain adds at its head included."""
    rows = [LayerRow("Rescaling", "pixels / 255", PICTURE, 0, 0)]
    shape = FLAT if needs_flatten(layers) else IMAGE
    rows.append(LayerRow("Flatten" if needs_flatten(layers) else "Reshape", "", shape, 0, 0))
    for layer in layers:
        done = effect(layer, shape)
        shape = done.shape
        kind = "Activation" if isinstance(layer, schema.ActivationLayer) else type(layer).__name__
        rows.append(LayerRow(kind, describe(layer), shape, done.trainable + done.frozen, done.trainable))
    return rows


def describe(layer: schema.Layer) -> str:
    """Name a layer's telling arguments: those that a network's drawing would show."""
    match layer:
        case schema.Dense():
            words = [str(layer.units)]
        case schema.Conv2D():
            words = [f"{layer.filters} of {_by(layer.kernel_size)}", *_steps(layer)]
        case schema.MaxPooling2D() | schema.AveragePooling2D():
            words = [_by(layer.pool_size), *_steps(layer)]
        case schema.Dropout():
            words = [f"{layer.rate:g}"]
        case schema.LeakyReLU():
            words = [f"{layer.negative_slope:g}"]
        case _:
            words = []
    activation = getattr(layer, "activation", None)
    return ", ".join([*words, activation.key] if activation else words)


def _by(pair: tuple[int, int]) -> str:
    return f"{pair[0]}x{pair[1]}"


def _steps(layer: schema.Conv2D | schema.MaxPooling2D | schema.AveragePooling2D) -> Iterable[str]:
    usual = (1, 1) if isinstance(layer, schema.Conv2D) else layer.pool_size
    if layer.strides not in (None, usual):
        yield f"strides {_by(layer.strides)}"
    if layer.padding != "valid":
        yield layer.padding


@dataclass(frozen=True)
class Work:
    """What training a network takes."""

    parameters: int
    products: int  # multiplications an image, forward
    convolutional: bool

    def training_operations(self, images: int) -> int:
        """Return the operations of one pass of training over `images`: forward, and twice that backward."""
        return 3 * self.scoring_operations(images)

    def scoring_operations(self, images: int) -> int:
        """Return the operations of scoring `images`."""
        return 2 * self.products * images


def work(layers: Sequence[schema.Layer]) -> Work:
    """Count what a valid network takes."""
    shape = FLAT if needs_flatten(layers) else IMAGE
    parameters = products = 0
    for layer in layers:
        done = effect(layer, shape)
        shape, parameters, products = (
            done.shape,
            parameters + done.trainable + done.frozen,
            products + done.products,
        )
    return Work(parameters, products, any(isinstance(layer, schema.Conv2D) for layer in layers))
