"""The run folder: its files' names, writing that cannot leave half a file, finding and listing runs."""

from __future__ import annotations

import difflib
import itertools
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import Any

from nntrain import files
from nntrain.errors import NntrainError, RunError, UsageError
from nntrain.files import read_whole, write_atomically
from nntrain.locks import FileLock

PRETRAINED = "pretrained"  # the name of the run that ships with nntrain
SHIPPED = Path(__file__).parent / PRETRAINED
SCHEMA = 1  # of run.json and metrics.json
STATUSES = ("running", "complete", "interrupted", "diverged", "failed")
MAX_JSON_BYTES = 50_000_000
MAX_MODEL_BYTES = 4_000_000_000  # of model.tflite, twice what the largest network takes

# What the rest of the program relies on in run.json and metrics.json; anything else in them is taken as it is.
_NUMBER = (int, float)
_INFO: dict[str, tuple[type, ...]] = {
    "status": (str,),
    "config": (str,),
    "started": (str,),
    "finished": (str, NoneType),
    "seconds": (*_NUMBER, NoneType),
    "parameters": (int,),
    "differs": (dict,),
    "versions": (dict,),
    "environment": (dict,),
    "device": (dict, NoneType),
    "data": (dict, NoneType),
    "data.name": (str,),
    "data.fingerprints": (dict,),
    "fingerprints": (dict,),
    "resumed": (list, NoneType),
}
_METRICS: dict[str, tuple[type, ...]] = {
    "config": (str,),
    "epochs": (int,),
    "seconds": (*_NUMBER, NoneType),
    "test": (dict, NoneType),
}


def now() -> str:
    """Return the time in UTC, to the microsecond, as run.json writes it: runs are ordered by it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def runs_dir() -> Path:
    """Return the folder that runs go to: `NNTRAIN_RUNS_DIR`, or `runs` here."""
    return Path(os.environ.get("NNTRAIN_RUNS_DIR") or "runs")


@dataclass(frozen=True)
class RunDir:
    """A run's folder. Names of files are properties here and nowhere else."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name, `mlp-1`."""
        return self.path.resolve().name

    @property
    def is_shipped(self) -> bool:
        """Whether it is the one that ships with nntrain, which is never written to."""
        return self.path == SHIPPED

    @property
    def shown(self) -> str:
        """How it is named to people: by its path, the shipped one by its name."""
        return PRETRAINED if self.is_shipped else str(self.path)

    @property
    def config(self) -> Path:
        """The config with every default filled in."""
        return self.path / "config.yaml"

    @property
    def model(self) -> Path:
        """The network as Keras saves it."""
        return self.path / "model.keras"

    @property
    def tflite(self) -> Path:
        """The network for LiteRT."""
        return self.path / "model.tflite"

    @property
    def history(self) -> Path:
        """A row an epoch."""
        return self.path / "history.csv"

    @property
    def metrics(self) -> Path:
        """The result."""
        return self.path / "metrics.json"

    @property
    def info(self) -> Path:
        """Status, times, versions, fingerprints."""
        return self.path / "run.json"

    @property
    def checkpoints(self) -> Path:
        """The whole state after the last epoch and one before."""
        return self.path / "checkpoint"

    @property
    def training_plot(self) -> Path:
        """Loss and metrics by epoch."""
        return self.path / "training.png"

    @property
    def lock(self) -> Path:
        """Held by the operating system while the run is trained."""
        return self.path / ".lock"

    def plot(self, kind: str, dataset: str = "") -> Path:
        """Return where an evaluation's picture goes; named by data set where it is not the run's own."""
        word = re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(dataset).name).strip("._")
        return self.path / (f"{kind}-{word}.png" if word else f"{kind}.png")

    def read_info(self) -> dict[str, Any]:
        """Read run.json; raises RunError where it is missing, damaged or of another schema."""
        info = read_json(self.info, _INFO)
        if info["status"] not in STATUSES:
            raise RunError(f"{self.info}: damaged: no run has the status {info['status']!r}; restore the file")
        return info

    def read_metrics(self) -> dict[str, Any]:
        """Read metrics.json; the same errors."""
        metrics = read_json(self.metrics, _METRICS)
        if not all(_is_a(value, _NUMBER) for value in (metrics["test"] or {}).values()):
            raise RunError(f"{self.metrics}: damaged: test holds what is no number; restore the file")
        return metrics

    def write_info(self, info: Mapping[str, Any]) -> None:
        """Write run.json."""
        write_atomically(self.info, to_json(info))

    def status(self) -> str:
        """Return the run's status; one that is `running` though no process holds it was interrupted."""
        status: str = self.read_info()["status"]
        if status == "running" and not FileLock(self.lock).is_held():
            status = self.read_info()["status"]  # it may have ended between the two looks
            return "interrupted" if status == "running" else status
        return status


def to_json(document: Mapping[str, Any]) -> str:
    """Write a JSON document for people and programs: indented, in UTF-8, without NaN (which is no JSON)."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: Path, shape: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Read one of our JSON files; raises RunError that names the file and what is wrong with it.

    `shape` gives the types that a value may have, by dotted key; what is below a null need not be there.
    """
    try:
        content = read_whole(path, most=MAX_JSON_BYTES)
    except FileNotFoundError:
        raise RunError(f"{path}: missing; {path.parent} is not a whole run folder") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise RunError(f"{path}: {error}; it is not one of nntrain's") from None
    try:
        document = json.loads(content, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise RunError(f"{path}: damaged: it is not JSON; train again or restore the file") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        written = document.get("schema") if isinstance(document, dict) else None
        raise RunError(
            f"{path}: schema {written}, but this nntrain reads schema {SCHEMA}; use the version that wrote it"
        )
    for key, kinds in shape.items():
        outer, _, inner = key.rpartition(".")
        holder = document.get(outer) if outer else document
        if holder is not None and not _is_a(holder.setdefault(inner, None), kinds):
            words = " or ".join("null" if kind is NoneType else kind.__name__ for kind in kinds)
            raise RunError(f"{path}: damaged: {key} has to be {words}; train again or restore the file")
    return document


def _finite(text: str) -> float:
    """Read a number of JSON, which knows no infinite ones."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_a(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


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


def all_runs(runs: Path) -> list[RunDir]:
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
    for run in reversed(all_runs(runs)):
        with suppress(RunError):  # a damaged one has no status
            if run.status() in statuses:
                break
    else:
        return None
    return _of_its_own(run)


def latest_unfinished(runs: Path) -> RunDir:
    """Return the run that was stopped last; raises UsageError where there is none."""
    run = _latest(runs, ("interrupted", "failed"))
    if run is None:
        raise UsageError(f"no run in {runs} was stopped before its end; name one to train it longer")
    return run


def _of_its_own(run: RunDir) -> RunDir:
    """Return a run whose files lie in its folder; raises RunError for one with links, which may lead anywhere."""
    files = [run.config, run.info, run.model, run.tflite, run.history, run.metrics, run.lock]
    for path in (*files, run.checkpoints, *(run.checkpoints.iterdir() if run.checkpoints.is_dir() else ())):
        if path.is_symlink():
            raise RunError(f"{path}: is a link; a run's files lie in its folder. Put the file itself there")
        if path != run.checkpoints and path.exists() and not path.is_file():
            raise RunError(f"{path}: is no plain file; restore the run's folder")
    return run


def check_config_is_there(run: RunDir) -> None:
    """Raise RunError for a run that has lost its config."""
    if not run.config.is_file():
        raise RunError(f"{run.config}: missing; restore it, or train again")


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
            return _of_its_own(RunDir(path))
    names = [run.name for run in all_runs(runs)]
    close = difflib.get_close_matches(text, [*names, *also], n=1)
    guess = f"; did you mean '{close[0]}'?" if close else "; `nntrain runs` lists them" if names else ""
    raise UsageError(f"no run '{text}' in {runs}{guess}")


def shipped_run() -> RunDir | None:
    """Return the trained network that ships with nntrain, or None where this installation lacks it."""
    run = RunDir(SHIPPED)
    return run if run.info.is_file() and run.tflite.is_file() else None


def find_trained(text: str | None, runs: Path) -> RunDir:
    """Return the run that is to answer: the one named, else the latest complete one, else the one that ships.

    Raises as `find_run` does.
    """
    shipped = shipped_run()
    if shipped is not None and (latest_run(runs) is None if text is None else text == PRETRAINED):
        return shipped
    return find_run(text, runs, also=(PRETRAINED,))
