"""Layers, shapes, parameters and arithmetic of a network."""

from collections.abc import Sequence

from nntrain.config import schema
from nntrain.config.network import layer_table as summarize_layers
from nntrain.config.network import needs_flatten, work

__all__ = ["count_macs", "needs_flatten", "scoring_flops", "summarize_layers", "training_flops"]


def count_macs(layers: Sequence[schema.Layer]) -> int:
    """Return the multiply-accumulate operations of one image's forward pass."""
    return work(layers).products


def scoring_flops(layers: Sequence[schema.Layer], images: int) -> int:
    """Return the floating-point operations of scoring `images`."""
    return 2 * count_macs(layers) * images


def training_flops(layers: Sequence[schema.Layer], images: int) -> int:
    """Return the floating-point operations of training on `images` once: forward, and twice that backward."""
    return 3 * scoring_flops(layers, images)
