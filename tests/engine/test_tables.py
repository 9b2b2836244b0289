"""Whatever a config can name has an entry in the engine's tables; a missing one is named. Without TensorFlow."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from nntrain.config import schema
from nntrain.inference.metrics import METRICS

BUILD = Path(__file__).parents[2] / "nntrain" / "engine" / "build.py"
FAMILIES = {
    "LAYERS": schema.Layer,
    "ACTIVATIONS": schema.Activation,
    "INITIALIZERS": schema.Initializer,
    "REGULARIZERS": schema.Regularizer,
    "OPTIMIZERS": schema.Optimizer,
    "LOSSES": schema.Loss,
    "METRICS": schema.Metric,
}
CHOSEN_BY_TASK = {"accuracy"}  # one of the other metrics


def tables():
    """Return the keys of each table in build.py, read without importing it."""
    assignments = [node for node in ast.parse(BUILD.read_text(encoding="utf-8")).body if isinstance(node, ast.Assign)]
    return {
        assignment.targets[0].id: {key.value for key in assignment.value.keys}
        for assignment in assignments
        if isinstance(assignment.value, ast.Dict)
    }


def missing(names, table, place):
    """Return one line for each name that a table lacks, and for each that it should not have."""
    lacking = [f"{place} lacks {name}" for name in sorted(set(names) - set(table))]
    return lacking + [f"{place} has {name}, which no config can name" for name in sorted(set(table) - set(names))]


@pytest.mark.parametrize("table", FAMILIES)
def test_the_engine_builds_whatever_a_config_can_name(table):
    names = set(FAMILIES[table].members) - CHOSEN_BY_TASK
    assert missing(names, tables()[table], f"nntrain/engine/build.py: {table}") == []


def test_every_loss_and_metric_can_be_computed_without_tensorflow():
    names = set(schema.Loss.members) | set(schema.Metric.members)
    assert missing(names, METRICS, "nntrain/inference/metrics.py: METRICS") == []


def test_a_name_that_a_table_lacks_is_reported_with_its_place():
    assert missing({"adam", "lion"}, {"adam", "sdg"}, "build.py: OPTIMIZERS") == [
        "build.py: OPTIMIZERS lacks lion",
        "build.py: OPTIMIZERS has sdg, which no config can name",
    ]
