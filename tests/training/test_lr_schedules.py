"""Each schedule's published formula, by hand; rates are those of the epochs from 0."""

from __future__ import annotations

import pytest

from nntrain.config.schema.lr_schedules import (
    CosineAnnealing,
    ExponentialDecay,
    LearningRateSchedule,
    ReduceLROnPlateau,
    StepDecay,
)
from nntrain.training.lr_schedules import learning_rate_by_epoch


def rates(schedule, *, epochs, initial=1.0):
    """Return a schedule's rate in each epoch of a run."""
    rate = learning_rate_by_epoch(schedule, initial=initial, epochs=epochs)
    return [rate(epoch) for epoch in range(epochs)]


def test_a_step_decay_halves_the_rate_every_other_epoch():
    assert rates(StepDecay(factor=0.5, every=2), epochs=6, initial=0.1) == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]


def test_an_exponential_decay_multiplies_the_rate_after_each_epoch():
    assert rates(ExponentialDecay(rate=0.95), epochs=4, initial=0.1) == pytest.approx([0.1, 0.095, 0.09025, 0.0857375])


def test_cosine_annealing_follows_half_a_cosine():
    # (1 + cos(pi t / 6)) / 2
    assert rates(CosineAnnealing(), epochs=6) == pytest.approx([1, 0.9330127, 0.75, 0.5, 0.25, 0.0669873])


def test_cosine_annealing_ends_near_the_lowest_rate():
    assert rates(CosineAnnealing(min_lr=0.2), epochs=2) == pytest.approx([1.0, 0.6])
    assert rates(CosineAnnealing(min_lr=0.2), epochs=1000)[-1] == pytest.approx(0.2, abs=1e-5)


def test_a_restart_starts_the_cosine_again():
    assert rates(CosineAnnealing(restarts=1), epochs=6) == pytest.approx([1, 0.75, 0.25, 1, 0.75, 0.25])


@pytest.mark.parametrize(("epochs", "restarts"), [(10, 5), (10, 2), (30, 6), (49, 6), (100, 29)])
def test_a_restart_is_at_the_highest_rate_if_a_cycle_is_no_whole_number_of_epochs(epochs, restarts):
    # k cycles end together with an epoch if k * epochs / (restarts + 1) is an integer.
    starts = [k * epochs // (restarts + 1) for k in range(restarts + 1) if k * epochs % (restarts + 1) == 0]
    annealed = rates(CosineAnnealing(restarts=restarts), epochs=epochs)
    assert [annealed[epoch] for epoch in starts] == [1.0] * len(starts)


def test_a_warm_up_grows_in_equal_steps_up_to_the_initial_rate():
    schedule = CosineAnnealing(warmup_epochs=3)
    assert rates(schedule, epochs=5) == pytest.approx([0.25, 0.5, 0.75, 1.0, 0.5])


def test_after_a_warm_up_the_cosine_starts_at_its_top():
    assert rates(CosineAnnealing(warmup_epochs=1), epochs=4) == pytest.approx([0.5, 1.0, 0.75, 0.25])


def test_restarts_divide_what_the_warm_up_leaves():
    schedule = CosineAnnealing(warmup_epochs=1, restarts=1)
    assert rates(schedule, epochs=5) == pytest.approx([0.5, 1.0, 0.5, 1.0, 0.5])


def test_a_lowest_rate_counts_after_the_warm_up_alone():
    schedule = CosineAnnealing(warmup_epochs=1, min_lr=0.6)
    assert rates(schedule, epochs=3) == pytest.approx([0.5, 1.0, 0.8])


@pytest.mark.parametrize("schedule", [None, ReduceLROnPlateau(patience=3)])
def test_a_constant_rate_and_a_plateau_are_no_functions_of_the_epoch(schedule):
    assert learning_rate_by_epoch(schedule, initial=0.1, epochs=10) is None


REQUIRED = {"reduce_lr_on_plateau": {"patience": 3}}


@pytest.mark.parametrize("name", LearningRateSchedule.members)
def test_every_schedule_has_a_rule(name):
    schedule = LearningRateSchedule.members[name](**REQUIRED.get(name, {}))
    learning_rate_by_epoch(schedule, initial=0.1, epochs=10)


def test_a_schedule_without_a_rule_is_an_error_that_names_the_place():
    unknown = LearningRateSchedule.model_construct()
    object.__setattr__(unknown, "key", "polynomial_decay")
    with pytest.raises(TypeError, match=r"lr_schedules\.py: learning_rate_by_epoch has no rule for polynomial_decay"):
        learning_rate_by_epoch(unknown, initial=0.1, epochs=10)
