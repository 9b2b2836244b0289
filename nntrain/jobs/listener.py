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


@dataclass(frozen=True)
class JobListener(TrainingListener):
    """Called as a job goes on: around the training that a TrainingListener hears of."""

    on_plan: Callable[[TrainingPlan], None] = _ignore  # what is going to be trained, before TensorFlow is loaded
    on_run: Callable[[RunDir, int], None] = _ignore  # the run's folder, and the epochs that it has finished already
    on_waiting: Callable[[str], None] = _ignore  # what takes a moment: "loading TensorFlow"
    downloading: Callable[[str], AbstractContextManager[OnDownload]] = _no_progress  # around a data set's download


SILENT = JobListener()
