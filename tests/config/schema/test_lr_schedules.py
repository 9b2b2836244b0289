"""Each schedule's published formula, by hand; rates are those of the epochs from 0."""

from __future__ import annotations

import pytest

from nntrain.config.schema.lr_schedules import (
    CosineAnnealing,
    ExponentialDecay,
    LearningRateSchedule,
    OneCycle,
    PolynomialDecay,
    ReduceLROnPlateau,
    StepDecay,
)


def rates(schedule, *, epochs, initial=1.0):
    """Return a schedule's rate in each epoch of a run."""
    return [schedule.learning_rate(epoch, initial=initial, epochs=epochs) for epoch in range(epochs)]


# The learning rates of a run with as many epochs, if the optimizer's is 1.
CASES = [
    (StepDecay(factor=0.5, every=2), [1, 1, 0.5, 0.5, 0.25, 0.25]),
    (ExponentialDecay(rate=0.95), [1, 0.95, 0.9025, 0.857375]),
    # 0.2 + (1 - 0.2) (1 - t / 4)
    (PolynomialDecay(end_learning_rate=0.2), [1, 0.8, 0.6, 0.4]),
    # (1 - t / 4)^2
    (PolynomialDecay(end_learning_rate=0, power=2), [1, 0.5625, 0.25, 0.0625]),
    (PolynomialDecay(decay_epochs=2, end_learning_rate=0.2), [1, 0.6, 0.2, 0.2, 0.2]),
    # (1 - t / 2) up to epoch 2, then (1 - t / 4) up to epoch 4, then (1 - t / 6)
    (PolynomialDecay(decay_epochs=2, end_learning_rate=0, cycle=True), [1, 0.5, 0, 0.25, 0, 1 / 6, 0]),
    # (1 + cos(pi t / 6)) / 2
    (CosineAnnealing(), [1, 0.9330127, 0.75, 0.5, 0.25, 0.0669873]),
    (CosineAnnealing(min_lr=0.2), [1, 0.6]),
    (CosineAnnealing(restarts=1), [1, 0.75, 0.25, 1, 0.75, 0.25]),
    (CosineAnnealing(warmup_epochs=1), [0.5, 1, 0.75, 0.25]),
    (CosineAnnealing(warmup_epochs=3), [0.25, 0.5, 0.75, 1, 0.5]),
    (CosineAnnealing(warmup_epochs=1, restarts=1), [0.5, 1, 0.5, 1, 0.5]),
    (CosineAnnealing(warmup_epochs=1, min_lr=0.6), [0.5, 1, 0.8]),
    # From 1 / 25 up to epoch 0.3 * 10 - 1 = 2, and down to 1 / 25 / 10,000 at epoch 9, each on half a cosine:
    # epoch 1: 1 + (0.04 - 1) (1 + cos(pi / 2)) / 2; epoch 3: (1 + cos(pi / 7)) / 2
    (OneCycle(), [0.04, 0.52, 1, 0.950485, 0.811746, 0.611262, 0.388742, 0.188258, 0.049519, 0.000004]),
    # From 0.5 up to epoch 0.5 * 5 - 1 = 1.5, and down to 0.5 / 5 = 0.1 at epoch 4
    (
        OneCycle(anneal_strategy="linear", div_factor=2, final_div_factor=5, pct_start=0.5),
        [0.5, 0.5 + 0.5 / 1.5, 1 - 0.9 * 0.2, 1 - 0.9 * 0.6, 0.1],
    ),
]


@pytest.mark.parametrize(("schedule", "expected"), CASES, ids=[repr(schedule) for schedule, _ in CASES])
def test_a_schedule_follows_its_formula(schedule, expected):
    assert rates(schedule, epochs=len(expected)) == pytest.approx(expected, abs=1e-6)


def test_every_schedule_but_the_plateau_follows_a_formula_that_is_tested():
    missing = set(LearningRateSchedule.members) - {schedule.key for schedule, _ in CASES} - {"reduce_lr_on_plateau"}
    assert not missing, f"test_lr_schedules.py: add cases of {sorted(missing)}"


@pytest.mark.parametrize("schedule", [StepDecay(), ExponentialDecay(), CosineAnnealing(), OneCycle(pct_start=0.5)])
def test_the_highest_rate_is_the_optimizers(schedule):
    assert max(rates(schedule, epochs=4, initial=0.1)) == 0.1


@pytest.mark.parametrize(("epochs", "restarts"), [(10, 5), (10, 2), (30, 6), (49, 6), (100, 29)])
def test_a_restart_is_at_the_highest_rate_if_a_cycle_is_no_whole_number_of_epochs(epochs, restarts):
    # k cycles end together with an epoch if k * epochs / (restarts + 1) is an integer.
    starts = [k * epochs // (restarts + 1) for k in range(restarts + 1) if k * epochs % (restarts + 1) == 0]
    annealed = rates(CosineAnnealing(restarts=restarts), epochs=epochs)
    assert [annealed[epoch] for epoch in starts] == [1.0] * len(starts)


@pytest.mark.parametrize(
    ("schedule", "depends"),
    [
        (StepDecay(), False),
        (PolynomialDecay(), True),
        (PolynomialDecay(decay_epochs=5), False),
        (CosineAnnealing(), True),
        (OneCycle(), True),
        (ReduceLROnPlateau(patience=3), False),
    ],
)
def test_a_schedule_knows_whether_it_depends_on_the_number_of_epochs(schedule, depends):
    assert schedule.depends_on_epochs == depends


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in CASES], ids=repr)
def test_a_schedule_that_does_not_depend_on_it_has_the_same_rates_in_a_longer_run(schedule):
    differs = rates(schedule, epochs=10) != rates(schedule, epochs=20)[:10]
    assert differs == schedule.depends_on_epochs, f"correct {type(schedule).__name__}.depends_on_epochs"
