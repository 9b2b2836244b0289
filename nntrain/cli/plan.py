"""Describe what a training takes, for `check` and at the start of `train`."""

from __future__ import annotations

from pathlib import Path

from nntrain.data.catalog import is_dataset_path
from nntrain.jobs.plan import TrainingPlan
from nntrain.report.tables import format_count, format_estimate


def plan_lines(plan: TrainingPlan) -> list[str]:
    """Return the lines that describe the data and the training."""
    return [f"data      {_describe_data(plan)}", f"training  {_describe_training(plan)}"]


def _describe_data(plan: TrainingPlan) -> str:
    if plan.images is None:
        return str(Path(plan.dataset)) if is_dataset_path(plan.dataset) else plan.dataset
    training, validation, test = plan.images
    return f"{plan.dataset}: {training:,} training, {validation:,} validation, {test:,} test images"


def _describe_training(plan: TrainingPlan) -> str:
    size = f"{format_count(plan.epochs, 'epoch')}, batch size {plan.batch_size:,}"
    return size if plan.seconds is None else f"{size}; about {format_estimate(plan.seconds)}"
