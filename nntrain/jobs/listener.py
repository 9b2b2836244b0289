"""What a job reports to its caller while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nntrain.training.listener import TrainingListener

if TYPE_CHECKING:
    from nntrain.data.download import OnDownload
    from nntrain.jobs.plan import TrainingPlan
    from nntrain.runs.folder import RunDir


def _ignore(*_: object) -> None:
    """Accept any report and do nothing."""


@contextmanager
def _no_progress(dataset: str) -> Iterator[OnDownload]:
    yield _ignore


@dataclass(frozen=True, repr=False)
class JobListener(TrainingListener):
    """Callbacks for the progress of a job: those of a TrainingListener, and more for the steps around the training."""

    on_plan: Callable[[TrainingPlan], None] = _ignore  # called before TensorFlow is loaded
    on_run: Callable[[RunDir, int], None] = _ignore  # the run, and the number of its finished epochs
    on_waiting: Callable[[str], None] = _ignore  # a step that takes a moment: "loading TensorFlow"
    downloading: Callable[[str], AbstractContextManager[OnDownload]] = _no_progress  # a context around a download


SILENT = JobListener()
