"""Sections and the types of their numbers."""

from __future__ import annotations


def with_model(*layers):
    """Return a config with these hidden layers."""
    lines = "".join(f"  - {layer}\n" for layer in layers)
    return f"model:\n{lines}  - dense: {{units: 10, activation: softmax}}\noptimizer: adam\nloss: categorical_crossentropy\n"


def test_one_number_stands_for_both_directions(read):
    layer = read(with_model("conv2d: {filters: 2, kernel_size: 3, strides: [1, 2]}", "flatten")).model[0]
    assert (layer.kernel_size, layer.strides) == ((3, 3), (1, 2))
