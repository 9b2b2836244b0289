"""The power fails at every single write, sync and rename of a training in turn; nothing is lost and nothing half."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow

PARTS = 4  # of the sweep, so that it spreads over processes


class PowerFailureError(BaseException):
    """Nothing runs after it."""


class Disk:
    """Stands for `sync` and `move` of nntrain.files: what was not synced is lost when the power fails."""

    def __init__(self, fails_at: int | None) -> None:
        self.fails_at, self.done, self.off = fails_at, 0, False

    def step(self) -> None:
        """Count an operation; from the one at which the power fails on there is none."""
        self.done += 1
        self.off = self.off or self.done == self.fails_at
        if self.off:
            raise PowerFailureError

    def sync(self, path: Path) -> None:
        """A file was written, then is synced: without power it is empty, or half."""
        for left in (0, path.stat().st_size // 2):
            try:
                self.step()
            except PowerFailureError:
                with path.open("rb+") as file:
                    file.truncate(left)
                raise

    def move(self, source: Path, target: Path) -> None:
        """A file is renamed, then the folder is synced: without power the old name comes back."""
        self.step()
        before = target.read_bytes() if target.exists() else None
        source.replace(target)
        try:
            self.step()
        except PowerFailureError:
            if before is None:
                target.rename(source)
            else:
                shutil.copyfile(target, source)
                target.write_bytes(before)
            raise


@pytest.fixture
def power(monkeypatch, tmp_path, write_config):
    """Return a function that trains or resumes on a disk whose power fails; it tells how many operations were done."""
    from nntrain.jobs.plan import open_config
    from nntrain.jobs.resume import resume
    from nntrain.jobs.train import train

    config = open_config(str(write_config()))
    runs = tmp_path / "runs"
    unlink, rmtree = Path.unlink, shutil.rmtree
    monkeypatch.setattr("nntrain.engine.callbacks.checkpoint.MIN_CHECKPOINT_INTERVAL", 0)
    for job in ("train", "resume"):
        monkeypatch.setattr(f"nntrain.jobs.{job}.draw_history", lambda run: None)  # takes its time

    def run(*overrides: str, fails_at: int | None = None, again: bool = False) -> int:
        disk = Disk(fails_at)
        monkeypatch.setattr("nntrain.system.files.sync_file", disk.sync)
        monkeypatch.setattr("nntrain.system.files.replace_and_sync", disk.move)
        monkeypatch.setattr(Path, "unlink", lambda path, **how: None if disk.off else unlink(path, **how))
        monkeypatch.setattr(shutil, "rmtree", lambda path, **how: None if disk.off else rmtree(path, **how))
        if again:
            resume("tiny-1", overrides, runs_dir=runs)
        else:
            train(config, runs_dir=runs)
        return disk.done

    return run


def come_to(folder):
    """Return what a run came to."""
    from nntrain.runs.folder import RunDir
    from nntrain.runs.history import read_history

    run = RunDir(folder)
    rows = [{**row, "seconds": 0.0} for row in read_history(run.history_path)]
    info = run.read_info()
    return run.status(), info["fingerprints"]["weights"], run.read_metrics()["test"], rows


@pytest.mark.parametrize("part", range(PARTS))
def test_after_a_power_failure_at_any_moment_a_resume_gives_the_run_without_one(power, tmp_path, part):
    from nntrain.runs.store import list_runs

    runs = tmp_path / "runs"
    operations = power()
    whole = come_to(runs / "tiny-1")
    assert operations > 40
    for fails_at in range(1 + part, operations + 1, PARTS):
        shutil.rmtree(runs)
        with pytest.raises(PowerFailureError):
            power(fails_at=fails_at)
        found = list_runs(runs)
        if found and found[0].status() != "complete":
            power(again=True)
        elif not found:
            power()
        assert come_to(runs / "tiny-1") == whole, f"after operation {fails_at}"


def test_after_a_power_failure_in_a_longer_training_it_can_be_asked_for_again(power, tmp_path):
    from nntrain.runs.folder import RunDir

    runs, before = tmp_path / "runs", tmp_path / "before"
    power()
    shutil.copytree(runs, before)
    operations = power("epochs=3", again=True)
    whole = come_to(runs / "tiny-1")
    # Each at the beginning, where run.json and config.yaml change together; then some.
    for fails_at in [*range(1, 13), *range(13, operations + 1, 5)]:
        shutil.rmtree(runs)
        shutil.copytree(before, runs)
        with pytest.raises(PowerFailureError):
            power("epochs=3", fails_at=fails_at, again=True)
        if RunDir(runs / "tiny-1").status() != "complete" or len(come_to(runs / "tiny-1")[3]) < 3:
            power("epochs=3", again=True)
        assert come_to(runs / "tiny-1") == whole, f"after operation {fails_at}"
