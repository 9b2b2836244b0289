"""Creating, finding and listing runs."""

from __future__ import annotations

import difflib
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from nntrain.errors import NntrainError, RunError, UsageError
from nntrain.runs.folder import PRETRAINED, PRETRAINED_DIR, RunDir
from nntrain.system import files
from nntrain.system.files import write_atomically


def now() -> str:
    """Return the time in UTC, to the microsecond, as run.json writes it: runs are ordered by it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def runs_dir() -> Path:
    """Return the folder that runs go to: `NNTRAIN_RUNS_DIR`, or `runs` here."""
    return Path(os.environ.get("NNTRAIN_RUNS_DIR") or "runs")


def create_run(runs: Path, name: str, texts: Mapping[str, str]) -> RunDir:
    """Make `<runs>/<name>-<n>` with these files by name, n the next free number, and return it.

    It is made whole under a dot name, then renamed: a folder that can be seen is always a run, and of two trainings
    that want the same number one takes the next.
    """
    try:
        runs.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=runs))
    except OSError as error:
        raise NntrainError(
            f"{runs}: no run can be made there: {error.strerror}; choose another folder with --runs-dir"
        ) from None
    try:
        hidden.chmod(0o777 & ~_umask())
        for file, text in texts.items():
            write_atomically(hidden / file, text)
        for number in itertools.count(_last_number(runs, name) + 1):
            path = runs / f"{name}-{number}"
            try:
                if not path.exists():
                    files.move(hidden, path)  # fails where another took it: a run folder is never empty
                    return RunDir(path)
            except OSError as error:
                if not (path.exists() and hidden.exists()):
                    shutil.rmtree(path, ignore_errors=True)  # moved there, but the disk does not have it so
                    raise NntrainError(f"{runs}: no run can be made there: {error.strerror}") from None
        raise AssertionError
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _last_number(runs: Path, name: str) -> int:
    pattern = re.compile(rf"{re.escape(name)}-(\d{{1,9}})")
    found = (pattern.fullmatch(entry.name) for entry in runs.iterdir())
    return max((int(match[1]) for match in found if match), default=0)


def check_name(name: str) -> str:
    """Return a run's name if it can be a folder's; raises UsageError otherwise."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_. +-]{0,99}", name):
        raise UsageError(f"--name {name!r}: a name has up to 100 letters, digits, '_', '-', '.', '+' and spaces")
    return name


def list_runs(runs: Path) -> list[RunDir]:
    """Return the runs of a folder, the oldest first; what lacks a run.json is none."""
    if not runs.is_dir():
        return []
    found = [
        RunDir(entry) for entry in runs.iterdir() if not entry.name.startswith(".") and (entry / "run.json").is_file()
    ]
    return sorted(found, key=_when)


def _when(run: RunDir) -> tuple[str, str]:
    try:
        info = run.read_info()
    except RunError:
        return "", run.name
    begun = (info["resumed"] or [info["started"]])[-1]
    return str(info["finished"] or begun), run.name


def latest_run(runs: Path) -> RunDir | None:
    """Return the complete run that finished last; raises RunError where links lead out of it."""
    return _latest(runs, ("complete",))


def _latest(runs: Path, statuses: tuple[str, ...]) -> RunDir | None:
    for run in reversed(list_runs(runs)):
        with suppress(RunError):  # a damaged one has no status
            if run.status() in statuses:
                break
    else:
        return None
    return reject_symlinks(run)


def latest_unfinished_run(runs: Path) -> RunDir:
    """Return the run that was stopped last; raises UsageError where there is none."""
    run = _latest(runs, ("interrupted", "failed"))
    if run is None:
        raise UsageError(f"no run in {runs} was stopped before its end; name one to train it longer")
    return run


def reject_symlinks(run: RunDir) -> RunDir:
    """Return a run whose files lie in its folder; raises RunError for one with links, which may lead anywhere."""
    files = [
        run.config_path,
        run.info_path,
        run.model_path,
        run.tflite_path,
        run.history_path,
        run.metrics_path,
        run.lock_path,
    ]
    for path in (*files, run.checkpoint_dir, *(run.checkpoint_dir.iterdir() if run.checkpoint_dir.is_dir() else ())):
        if path.is_symlink():
            raise RunError(f"{path}: is a link; a run's files lie in its folder. Put the file itself there")
        if path != run.checkpoint_dir and path.exists() and not path.is_file():
            raise RunError(f"{path}: is no plain file; restore the run's folder")
    return run


def require_config(run: RunDir) -> None:
    """Raise RunError for a run that has lost its config."""
    if not run.config_path.is_file():
        raise RunError(f"{run.config_path}: missing; restore it, or train again")


def find_run(text: str | None, runs: Path, *, also: tuple[str, ...] = ()) -> RunDir:
    """Return the run that is named by folder name or path, or the latest complete one.

    `also`: names that are none of the folder's runs but may be what a misspelt one meant. Raises UsageError where there
    is no such run, RunError where the folder is not a run.
    """
    if text is None:
        run = latest_run(runs)
        if run is None:
            raise UsageError(f"no complete run in {runs} yet; train one first: `nntrain train quickstart`")
        return run
    for path in (runs / text, Path(text)):
        if path.is_dir():
            if not (path / "run.json").is_file():
                raise RunError(f"{path}: not a run folder: it has no run.json")
            return reject_symlinks(RunDir(path))
    names = [run.name for run in list_runs(runs)]
    close = difflib.get_close_matches(text, [*names, *also], n=1)
    guess = f"; did you mean '{close[0]}'?" if close else "; `nntrain runs` lists them" if names else ""
    raise UsageError(f"no run '{text}' in {runs}{guess}")


def pretrained_run() -> RunDir | None:
    """Return the trained network that ships with nntrain, or None where this installation lacks it."""
    run = RunDir(PRETRAINED_DIR)
    return run if run.info_path.is_file() and run.tflite_path.is_file() else None


def find_trained_run(text: str | None, runs: Path) -> RunDir:
    """Return the run that is to answer: the one named, else the latest complete one, else the one that ships.

    Raises as `find_run` does.
    """
    shipped = pretrained_run()
    if shipped is not None and (latest_run(runs) is None if text is None else text == PRETRAINED):
        return shipped
    return find_run(text, runs, also=(PRETRAINED,))
