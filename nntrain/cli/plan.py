"""What training takes, in words: for `check`, and for `train` before it starts."""

from __future__ import annotations

from pathlib import Path

from nntrain.data.catalog import is_dataset_path
from nntrain.jobs.plan import TrainingPlan
from nntrain.report.tables import format_count, format_estimate


def plan_lines(plan: TrainingPlan) -> list[str]:
    """Return the lines that tell the data and the training."""
    return [f"data      {_data_words(plan)}", f"training  {_training_words(plan)}"]


def _data_words(plan: TrainingPlan) -> str:
    if plan.images is None:
        return str(Path(plan.dataset)) if is_dataset_path(plan.dataset) else plan.dataset
    training, validation, test = plan.images
    return f"{plan.dataset}: {training:,} training, {validation:,} validation, {test:,} test images"


def _training_words(plan: TrainingPlan) -> str:
    words = f"{format_count(plan.epochs, 'epoch')}, batch size {plan.batch_size:,}"
    return words if plan.seconds is None else f"{words}; about {format_estimate(plan.seconds)}"
