"""The description of what a training takes."""

from __future__ import annotations

import pytest

from nntrain.cli.plan import plan_lines
from nntrain.jobs.plan import ImageCounts, TrainingPlan


def plan(**changes):
    """Return a plan of ten epochs on mnist."""
    values = {
        "dataset": "mnist",
        "layers": (),
        "hints": (),
        "epochs": 10,
        "batch_size": 128,
        "images": ImageCounts(48_000, 12_000, 10_000),
        "flops": 75_000_000_000 * 60,
    }
    return TrainingPlan(**{**values, **changes})


def test_data_with_a_name_is_counted_and_the_time_estimated():
    assert plan_lines(plan()) == [
        "data      mnist: 48,000 training, 12,000 validation, 10,000 test images",
        "training  10 epochs, batch size 128; about 64 s",
    ]


@pytest.mark.parametrize("dataset", ["/data/own.npz", "cifar10"])
def test_other_data_is_named(dataset):
    lines = plan_lines(plan(dataset=dataset, images=None, flops=None, epochs=1, batch_size=1000))
    assert lines == [f"data      {dataset}", "training  1 epoch, batch size 1,000"]
