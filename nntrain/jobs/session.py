"""A training in a run folder: reports progress, handles interrupts, and cleans up after failures."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from nntrain.config.load import LoadedConfig
from nntrain.data.dataset import Dataset
from nntrain.data.load import load_dataset
from nntrain.errors import DataError, NntrainError, UsageError
from nntrain.jobs.commands import command_line
from nntrain.jobs.engine import load_engine
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.jobs.plan import plan_training
from nntrain.results import TrainResult
from nntrain.runs.checkpoint import TrainingState, newest_epoch
from nntrain.runs.folder import RunDir
from nntrain.runs.metadata import record_failure
from nntrain.system import environment, threads
from nntrain.system.last_words import keep_last_words
from nntrain.system.signals import Interrupts

# Seeds, precision and the device are TensorFlow's for the whole process, so it holds one training at a time.
_training = threading.Lock()


@contextmanager
def _only_training() -> Iterator[None]:
    if not _training.acquire(blocking=False):
        raise UsageError(
            "another training runs in this process, and both would share TensorFlow's seed and precision; "
            "train one after the other, or in processes of their own"
        )
    try:
        yield
    finally:
        _training.release()


@dataclass
class TrainingSession:
    """A training that starts at the first epoch, or continues after the last saved epoch of the run.

    The caller holds the run's lock.
    """

    loaded: LoadedConfig
    run: RunDir
    listener: JobListener = SILENT
    resumed: TrainingState | None = None  # the state after the last saved epoch
    fingerprints: Mapping[str, str] = field(default_factory=dict)  # expected fingerprints of the data, by array
    scratch: Path | None = None  # the temporary folder that holds the run, if it has one
    handle_signals: bool = False  # the first signal, such as Ctrl-C, stops training; a second one ends the process

    def __post_init__(self) -> None:
        self._started = threading.Event()  # set when the engine starts to write to the run

    def execute(self) -> TrainResult:
        """Train; TensorFlow loads while the data is read.

        After a failure, the run's status is `failed` and the error explains how to continue. A new run without a
        finished epoch is removed. A resumed run that the engine has not written to is left unchanged.
        Raises UsageError if another training runs in this process.
        """
        with self._interrupts() as interrupts:
            try:
                with _only_training():
                    return replace(self._train(interrupts), signal=interrupts.first)
            except NntrainError as error:
                if self._is_untouched:
                    raise
                if self.scratch is None and (self._has_epochs or not self.run.path.is_dir()):
                    self._record("failed", str(error))
                    raise type(error)(f"{error}. {self._describe_saved()}") from None
                shutil.rmtree(self.run.path, ignore_errors=True)
                raise
            except KeyboardInterrupt:  # in a process that handles signals itself, such as a notebook's
                self.abandon()
                raise
            except BaseException as error:
                if not self._is_untouched:
                    self._record("failed", f"{type(error).__name__}: {error}")
                raise

    def _train(self, interrupts: Interrupts) -> TrainResult:
        self._announce()
        if self.handle_signals:  # the process is the program's
            keep_last_words()
        engine_train = load_engine()
        self.listener.on_waiting("loading TensorFlow")
        data = [load_dataset(self.loaded.config.data.dataset, download=False)]
        self._check_fingerprints(data[0])
        listener = self._training_listener(interrupts)
        # After `pop`, only the engine refers to the data and can free the images that it copies to the device.
        return engine_train()(self.loaded.config, data.pop(), self.run, listener, self.resumed)

    def _announce(self) -> None:
        self.listener.on_plan(plan_training(self.loaded))
        self.listener.on_run(self.run, self.resumed.epoch if self.resumed else 0)
        for name in environment.ignored_variables():
            self.listener.on_note(f"{name} is set, but nntrain ignores it")

    @contextmanager
    def _interrupts(self) -> Iterator[Interrupts]:
        interrupts = Interrupts(
            on_first=lambda number: self.listener.on_note(_announce_stop(number)),
            on_exit=self.abandon,
        )
        if self.handle_signals:
            with interrupts:
                yield interrupts
        else:
            yield interrupts

    def _check_fingerprints(self, dataset: Dataset) -> None:
        for name, expected in self.fingerprints.items():
            if dataset.fingerprints.get(name) != expected:
                raise DataError(
                    f"{dataset.source}: {name} is not what the run was trained on (its fingerprint differs); "
                    "restore the data, or train a new run"
                )

    def _training_listener(self, interrupts: Interrupts) -> JobListener:
        """Return the engine's listener: the caller's, which also stops training after a signal."""
        listener = self.listener

        def on_device(device: str) -> None:
            self._started.set()
            listener.on_device(device)
            listener.on_waiting("building the network")

        def on_progress(epoch: int, share: float, values: dict[str, float]) -> None:
            interrupts.can_stop = True
            listener.on_progress(epoch, share, values)

        def on_saving() -> None:
            listener.on_saving()
            listener.on_waiting("saving and testing")
            # Matplotlib takes half a second to load, so load it on a thread while the network is exported.
            from nntrain.report.plots.style import load_matplotlib

            threads.load_in_background(load_matplotlib, name="import of Matplotlib")

        return replace(
            listener,
            on_device=on_device,
            on_progress=on_progress,
            on_saving=on_saving,
            should_stop=lambda: interrupts.stop_requested or listener.should_stop(),
        )

    @property
    def _is_untouched(self) -> bool:
        """Whether this is a resumed run that the engine has not written to yet."""
        return self.resumed is not None and not self._started.is_set()

    @property
    def _has_epochs(self) -> bool:
        return self.resumed is not None or self.run.history_path.exists()

    def abandon(self) -> None:
        """Record the interruption or remove the run; the process ends when this returns."""
        note = self.listener.on_note
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
            note("interrupted")
        elif self._is_untouched:
            note("interrupted before training continued; the run is unchanged")
        elif self._has_epochs:
            self._record("interrupted", None)
            note(f"interrupted. {how_to_continue(self.run)}")
        else:
            shutil.rmtree(self.run.path, ignore_errors=True)
            note("interrupted before the first epoch was finished; nothing was saved")

    def _record(self, status: str, problem: str | None) -> None:
        # On a full disk, this fails too. A run that is `running` without a process counts as interrupted.
        with suppress(NntrainError, OSError):
            record_failure(self.run, status, problem)

    def _describe_saved(self) -> str:
        if not self.run.path.is_dir():
            return "The run's folder is gone, and the trained network with it"
        epoch = newest_epoch(self.run.checkpoint_dir)
        saved = f"epochs 1 to {epoch} are saved" if epoch > 1 else "epoch 1 is saved"
        if epoch == 0:
            saved = "the config is saved, but no epoch yet"
        return f"In {self.run.path}, {saved}. {how_to_continue(self.run)}"


def _announce_stop(number: signal.Signals) -> str:
    if number == signal.SIGINT:
        return "Stopping and saving. Press Ctrl-C again to quit now"
    return f"Stopping and saving after {number.name}. A second signal quits now"


def how_to_continue(run: RunDir) -> str:
    """Return a sentence that explains how to resume a run, or that it cannot be."""
    missing = [path.name for path in (run.info_path, run.config_path) if not path.is_file()]
    if missing:
        return f"It cannot be continued without {' and '.join(missing)}, deleted during training"
    return f"To continue: {command_line('resume', str(run.path))}"
