"""Train a config's network in a new run folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from nntrain.config.diff import changed_settings
from nntrain.config.dump import dump_config
from nntrain.config.load import LoadedConfig
from nntrain.config.model_summary import summarize_layers
from nntrain.config.schema import Config
from nntrain.config.shipped import shipped_dir
from nntrain.data.catalog import DATASETS
from nntrain.errors import DivergedError, NntrainError
from nntrain.jobs.commands import command_line
from nntrain.jobs.data import ensure_dataset, suggesting
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.jobs.requirements import NO_REQUIREMENTS, Requirements
from nntrain.jobs.session import TrainingSession
from nntrain.results import TrainResult
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_history
from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import initial_info
from nntrain.runs.store import check_name, create_run, list_runs, reject_symlinks
from nntrain.runs.store import runs_dir as default_runs_dir
from nntrain.system.locks import acquire_lock

TRAIN_ON_SAMPLE = "or train on the 5,000 images of MNIST that ship with nntrain: data.dataset=mnist_5k"


@dataclass(frozen=True)
class TrainedRun:
    """A run and how its training ended."""

    run: RunDir
    result: TrainResult
    config: Config

    @property
    def test_metrics(self) -> Mapping[str, float]:
        """The test score, or an empty mapping if no network was scored."""
        return self.result.test.metrics if self.result.test else {}

    @property
    def kept_epoch(self) -> int:
        """The epoch, from 1, whose weights are saved; 0 if no epoch was finished."""
        return self.result.kept_epoch or self.result.epochs

    def check_diverged(self) -> None:
        """Raise DivergedError, with a suggestion, if the loss or a metric became NaN or infinite."""
        if self.result.status != "diverged":
            return
        override = f"learning_rate={float(self.config.optimizer.learning_rate) / 10:g}"
        command = command_line("train", str(self.run.config_path), override)
        raise DivergedError(f"{self.result.problem}. Try a smaller learning rate: {command}")


def train(
    loaded: LoadedConfig,
    *,
    name: str | None = None,
    runs_dir: Path | None = None,
    requirements: Requirements = NO_REQUIREMENTS,
    listener: JobListener = SILENT,
    handle_signals: bool = False,
) -> TrainedRun:
    """Train a config's network and save it in `<runs_dir>/<name>-<n>`, where n is the next free number.

    The default name is the config's. A requirement on a metric that the config does not have is an error before
    training; the caller checks whether the requirements are met. With `handle_signals`, which needs the main thread,
    a signal such as Ctrl-C stops training soon, and a second one ends the process.

    Raises UsageError if the name or a requirement is invalid, DataError if the data is missing or damaged, DeviceError
    if the device is not available, and NntrainError if memory or disk space runs out.
    """
    requirements.check_names(metric.key for metric in loaded.config.metrics or ())
    runs, run_name = runs_dir or default_runs_dir(), check_name(name or loaded.name)
    dataset = loaded.config.data.dataset
    with suggesting(TRAIN_ON_SAMPLE if dataset in DATASETS else None):
        ensure_dataset(dataset, listener=listener)
    run = create_run_for(loaded, runs, run_name)
    with _locked(run):
        result = TrainingSession(loaded, run, listener, handle_signals=handle_signals).execute()
    draw_history(run, result)
    return TrainedRun(run, result, loaded.config)


@contextmanager
def _locked(run: RunDir) -> Iterator[None]:
    """Hold a new run's lock; if its file system has no locks, the run is removed and the error names a remedy."""
    with ExitStack() as stack:
        try:
            stack.enter_context(acquire_lock(run.lock_path))
        except NntrainError as error:
            shutil.rmtree(run.path, ignore_errors=True)
            raise NntrainError(f"{error}; choose a folder on another disk with --runs-dir") from None
        yield


def draw_history(run: RunDir, result: TrainResult) -> None:
    """Draw training.png if the run has a finished epoch."""
    from nntrain.report.plots import draw_training

    if run.history_path.exists():
        kept = result.kept_epoch or result.epochs
        draw_training(read_history(run.history_path), run.training_plot, title=run.name, kept_epoch=kept)


def create_run_for(loaded: LoadedConfig, runs: Path, name: str) -> RunDir:
    shipped = loaded.path is not None and loaded.path.parent == shipped_dir()
    info = initial_info(
        loaded.name,
        shipped=shipped,
        differs=changed_settings(loaded, previous=None if shipped else _previous_config(loaded, runs)),
        parameters=sum(layer.parameters for layer in summarize_layers(loaded.config.model)),
    )
    texts = {"config.yaml": dump_config(loaded.config), "run.json": to_json(info)}
    if loaded.source is not None:
        texts["source.yaml"] = loaded.source
    return create_run(runs, name, texts)


def _previous_config(loaded: LoadedConfig, runs: Path) -> Path | None:
    """Return the config of the latest run of a config with the same name, or None if there is none."""
    for run in reversed(list_runs(runs)):
        try:
            if run.read_info()["config"] == loaded.name and reject_symlinks(run).config_path.is_file():
                return run.config_path
        except (NntrainError, KeyError):
            continue
    return None
