"""Keras has whatever a config can name, and NumPy scores it; what is missing is named. Without TensorFlow."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from nntrain.config import schema
from nntrain.inference.metrics import METRICS

FAMILIES = {
    "layers": schema.Layer,
    "activations": schema.Activation,
    "initializers": schema.Initializer,
    "regularizers": schema.Regularizer,
    "optimizers": schema.Optimizer,
    "losses": schema.Loss,
    "metrics": schema.Metric,
}


def names_in_keras(module):
    """Return the names that a module of Keras exports, read without importing it."""
    path = Path(find_spec("keras").origin).parent / module / "__init__.py"
    imports = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    return {alias.asname for node in imports for alias in node.names}


def missing(names, table, place):
    """Return one line for each name that a table lacks, and for each that it should not have."""
    lacking = [f"{place} lacks {name}" for name in sorted(set(names) - set(table))]
    return lacking + [f"{place} has {name}, which no config can name" for name in sorted(set(table) - set(names))]


@pytest.mark.parametrize("module", FAMILIES)
def test_keras_has_whatever_a_config_can_name(module):
    exported = names_in_keras(module)
    assert [
        f"nntrain/config/schema/{module}.py: keras.{module} has no {member.keras_name()} ({name})"
        for name, member in FAMILIES[module].members.items()
        if member.keras_name() not in exported
    ] == []


def test_every_loss_and_metric_can_be_computed_without_tensorflow():
    names = set(schema.Loss.members) | set(schema.Metric.members)
    assert missing(names, METRICS, "nntrain/inference/metrics.py: METRICS") == []


def test_a_name_that_a_table_lacks_is_reported_with_its_place():
    assert missing({"mse", "huber"}, {"mse", "hubre"}, "metrics.py: METRICS") == [
        "metrics.py: METRICS lacks huber",
        "metrics.py: METRICS has hubre, which no config can name",
    ]
