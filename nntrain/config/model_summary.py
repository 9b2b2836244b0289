"""A network's layers, parameters and operations, as `keras.Model.summary` shows them but without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nntrain.config.schema import Layer, LayerSummary, Shape
from nntrain.results import LayerRow
from nntrain.task import CHANNELS, IMAGE_SHAPE, PIXELS

IMAGE: Shape = (*IMAGE_SHAPE, CHANNELS)
ROW: Shape = (PIXELS,)


def needs_flatten(layers: Sequence[Layer]) -> bool:
    """Return whether a flatten is added in front, as for a network that starts with a dense layer."""
    return bool(layers) and layers[0].needs_flatten


def iterate_summaries(layers: Sequence[Layer]) -> Iterator[tuple[Layer, LayerSummary]]:
    """Yield each layer with its summary; raises ShapeError at the first layer that cannot take its input."""
    shape = ROW if needs_flatten(layers) else IMAGE
    for layer in layers:
        summary = layer.summarize(shape)
        yield layer, summary
        shape = summary.output_shape


def summarize_layers(layers: Sequence[Layer]) -> list[LayerRow]:
    """Return a row for each layer of the Keras network, including the two that nntrain adds in front."""
    added = LayerRow("Flatten", "", ROW, 0, 0) if needs_flatten(layers) else LayerRow("Reshape", "", IMAGE, 0, 0)
    return [
        LayerRow("Rescaling", "pixels / 255", IMAGE_SHAPE, 0, 0),
        added,
        *(
            LayerRow(layer.keras_name(), layer.describe(), summary.output_shape, summary.parameters, summary.trainable)
            for layer, summary in iterate_summaries(layers)
        ),
    ]


def count_macs(layers: Sequence[Layer]) -> int:
    """Return the multiply-accumulate operations (MACs) of a forward pass on one image."""
    return sum(summary.macs for _, summary in iterate_summaries(layers))


def training_flops(layers: Sequence[Layer], images: int) -> int:
    """Return the floating-point operations of training on `images` once: a backward pass takes twice a forward pass."""
    return 3 * scoring_flops(layers, images)


def scoring_flops(layers: Sequence[Layer], images: int) -> int:
    """Return the floating-point operations of scoring `images`: a multiplication and an addition per MAC."""
    return 2 * count_macs(layers) * images
