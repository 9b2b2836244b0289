"""An engine without TensorFlow: it trains nothing, but keeps a run's folder as the real one does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nntrain.config.schema import Config
from nntrain.data.dataset import Dataset
from nntrain.results import EpochResult, Scores, TrainResult
from nntrain.runs.checkpoint import TrainingState, write_checkpoint
from nntrain.runs.folder import RunDir
from nntrain.runs.history import write_history
from nntrain.runs.metadata import make_task_spec, record_end, record_start
from nntrain.training.auto import resolve_auto
from nntrain.training.listener import TrainingListener

CPU = {"kind": "cpu", "name": "CPU", "threads": 2}


@dataclass
class FakeEngine:
    """Stands for `nntrain.engine.train.train`. In every epoch the loss halves."""

    device: dict[str, Any] = field(default_factory=lambda: dict(CPU))
    loss: float = 1.0  # of the first epoch
    fails_in: tuple[int, BaseException] | None = None  # an epoch, and what is raised before it ends
    fails_at_once: BaseException | None = None
    diverges: bool = False
    notes: tuple[str, ...] = ()
    calls: int = 0
    resumed: list[TrainingState | None] = field(default_factory=list)
    threads: int = 2
    device_line: str = "CPU, 2 threads"

    def train(
        self,
        config: Config,
        dataset: Dataset,
        run: RunDir,
        listener: TrainingListener,
        resumed: TrainingState | None = None,
    ) -> TrainResult:
        """Write what a training writes; see the real one."""
        self.calls += 1
        self.resumed.append(resumed)
        if self.fails_at_once:
            raise self.fails_at_once
        config = resolve_auto(config, device="cpu", threads=self.threads, jit_compile=False)
        data = {"name": dataset.name, "source": str(dataset.source), "fingerprints": dataset.fingerprints}
        task_spec = make_task_spec(config, dataset.classes)
        record_start(run, config, task_spec, device=self.device, data=data, resumed=resumed is not None)
        listener.on_device(self.device_line)
        history = list(resumed.history) if resumed else []
        ended = resumed is not None and resumed.stopped_early
        epochs, status = config.fit.epochs, "complete"
        while len(history) < epochs and not ended:
            epoch = len(history) + 1
            listener.on_progress(epoch, 0.5, {"loss": self.loss})
            if self.fails_in and self.fails_in[0] == epoch:
                raise self.fails_in[1]
            if listener.should_stop():
                status = "interrupted"
                break
            loss = self.loss / 2**epoch
            result = EpochResult(epoch, epochs, 0.25, 0.01, self._metrics(config, loss))
            history.append(result)
            write_history(run.history_path, history)
            arrays = {"weights": np.full(3, epoch, np.float32)}
            stopped = config.early_stopping is not None and epoch == config.early_stopping.patience
            write_checkpoint(run.checkpoint_dir, TrainingState(epoch, epoch / 4, tuple(history), {}, arrays, stopped))
            listener.on_epoch(result)
            listener.on_note(f"after epoch {epoch}")
            if stopped:
                break
        listener.on_saving()
        result = self._result(status, config, len(history))
        run.model_path.write_bytes(b"a network")
        info = run.read_info()
        info["fingerprints"]["weights"] = f"weights after {len(history)} epochs of {self.loss}"
        run.write_info(info)
        record_end(run, result, history, seconds=len(history) / 4)
        return result

    def _metrics(self, config: Config, loss: float) -> dict[str, float]:
        training = _metrics_at(config, loss)
        validation = {f"val_{name}": value for name, value in _metrics_at(config, 2 * loss).items()}
        return {**training, **(validation if config.fit.validation_split else {})}

    def _result(self, status: str, config: Config, epochs: int) -> TrainResult:
        if self.diverges:
            return TrainResult("diverged", epochs, None, "the loss became NaN or infinite in epoch 1", self.notes)
        test = Scores(100, _metrics_at(config, self.loss / 2**epochs)) if epochs else None
        return TrainResult(status, epochs, test, None, self.notes)


def _metrics_at(config: Config, loss: float) -> dict[str, float]:
    """Return a loss, and the config's metrics at that loss."""
    return {"loss": loss, **{metric.key: 1 - loss for metric in config.metrics or ()}}


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of a folder's files by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
