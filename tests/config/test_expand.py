"""Every way to write a component ends in the same form."""

from __future__ import annotations

GOOD = """model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: adam
loss: categorical_crossentropy
"""


def with_model(*layers):
    """Return a config with these hidden layers."""
    lines = "".join(f"  - {layer}\n" for layer in layers)
    return f"model:\n{lines}  - dense: {{units: 10, activation: softmax}}\noptimizer: adam\nloss: categorical_crossentropy\n"


def test_a_bare_value_is_the_one_argument_that_keras_requires(read):
    config = read(with_model("dense: 8", "dropout: 0.3", "activation: relu"))
    assert (config.model[0].units, config.model[1].rate, config.model[2].activation.key) == (8, 0.3, "relu")


def test_an_empty_section_is_its_defaults(read):
    assert read("fit:\nruntime:\n" + GOOD) == read(GOOD)
