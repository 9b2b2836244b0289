"""The power fails at any moment of a training; nothing is lost and nothing half.

A training is run once. At each of its syncs and renames the disk is copied as a power failure would leave it there, and
a training continues from every copy.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nntrain.jobs.plan import open_config
from nntrain.jobs.resume import resume
from nntrain.jobs.train import train
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_history
from nntrain.runs.store import list_runs
from nntrain.system.files import TEMPORARY_NAME

pytestmark = pytest.mark.tensorflow


class Disk:
    """Stands for `sync` and `move` of nntrain.system.files, and copies what would be on the disk without power."""

    def __init__(self, runs: Path, copies: Path) -> None:
        self.runs, self.copies = runs, copies
        self.operations = 0
        self.states: dict[str, Path] = {}  # the copies that differ, by what is in them

    def fail(self, effect: Callable[[Path], None]) -> None:
        """Copy the disk, then take from the copy what had not reached it."""
        self.operations += 1
        copy = self.copies / str(self.operations)
        copy.mkdir(parents=True)
        if self.runs.exists():
            shutil.copytree(self.runs, copy, dirs_exist_ok=True)
        effect(copy)
        if self.states.setdefault(content(copy), copy) is not copy:
            shutil.rmtree(copy)

    def sync(self, path: Path) -> None:
        """A file was written: until it is synced it may be empty, or half."""
        name = path.relative_to(self.runs)
        for size in (0, path.stat().st_size // 2):

            def truncate(copy: Path, size: int = size) -> None:
                with (copy / name).open("rb+") as file:
                    file.truncate(size)

            self.fail(truncate)

    def move(self, source: Path, target: Path) -> None:
        """A file is renamed: until its folder is synced, the old name may come back."""
        old, new = source.relative_to(self.runs), target.relative_to(self.runs)
        before = target.read_bytes() if target.is_file() else None
        self.fail(lambda copy: None)
        source.replace(target)

        def undo(copy: Path) -> None:
            (copy / new).rename(copy / old)
            if before is not None:
                (copy / new).write_bytes(before)

        self.fail(undo)


def content(folder: Path) -> str:
    """Return a digest of a folder's files, without those that were not finished and that nobody reads."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".tiny-") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and not TEMPORARY_NAME.fullmatch(path.name):
            digest.update(f"{path.relative_to(folder)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Return the folder of runs; a checkpoint is written after every epoch there, and no plot, which takes its time."""
    monkeypatch.setattr("nntrain.engine.callbacks.checkpoint.MIN_CHECKPOINT_INTERVAL", 0)
    monkeypatch.setattr("nntrain.report.plots.draw_training", lambda *_, **options: None)
    return tmp_path / "runs"


@pytest.fixture
def record(runs, tmp_path):
    """Return a function that does some work and returns the disk as power failures would leave it in between."""

    def record(work: Callable[[], object]) -> Disk:
        disk = Disk(runs, tmp_path / "copies")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("nntrain.system.files.sync_file", disk.sync)
            patch.setattr("nntrain.system.files.replace_and_sync", disk.move)
            work()
        return disk

    return record


def restore(copy: Path, runs: Path) -> None:
    """Put a copy of the disk in place."""
    shutil.rmtree(runs)
    shutil.copytree(copy, runs)


def outcome(folder):
    """Return what a run came to, and what is left over in its folder."""
    run = RunDir(folder)
    rows = [{**row, "seconds": 0.0} for row in read_history(run.history_path)]
    info = run.read_info()
    litter = [
        path.name for path in [*folder.iterdir(), *run.checkpoint_dir.iterdir()] if TEMPORARY_NAME.fullmatch(path.name)
    ]
    return run.status(), info["fingerprints"]["weights"], run.read_metrics()["test"], rows, litter


def test_after_a_power_failure_at_any_moment_a_resume_gives_the_run_without_one(runs, record, write_config):
    config = open_config(str(write_config()))
    disk = record(lambda: train(config, runs_dir=runs))
    whole = outcome(runs / "tiny-1")
    assert disk.operations > 40
    assert len(disk.states) > 10
    for copy in disk.states.values():
        restore(copy, runs)
        found = list_runs(runs)
        if not found:
            train(config, runs_dir=runs)
        elif found[0].status() != "complete":
            resume("tiny-1", runs_dir=runs)
        assert outcome(runs / "tiny-1") == whole, f"after operation {copy.name}"


def test_after_a_power_failure_in_a_longer_training_it_can_be_asked_for_again(runs, record, write_config):
    train(open_config(str(write_config())), runs_dir=runs)
    disk = record(lambda: resume("tiny-1", ["epochs=3"], runs_dir=runs))
    whole = outcome(runs / "tiny-1")
    assert len(disk.states) > 8
    for copy in disk.states.values():
        restore(copy, runs)
        run = RunDir(runs / "tiny-1")
        if run.status() != "complete" or len(read_history(run.history_path)) < 3:
            resume("tiny-1", ["epochs=3"], runs_dir=runs)
        assert outcome(run.path) == whole, f"after operation {copy.name}"
