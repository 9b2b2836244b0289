"""Each schedule's published formula, by hand; rates are those of the epochs from 0."""

from __future__ import annotations

import pytest

from nntrain.config.schema import CosineAnnealing, ExponentialDecay, ReduceLROnPlateau, StepDecay
from nntrain.training.lr_schedules import learning_rate_by_epoch


def rates(schedule, *, epochs, start=1.0):
    """Return a schedule's rate in each epoch of a run."""
    rate = learning_rate_by_epoch(schedule, start=start, epochs=epochs)
    return [rate(epoch) for epoch in range(epochs)]


def test_a_step_decay_halves_the_rate_every_other_epoch():
    assert rates(StepDecay(factor=0.5, every=2), epochs=6, start=0.1) == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]


def test_an_exponential_decay_multiplies_the_rate_after_each_epoch():
    assert rates(ExponentialDecay(rate=0.95), epochs=4, start=0.1) == pytest.approx([0.1, 0.095, 0.09025, 0.0857375])


def test_cosine_annealing_follows_half_a_cosine():
    # (1 + cos(pi t / 6)) / 2
    assert rates(CosineAnnealing(), epochs=6) == pytest.approx([1, 0.9330127, 0.75, 0.5, 0.25, 0.0669873])


def test_cosine_annealing_ends_at_the_least_rate():
    assert rates(CosineAnnealing(min_lr=0.2), epochs=2) == pytest.approx([1.0, 0.6])
    assert rates(CosineAnnealing(min_lr=0.2), epochs=1000)[-1] == pytest.approx(0.2, abs=1e-5)


def test_a_restart_begins_the_cosine_anew():
    assert rates(CosineAnnealing(restarts=1), epochs=6) == pytest.approx([1, 0.75, 0.25, 1, 0.75, 0.25])


@pytest.mark.parametrize(("epochs", "restarts"), [(10, 5), (10, 2), (30, 6), (49, 6), (100, 29)])
def test_a_restart_is_at_the_highest_rate_where_cycles_are_no_whole_epochs(epochs, restarts):
    # k cycles end together with a whole epoch where k * epochs / (restarts + 1) is whole.
    whole = [k * epochs // (restarts + 1) for k in range(restarts + 1) if k * epochs % (restarts + 1) == 0]
    annealed = rates(CosineAnnealing(restarts=restarts), epochs=epochs)
    assert [annealed[epoch] for epoch in whole] == [1.0] * len(whole)


def test_a_warm_up_grows_in_equal_steps_and_meets_the_cosine():
    schedule = CosineAnnealing(warmup_epochs=3)
    assert rates(schedule, epochs=5) == pytest.approx([0.25, 0.5, 0.75, 1.0, 0.5])


def test_restarts_divide_what_the_warm_up_leaves():
    schedule = CosineAnnealing(warmup_epochs=1, restarts=1)
    assert rates(schedule, epochs=5) == pytest.approx([0.5, 1.0, 0.5, 1.0, 0.5])


@pytest.mark.parametrize("schedule", [None, ReduceLROnPlateau(patience=3)])
def test_a_constant_rate_and_a_plateau_are_no_functions_of_the_epoch(schedule):
    assert learning_rate_by_epoch(schedule, start=0.1, epochs=10) is None
