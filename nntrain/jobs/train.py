"""The work of `nntrain train`: read the config, make the run's folder, train in it, show what came out."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import typer
import yaml

from nntrain.cli.data import download
from nntrain.cli.options import Requirements, chosen_runs_dir
from nntrain.config.diff import changed_settings
from nntrain.config.dump import dump_config
from nntrain.config.load import LoadedConfig
from nntrain.config.model_summary import summarize_layers
from nntrain.config.shipped import shipped_dir
from nntrain.data.catalog import DATASETS, find_dataset
from nntrain.data.dataset import Dataset
from nntrain.data.load import load_dataset
from nntrain.errors import DataError, DivergedError, NntrainError
from nntrain.jobs.plan import data_words, load_plan, work_words
from nntrain.report import console, tables
from nntrain.report.progress import TrainingProgress
from nntrain.results import EpochResult, TrainResult
from nntrain.runs.checkpoint import TrainingState, newest_epoch
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_history
from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import initial_info, record_failure
from nntrain.runs.store import check_name, create_run, list_runs
from nntrain.system import environment, threads
from nntrain.system.locks import acquire_lock
from nntrain.system.signals import EXIT_CODE, Interrupts
from nntrain.training.listener import TrainingListener


def train_config(
    arguments: list[str],
    *,
    name: str | None,
    runs_dir: Path | None,
    require: list[str] | None,
    quiet: bool,
    json: bool,
) -> None:
    """Train what the arguments of `nntrain train` say; see there."""
    plan = load_plan(arguments)
    requirements = Requirements(require)
    requirements.check_names(metric.key for metric in plan.config.metrics or ())
    runs, run_name = chosen_runs_dir(runs_dir), check_name(name or plan.name)
    ready_data(plan.config.data.dataset, quiet=quiet or json)
    run = _begin(plan, runs, run_name)
    with acquire_lock(run.lock_path):
        result = Job(plan, run, quiet=quiet or json).train()
    show_result(result, run, quiet=quiet, json=json)
    requirements.check(result.test.metrics if result.test else {})


def ready_data(dataset: str, *, quiet: bool) -> None:
    """Download a data set that is known by name and not here yet; raises DataError where there is none at a path."""
    if find_dataset(dataset) is not None:
        return
    if dataset not in DATASETS:
        raise DataError(f"{dataset}: no such file or folder")
    download(dataset, quiet=quiet)


def _begin(plan: LoadedConfig, runs: Path, name: str) -> RunDir:
    """Make the run's folder."""
    shipped = plan.path.parent == shipped_dir()
    rows = summarize_layers(plan.config.model)
    info = initial_info(
        plan.name,
        shipped=shipped,
        differs=changed_settings(plan, previous=None if shipped else _previous_config(plan, runs)),
        parameters=sum(row.parameters for row in rows),
    )
    return create_run(runs, name, {"config.yaml": dump_config(plan.config), "run.json": to_json(info)})


def _previous_config(plan: LoadedConfig, runs: Path) -> Path | None:
    """Return the config of the run before with the same config's name."""
    for run in reversed(list_runs(runs)):
        try:
            if run.read_info()["config"] == plan.name and run.config_path.is_file():
                return run.config_path
        except (NntrainError, KeyError):
            continue
    return None


@dataclass(frozen=True)
class Job:
    """A training in a run's folder, whose lock the caller holds; `resumed` is what an earlier part of it has left."""

    plan: LoadedConfig
    run: RunDir
    quiet: bool
    resumed: TrainingState | None = None
    data: Mapping[str, str] | None = None  # fingerprints that the data has to have
    listener: TrainingListener | None = None  # who is told beside the terminal
    scratch: Path | None = None  # the folder around the run, where it is not to be kept

    def train(self) -> TrainResult:
        """Train with TensorFlow loading beside the data, progress shown and signals heeded."""
        progress = TrainingProgress(self.plan.config.fit.epochs, quiet=self.quiet)
        _introduce(self, progress)
        begun = threading.Event()  # until then a run that is resumed stays what it was
        with ExitStack() as stack:
            interrupts = stack.enter_context(
                Interrupts(
                    on_first=lambda: progress.say(
                        "stopping; what was learnt is being saved (again to stop at once)", "yellow"
                    ),
                    on_exit=lambda: self._ended_at_once(progress, begun=begun.is_set()),
                )
            )
            stack.enter_context(progress)
            try:
                engine = _Engine()
                progress.waiting("loading TensorFlow")
                dataset = load_dataset(self.plan.config.data.dataset, download=False)
                self._check_data(dataset)
                return engine.train(self, dataset, _watch(progress, interrupts, begun, self.listener))
            except NntrainError as error:
                if self.resumed is not None and not begun.is_set():
                    raise
                if self.scratch is None and (self._has_something() or not self.run.path.is_dir()):
                    _try_to_note(self.run, "failed", str(error))
                    raise type(error)(f"{error}. {_left(self.run)}") from None
                shutil.rmtree(self.run.path, ignore_errors=True)  # nothing was trained
                raise
            except BaseException as error:
                if self.resumed is None or begun.is_set():
                    _try_to_note(self.run, "failed", f"{type(error).__name__}: {error}")
                raise

    def _check_data(self, dataset: Dataset) -> None:
        for name, expected in (self.data or {}).items():
            if dataset.fingerprints.get(name) != expected:
                raise DataError(
                    f"{dataset.source}: {name} is not what {self.run.name} was trained on (its fingerprint is "
                    "another); bring that back, or train anew"
                )

    def _has_something(self) -> bool:
        return self.resumed is not None or self.run.history_path.exists()

    def _ended_at_once(self, progress: TrainingProgress, *, begun: bool) -> None:
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
            progress.say("interrupted", "yellow")
        elif self.resumed is not None and not begun:
            progress.say("interrupted before training went on; the run is as it was", "yellow")
        elif self._has_something():
            _try_to_note(self.run, "interrupted", None)
            progress.say(f"interrupted. {_go_on(self.run)}", "yellow")
        else:
            shutil.rmtree(self.run.path, ignore_errors=True)
            progress.say("interrupted before the first epoch was finished; nothing is kept", "yellow")


def _try_to_note(run: RunDir, status: str, problem: str | None) -> None:
    with suppress(NntrainError, OSError):  # a full disk takes no note either; a run that nobody trains says enough
        record_failure(run, status, problem)


def _left(run: RunDir) -> str:
    """Say what a training that failed has left."""
    if not run.path.is_dir():
        return "The run's folder is gone, and what was learnt with it"
    epoch = newest_epoch(run.checkpoint_dir)
    saved = f"the first {epoch} epochs are saved" if epoch else "no epoch is saved yet, the config is"
    return f"In {run.path} {saved}. {_go_on(run)}"


def _go_on(run: RunDir) -> str:
    return f"To go on: `{console.next_command('resume', str(run.path))}`"


class _Engine:
    """The engine, imported while the data is read."""

    def __init__(self) -> None:
        self._thread = threads.import_in_background("nntrain.engine.train")

    def train(self, job: Job, dataset: Dataset, listener: TrainingListener) -> TrainResult:
        self._thread.join()
        try:
            from nntrain.engine.train import train
        except ImportError as error:
            raise NntrainError(
                f"TensorFlow cannot be loaded: {error}; reinstall it with `pip install nntrain`"
            ) from None
        return train(job.plan.config, dataset, job.run, listener, job.resumed)


def _introduce(job: Job, progress: TrainingProgress) -> None:
    """Say what will be trained, before TensorFlow is there."""
    if progress.quiet:
        return
    config, state = job.plan.config, job.resumed
    console.show_hints(job.plan.hints)
    rows = summarize_layers(config.model)
    tables.print_table(tables.layer_table(rows), stderr=True)
    progress.say(f"{sum(row.parameters for row in rows):,} parameters")
    progress.say(f"data      {data_words(config)}")
    progress.say(f"training  {work_words(config)}")
    after = f", going on after epoch {state.epoch}" if state is not None and state.epoch else ""
    progress.say(f"run       {job.run.path}{after}")
    for name in environment.ignored_variables():
        progress.say(f"{name} is set; nntrain takes no notice of it", "yellow")


def _watch(
    progress: TrainingProgress, interrupts: Interrupts, begun: threading.Event, other: TrainingListener | None
) -> TrainingListener:
    other = other or TrainingListener()

    def on_device(words: str) -> None:
        begun.set()
        progress.say(f"device    {words}")
        progress.waiting("building the network")

    def on_epoch(result: EpochResult) -> None:
        progress.epoch(result)
        other.on_epoch(result)

    def on_progress(epoch: int, share: float, values: dict[str, float]) -> None:
        interrupts.can_stop = True
        progress.progress(epoch, share, values)

    def on_saving() -> None:
        progress.waiting("saving and testing")
        # What draws takes half a second to load: beside the export, which takes as long.
        threads.import_in_background("matplotlib.figure")

    return TrainingListener(
        on_device=on_device,
        on_epoch=on_epoch,
        on_progress=on_progress,
        on_note=lambda words: progress.say(words, "yellow"),
        on_saving=on_saving,
        should_stop=lambda: interrupts.stop_requested or other.should_stop(),
    )


def show_result(result: TrainResult, run: RunDir, *, quiet: bool, json: bool) -> None:
    """Draw the curves and show the result; raises what its status calls for."""
    from nntrain.report.plots import draw_training

    if run.history_path.exists():
        draw_training(read_history(run.history_path), run.training_plot, title=run.name)
    for words in result.notes:
        console.print_warning(words)
    if result.status == "diverged":
        raise DivergedError(f"{result.problem}. Try a smaller learning rate: `{_smaller_rate(run)}`")
    if result.status == "interrupted":
        console.print_warning(
            f"interrupted after {result.epochs} epochs; {run.path} holds what was learnt. {_go_on(run)}"
        )
        raise typer.Exit(EXIT_CODE)
    if json:
        console.print_json(run.read_metrics())
    elif result.test is not None:
        console.print_result(
            f"{run.path}: test {tables.format_metrics(result.test.metrics)} ({result.test.images:,} images)"
        )
        if not quiet:
            console.print_message(f"Next: `{console.next_command('evaluate', str(run.path))}`")


def _smaller_rate(run: RunDir) -> str:
    ((_, arguments),) = yaml.safe_load(run.config_path.read_text(encoding="utf-8"))["optimizer"].items()
    rate = float(arguments["learning_rate"])
    return console.next_command("train", str(run.config_path), f"learning_rate={rate / 10:g}")
