"""Output shapes of layers, by the rules of Keras's layers with `channels_last`.

A shape does not include the batch dimension: (28, 28, 1) is an image of height, width and channels, (784,) a vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

Shape = tuple[int, ...]
Padding = Literal["valid", "same"]


class ShapeError(ValueError):
    """A layer cannot take its input; the message is for the user."""


@dataclass(frozen=True)
class LayerSummary:
    """A layer's output shape, and its parameters and operations."""

    output_shape: Shape
    trainable: int = 0  # parameters that training changes
    non_trainable: int = 0  # other parameters, such as batch normalization's moving mean and variance
    macs: int = 0  # multiply-accumulate operations of a forward pass on one image

    @property
    def parameters(self) -> int:
        """Return the number of parameters, trainable or not."""
        return self.trainable + self.non_trainable


def require_image(layer: str, shape: Shape) -> tuple[int, int, int]:
    """Return height, width and channels of an image's shape; raises ShapeError for the shape of a vector.

    `layer` is the layer's name in messages.
    """
    if len(shape) != 3:
        raise ShapeError(
            f"{layer} needs an image (height, width, channels) but receives {describe_shape(shape)}; "
            "put it before flatten and dense layers"
        )
    height, width, channels = shape
    return height, width, channels


def output_size(
    window: str, image: tuple[int, int], size: tuple[int, int], strides: tuple[int, int], padding: Padding
) -> tuple[int, int]:
    """Return the height and width of a convolution's or pooling's output.

    `image` is the height and width of the input, `size` that of the window, and `window` its name in messages. Raises
    ShapeError if the window is larger than the image.
    """
    if padding == "valid" and (size[0] > image[0] or size[1] > image[1]):
        raise ShapeError(
            f"{window} {_format_window(size)} is larger than the {format_size(image)} image left here; "
            "make it smaller, or remove a pooling layer above"
        )
    height, width = (_output_length(*axis, padding) for axis in zip(image, size, strides, strict=True))
    return height, width


def _output_length(length: int, window: int, stride: int, padding: Padding) -> int:
    """Return the number of positions of a window along `length` pixels."""
    if padding == "same":
        return -(-length // stride)
    return (length - window) // stride + 1


def reshaped(shape: Shape, target: tuple[int, ...]) -> Shape:
    """Return a target shape with the length that the others leave in place of -1.

    Raises ShapeError if it does not have as many values as `shape`.
    """
    if target.count(-1) > 1:
        raise ShapeError("only one length of target_shape may be -1")
    if 0 in target:
        raise ShapeError("a length of target_shape must be above 0, or -1")
    values, known = prod(shape), prod(length for length in target if length != -1)
    left, remainder = divmod(values, known)
    if remainder or (-1 not in target and left != 1):
        needed = f"a multiple of {known:,}" if -1 in target else f"{known:,}"
        received = describe_shape(shape) if len(shape) == 1 else f"{describe_shape(shape)} with {values:,} values"
        raise ShapeError(f"target_shape has {needed} values, but the layer receives {received}")
    return tuple(left if length == -1 else length for length in target)


def describe_shape(shape: Shape) -> str:
    """Return a shape as messages write it: "128 numbers", "an image of 13x13x32", "an array of 28x28"."""
    if len(shape) == 1:
        return f"{shape[0]} numbers"
    return f"an {'image' if len(shape) == 3 else 'array'} of {format_size(shape)}"


def format_size(sizes: tuple[int, ...]) -> str:
    """Return sizes joined by "x", for example "3x5"."""
    return "x".join(map(str, sizes))


def _format_window(size: tuple[int, int]) -> str:
    return str(size[0]) if size[0] == size[1] else format_size(size)
