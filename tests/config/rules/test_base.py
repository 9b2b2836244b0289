"""What rules read and return, and how they are run."""

from __future__ import annotations

import pytest

from nntrain.config.rules.base import CheckContext, run_checks
from nntrain.config.schema import TASKS, Config
from nntrain.config.validate import Unavailable


def test_findings_of_a_rule_before_it_reads_an_invalid_value_are_kept():
    def rule(context):
        yield ("seed",), "first"
        raise Unavailable

    def other(context):
        yield ("task",), "second"

    assert run_checks([rule, other], CheckContext(None, None)) == [(("seed",), "first"), (("task",), "second")]


@pytest.mark.parametrize("task", TASKS)
def test_outputs_of_an_unknown_number_of_classes_are_not_judged(task):
    context = CheckContext(Config.model_construct(task=task), class_names=None)
    assert context.output_units() == (None if task == "classification" else 1)
