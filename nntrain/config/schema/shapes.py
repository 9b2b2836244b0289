"""The arithmetic of shapes that layers share; the rules are those of Keras's layers with `channels_last`.

A shape leaves out the batch: (28, 28, 1) is an image of height, width and channels, (784,) a row of numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = tuple[int, ...]
Padding = Literal["valid", "same"]


class ShapeError(ValueError):
    """A layer cannot take its input; the message is for the user."""


@dataclass(frozen=True)
class LayerSummary:
    """What a layer does to the shape of its input, and what that takes."""

    output_shape: Shape
    trainable: int = 0  # parameters that training changes
    non_trainable: int = 0  # parameters that it does not: batch normalization's moving mean and variance
    macs: int = 0  # multiply-accumulates per image, forward

    @property
    def parameters(self) -> int:
        """Return the number of parameters, trainable or not."""
        return self.trainable + self.non_trainable


def require_image(layer: str, shape: Shape) -> tuple[int, int, int]:
    """Return height, width and channels; raises ShapeError if the shape is not an image's."""
    if len(shape) != 3:
        raise ShapeError(
            f"{layer} needs an image (height, width, channels) but receives {describe_shape(shape)}; "
            "put it before flatten and dense layers"
        )
    height, width, channels = shape
    return height, width, channels


def slide(
    window: str, image: tuple[int, int], size: tuple[int, int], strides: tuple[int, int], padding: Padding
) -> tuple[int, int]:
    """Return how many positions a window of `size` takes down and across an image.

    `window` is what messages call it. Raises ShapeError if the window is larger than the image.
    """
    if padding == "valid" and (size[0] > image[0] or size[1] > image[1]):
        raise ShapeError(
            f"{window} {_short(size)} is larger than the {by(image)} image left here; "
            "make it smaller, or remove a pooling layer above"
        )
    height, width = (_output_length(*axis, padding) for axis in zip(image, size, strides, strict=True))
    return height, width


def _output_length(length: int, window: int, stride: int, padding: Padding) -> int:
    """Return how many positions a window takes along `length` pixels."""
    if padding == "same":
        return -(-length // stride)
    return (length - window) // stride + 1


def describe_shape(shape: Shape) -> str:
    """Return a shape in words: "128 numbers", "an image of 13x13x32"."""
    return f"{shape[0]} numbers" if len(shape) == 1 else f"an image of {by(shape)}"


def by(sizes: tuple[int, ...]) -> str:
    """Return sizes as people write them: "3x5"."""
    return "x".join(map(str, sizes))


def _short(size: tuple[int, int]) -> str:
    return str(size[0]) if size[0] == size[1] else by(size)
