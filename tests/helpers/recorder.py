"""A listener that remembers what a job reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nntrain.jobs.listener import JobListener
from nntrain.jobs.plan import TrainingPlan
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir


@dataclass
class Recorder:
    """What was reported, by kind and in order."""

    stop_after: int | None = None  # asks training to stop after this epoch
    plans: list[TrainingPlan] = field(default_factory=list)
    runs: list[tuple[str, int]] = field(default_factory=list)  # name, epochs finished
    epochs: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    progress: list[tuple[int, float]] = field(default_factory=list)
    downloads: list[str] = field(default_factory=list)
    saving: int = 0

    def listener(self) -> JobListener:
        """Return the listener."""

        @contextmanager
        def downloading(name: str) -> Iterator[Callable[[int, int], None]]:
            self.downloads.append(f"{name} begins")
            yield lambda count, total: self.downloads.append(f"{count} of {total}")
            self.downloads.append(f"{name} ends")

        def on_run(run: RunDir, epochs: int) -> None:
            self.runs.append((run.name, epochs))

        def on_epoch(result: EpochResult) -> None:
            self.epochs.append(result.epoch)

        def on_saving() -> None:
            self.saving += 1

        return JobListener(
            on_plan=self.plans.append,
            on_run=on_run,
            on_epoch=on_epoch,
            on_note=self.notes.append,
            on_waiting=self.waiting.append,
            on_device=self.devices.append,
            on_progress=lambda epoch, share, values: self.progress.append((epoch, share)),
            on_saving=on_saving,
            should_stop=lambda: self.stop_after in self.epochs,
            downloading=downloading,
        )
