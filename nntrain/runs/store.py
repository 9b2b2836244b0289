"""Creating, finding and listing runs."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nntrain.errors import NntrainError, RunError, UsageError
from nntrain.runs.folder import PRETRAINED, PRETRAINED_DIR, RunDir
from nntrain.system import files
from nntrain.system.files import write_atomically

CLOCK_DIFFERENCE = timedelta(days=1)  # that the clocks of computers with a common folder may have
MAX_NAME_BYTES = 200  # of a run's name; folders' names may have 255, with the number


def utc_now() -> str:
    """Return the current time in UTC in the format of run.json, to the microsecond, because runs are sorted by it."""
    return _text(datetime.now(UTC))


def _text(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")


def runs_dir() -> Path:
    """Return the folder of all runs: `NNTRAIN_RUNS_DIR`, or `runs` in the current folder."""
    return Path(os.environ.get("NNTRAIN_RUNS_DIR") or "runs")


def create_run(runs: Path, name: str, texts: Mapping[str, str]) -> RunDir:
    """Create the run `<runs>/<name>-<n>` with these texts by file name; n is one more than the highest so far.

    The folder is filled under a hidden name and then renamed, so a visible folder is always complete, and two processes
    that create runs at the same time get different numbers. Raises NntrainError if the folder cannot be written.
    """
    try:
        runs.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=runs))
    except OSError as error:
        raise NntrainError(
            f"{runs}: cannot create a run: {error.strerror}; choose another folder with --runs-dir"
        ) from None
    try:
        hidden.chmod(0o777 & ~_umask())  # mkdtemp's folders are private; runs follow the user's umask
        for file_name, text in texts.items():
            write_atomically(hidden / file_name, text)
        return _rename_to_next_number(hidden, runs, name)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise


def _rename_to_next_number(hidden: Path, runs: Path, name: str) -> RunDir:
    number = _highest_number(runs, name)
    while True:
        number += 1
        path = runs / f"{name}-{number}"
        try:
            if not path.exists():
                files.replace_and_sync(hidden, path)  # fails if another process has just created it
                return RunDir(path)
        except OSError as error:
            if not (path.exists() and hidden.exists()):
                shutil.rmtree(path, ignore_errors=True)  # it was renamed, but the new name may not be on the disk
                raise NntrainError(f"{runs}: cannot create a run: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _highest_number(runs: Path, name: str) -> int:
    pattern = re.compile(rf"{re.escape(name)}-(\d{{1,9}})")
    matches = (pattern.fullmatch(entry.name) for entry in runs.iterdir())
    return max((int(match[1]) for match in matches if match), default=0)


def check_name(name: str) -> str:
    """Return a run's name, its accents composed, if a folder may have it; raises UsageError if not."""
    composed = unicodedata.normalize("NFC", name) if isinstance(name, str) else ""  # macOS takes "ö" apart
    if not re.fullmatch(r"\w[\w. +-]{0,99}", composed) or len(os.fsencode(composed)) > MAX_NAME_BYTES:
        raise UsageError(
            f"a run cannot be named {name!r}: use up to 100 letters, digits, spaces and '_', '-', '.', '+'; "
            "the first must be a letter, a digit or '_' (--name sets it)"
        )
    return composed


def list_runs(runs: Path) -> list[RunDir]:
    """Return the runs in a folder, sorted by when they finished, or by when they started if they have not finished.

    Runs with a time in the future come first, with the damaged ones: the clock was wrong, and they would be the latest
    until then.
    """
    if not runs.is_dir():
        return []
    folders = [entry for entry in runs.iterdir() if not entry.name.startswith(".") and (entry / "run.json").is_file()]
    now = datetime.now(UTC)
    return sorted(map(RunDir, folders), key=lambda run: _time_and_name(run, latest=_text(now + CLOCK_DIFFERENCE)))


def _time_and_name(run: RunDir, latest: str) -> tuple[str, str]:
    try:
        info = run.read_info()
    except RunError:
        return "", run.name
    last_start = (info["resumed"] or [info["started"]])[-1]
    time = str(info["finished"] or last_start)
    return time if time <= latest else "", run.name


def latest_run(runs: Path) -> RunDir | None:
    """Return the complete run that finished last, or None if there is none; raises RunError if it contains links."""
    return _latest_with_status(runs, ("complete",))


def unfinished_runs(runs: Path) -> list[RunDir]:
    """Return the runs that were interrupted or failed, the last one first; raises UsageError if there is none."""
    found = [run for run in reversed(list_runs(runs)) if _status(run) in ("interrupted", "failed")]
    if not found:
        raise UsageError(f"no unfinished run in {runs}; to train a complete run for more epochs, give its name")
    return found


def _latest_with_status(runs: Path, statuses: tuple[str, ...]) -> RunDir | None:
    for run in reversed(list_runs(runs)):
        if _status(run) in statuses:
            return reject_symlinks(run)
    return None


def _status(run: RunDir) -> str | None:
    """Return a run's status, or None if the run is damaged."""
    try:
        return run.status()
    except RunError:
        return None


def reject_symlinks(run: RunDir) -> RunDir:
    """Return the run; raises RunError if one of its files is a link, which may lead anywhere, or not a regular file."""
    paths = [
        run.config_path,
        run.source_path,
        run.info_path,
        run.model_path,
        run.tflite_path,
        run.history_path,
        run.metrics_path,
        run.lock_path,
        run.checkpoint_dir,
    ]
    if run.checkpoint_dir.is_dir():
        paths += run.checkpoint_dir.iterdir()
    for path in paths:
        if path.is_symlink():
            raise RunError(f"{path}: is a link; replace it with the file that it points to")
        if path != run.checkpoint_dir and path.exists() and not path.is_file():
            raise RunError(f"{path}: not a regular file; restore the run's folder")
    return run


def require_config(run: RunDir) -> None:
    """Raise RunError if the run has no config."""
    if not run.config_path.is_file():
        raise RunError(f"{run.config_path}: missing; restore it, or train again")


def find_run(name: str | None, runs: Path, *, suggestions: tuple[str, ...] = ()) -> RunDir:
    """Return the run with this folder name or path, or the latest complete run if `name` is None.

    The path of a file in a run's folder, such as `runs/mlp-1/model.keras`, stands for the run.
    `suggestions` are more names that the error for an unknown name may suggest, besides those of the runs. Raises
    UsageError if there is no such run, and RunError if the folder is not a run.
    """
    if name is None:
        run = latest_run(runs)
        if run is None:
            raise UsageError(f"no complete run in {runs} yet; train one first: `nntrain train quickstart`")
        return run
    for path in map(_folder_of_file, (runs / name, Path(name))):
        if os.path.isdir(path):  # not Path.is_dir, which raises an error if the name is too long
            if not (path / "run.json").is_file():
                raise RunError(f"{path}: not a run folder: it has no run.json")
            return reject_symlinks(RunDir(path))
    raise UsageError(f"no run '{name}' in {runs}{_hint(name, [run.name for run in list_runs(runs)], suggestions)}")


def _folder_of_file(path: Path) -> Path:
    """Return the folder of the run that a file belongs to, or any other path; raises UsageError for another network."""
    if not os.path.isfile(path):  # not Path.is_file, as above
        return path
    folder = next((parent for parent in path.parents[:2] if (parent / "run.json").is_file()), None)
    if folder is None and path.suffix in (".keras", ".h5", ".tflite"):
        raise UsageError(
            f"{path}: a network without a run's config and data; give the folder of a run, such as runs/mlp-1 "
            "(in Python, keras.models.load_model reads .keras files)"
        )
    return folder or path


def _hint(name: str, runs: list[str], suggestions: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, [*runs, *suggestions], n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return "; `nntrain runs` lists the runs" if runs else ""


def pretrained_run() -> RunDir | None:
    """Return the run that ships with nntrain, or None if this installation lacks it."""
    run = RunDir(PRETRAINED_DIR)
    return run if run.info_path.is_file() and run.tflite_path.is_file() else None


def find_trained_run(name: str | None, runs: Path) -> RunDir:
    """Return the run to evaluate or predict with: the named one, or the latest complete one, or the pretrained one.

    Raises the same errors as `find_run`.
    """
    if name == PRETRAINED or (name is None and latest_run(runs) is None):
        pretrained = pretrained_run()
        if pretrained is not None:
            return pretrained
    return find_run(name, runs, suggestions=(PRETRAINED,))
