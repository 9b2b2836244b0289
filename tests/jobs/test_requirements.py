"""`--require`: read, checked against the metrics there are, compared with a score."""

from __future__ import annotations

import pytest

from nntrain.errors import RequirementError, UsageError
from nntrain.jobs.requirements import NO_REQUIREMENTS, Requirement, Requirements


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("accuracy>=0.97", ("accuracy", True, 0.97)),
        ("accuracy>=97%", ("accuracy", True, 0.97)),
        ("loss<=0.1", ("loss", False, 0.1)),
        (" loss <= 1e-3 ", ("loss", False, 0.001)),
        ("mae<=+.5", ("mae", False, 0.5)),
        ("mae>=-2.", ("mae", True, -2.0)),
        ("mse<=1.5E+2 %", ("mse", False, 1.5)),
    ],
)
def test_a_requirement_is_a_name_a_sign_and_a_number(text, requirement):
    assert Requirements.parse([text]).items == (Requirement(text, *requirement),)


@pytest.mark.parametrize(
    "text", ["accuracy", "accuracy>0.9", "accuracy=0.9", ">=0.9", "accuracy>=x", "a>=.", "a>=1e", ""]
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(UsageError) as error:
        Requirements.parse([text])
    assert str(error.value) == (
        f"--require '{text}': write NAME>=VALUE or NAME<=VALUE in quotes, for example --require 'accuracy>=0.97'"
    )


def test_a_metric_that_the_score_will_not_have_is_refused():
    requirements = Requirements.parse(["loss<=1", "f1>=0.5"])
    requirements.check_names(["f1"])
    with pytest.raises(
        UsageError, match=r"^--require 'f1>=0.5': the test score has no f1; it has loss, accuracy, mae$"
    ):
        requirements.check_names(["accuracy", "mae"])


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("accuracy>=98", "; write 'accuracy>=98%' or 'accuracy>=0.98'"),
        ("accuracy>=97.5", "; write 'accuracy>=97.5%' or 'accuracy>=0.975'"),
        ("auc<=90", "; write 'auc<=90%' or 'auc<=0.9'"),
        ("accuracy>=980", ""),
        ("accuracy>=110%", ""),
    ],
)
def test_a_fraction_above_1_is_refused_before_anything_is_trained(text, advice):
    with pytest.raises(UsageError) as error:
        Requirements.parse([text]).check_names(["accuracy", "auc"])
    name = text.partition("=")[0][:-1]
    assert str(error.value) == f"--require '{text}': {name} is a fraction of at most 1{advice}"


def test_bounds_that_a_score_can_meet_are_accepted():
    Requirements.parse(["accuracy>=1", "accuracy>=100%", "loss<=2.3", "mae<=30"]).check_names(["accuracy", "mae"])


def test_every_requirement_that_is_missed_is_named_with_value_and_bound():
    requirements = Requirements.parse(["accuracy>=99%", "loss<=0.05", "mae<=1"])
    with pytest.raises(RequirementError) as error:
        requirements.check({"accuracy": 0.933, "loss": 0.0512345, "mae": 1.0})
    assert str(error.value) == "accuracy 0.9330 is below the required 0.99; loss 0.0512 is above the required 0.05"


def test_a_score_on_the_bound_meets_it():
    Requirements.parse(["accuracy>=0.5", "loss<=0.5"]).check({"accuracy": 0.5, "loss": 0.5})


def test_a_score_that_is_no_number_meets_nothing():
    for text in ("loss<=1", "loss>=0"):
        with pytest.raises(RequirementError):
            Requirements.parse([text]).check({"loss": float("nan")})


def test_without_requirements_every_score_will_do():
    NO_REQUIREMENTS.check_names([])
    NO_REQUIREMENTS.check({})
