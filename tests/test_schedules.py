"""Each schedule against its published formula, computed by hand; and what `auto` decides."""

from __future__ import annotations

import pytest

from nntrain.config import schema
from nntrain.policy import use_xla
from nntrain.schedules import rate_by_epoch


def rates(schedule, epochs, start=0.1):
    """Return the learning rate of each epoch."""
    rate = rate_by_epoch(schedule, start=start, epochs=epochs)
    return [rate(epoch) for epoch in range(epochs)]


def test_step_decay_halves_every_second_epoch():
    assert rates(schema.StepDecay(factor=0.5, every=2), 5) == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])


def test_exponential_decay_multiplies_each_epoch():
    assert rates(schema.ExponentialDecay(rate=0.9), 4) == pytest.approx([0.1, 0.09, 0.081, 0.0729])


def test_cosine_annealing_is_half_a_cosine():
    # (1 + cos(pi t / 4)) / 2 for t = 0 to 3: 1, 0.853553, 0.5, 0.146447
    assert rates(schema.CosineAnnealing(), 4) == pytest.approx([0.1, 0.0853553, 0.05, 0.0146447], rel=1e-5)


def test_cosine_annealing_ends_above_its_least_rate():
    assert rates(schema.CosineAnnealing(min_lr=0.02), 4) == pytest.approx([0.1, 0.0882843, 0.06, 0.0317157], rel=1e-5)


def test_cosine_annealing_restarts_evenly():
    assert rates(schema.CosineAnnealing(restarts=1), 4) == pytest.approx([0.1, 0.05, 0.1, 0.05])


def test_the_warm_up_rises_in_equal_steps_to_the_start():
    assert rates(schema.CosineAnnealing(warmup_epochs=3), 5)[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])


def test_a_plateau_and_no_schedule_are_no_function_of_the_epoch():
    assert rate_by_epoch(schema.ReduceLROnPlateau(patience=3), start=0.1, epochs=4) is None
    assert rate_by_epoch(None, start=0.1, epochs=4) is None


def decide(epochs=10, device="cpu", jit="auto", layers=()):
    """Return what is decided for 48,000 images in batches of 128."""
    config = schema.Config.model_construct(
        model=(*layers, schema.Dense(units=10)),
        fit=schema.Fit(epochs=epochs),
        runtime=schema.Runtime(jit_compile=jit),
    )
    return use_xla(config, device=device, training_images=48_000)[0]


def test_xla_is_used_on_a_gpu_and_for_long_runs_of_dense_layers_on_a_cpu():
    assert decide(device="gpu") is True
    assert decide(epochs=100) is True
    assert decide(epochs=1) is False


def test_xla_is_never_chosen_for_convolutions_on_a_cpu():
    assert decide(epochs=10_000, layers=(schema.Conv2D(filters=4, kernel_size=(3, 3)),)) is False


def test_xla_is_as_asked_where_it_is_asked_for():
    assert decide(jit=True, layers=(schema.Conv2D(filters=4, kernel_size=(3, 3)),)) is True
    assert decide(jit=False, device="gpu") is False
