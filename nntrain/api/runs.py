"""Runs: found, listed, and read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nntrain.errors import UsageError
from nntrain.runs.folder import PRETRAINED, RunDir
from nntrain.runs.store import find_run, find_trained_run, reject_symlinks
from nntrain.runs.store import list_runs as find_runs
from nntrain.runs.store import runs_dir as default_runs_dir
from nntrain.system.stdio import library_output

if TYPE_CHECKING:
    import numpy as np

    from nntrain.api.configs import Config
    from nntrain.data.dataset import Dataset
    from nntrain.jobs.evaluate import Evaluation
    from nntrain.jobs.runs import RunSummary


class History(dict[str, "np.ndarray"]):
    """history.csv: an array per column, with a value per epoch.

    The columns are epoch, seconds, learning_rate, loss and the metrics, each followed by its val_ column. It is a dict,
    which pandas.DataFrame accepts.
    """

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self["epoch"]) if self else 0

    def __eq__(self, other: object) -> bool:
        import numpy as np

        if not isinstance(other, dict) or self.keys() != other.keys():
            return False
        return all(np.array_equal(values, other[name], equal_nan=True) for name, values in self.items())

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __repr__(self) -> str:
        from nntrain.report.tables import format_count

        changes = [
            f"{name} {self[name][0]:.4g} to {self[name][-1]:.4g}" for name in self if name in ("loss", "val_loss")
        ]
        columns = f"; columns {', '.join(self)}" if self else ""
        return f"History({', '.join([format_count(self.epochs, 'epoch'), *changes])}{columns})"

    def _repr_html_(self) -> str:
        from nntrain.report import html

        rows = [[f"{value:g}" for value in values] for values in zip(*self.values(), strict=True)]
        return html.table(list(self), rows, numbers=self)


class Run:
    """A run folder. Its files are read when an attribute is used, so a run that goes on training is up to date."""

    def __init__(self, folder: RunDir) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """The name of its folder, for example `mlp-1`, or `pretrained`."""
        return PRETRAINED if self.folder.is_pretrained else self.folder.name

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.folder.path

    @property
    def status(self) -> str:
        """`running`, `complete`, `interrupted`, `diverged`, `failed`, or `damaged` if run.json cannot be read."""
        return self._summary.status

    @property
    def config(self) -> Config:
        """Its config, with every default and with the values that were chosen for `auto`."""
        from nntrain.api.configs import Config
        from nntrain.runs.metadata import read_run_config

        return Config(read_run_config(reject_symlinks(self.folder)))

    @property
    def info(self) -> dict[str, Any]:
        """The contents of run.json: times, versions, device, data, fingerprints."""
        return self.folder.read_info()

    @property
    def metrics(self) -> dict[str, Any]:
        """The contents of metrics.json: `training`, `validation` and `test` are dicts from a metric to its value.

        Raises RunError if the run has not ended.
        """
        return self.folder.read_metrics()

    @property
    def history(self) -> History:
        """An array per column of history.csv; empty if no epoch is finished. Raises RunError if the run is gone."""
        import numpy as np

        from nntrain.runs.history import read_history

        reject_symlinks(self.folder)
        if not self.folder.history_path.exists():
            self.folder.read_info()  # raises an error if the run is gone
            return History()
        rows = read_history(self.folder.history_path)
        return History({name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())})

    def model(self) -> Any:
        """Return the trained network, a compiled keras.Sequential that takes pixels from 0 to 255, (n, 28, 28).

        It is built from the run's config, and only its weights are read. This loads TensorFlow. Raises RunError if
        model.keras is missing or damaged.
        """
        from nntrain.jobs.keras_fallback import load_keras_network

        with library_output.silenced():
            return load_keras_network(self.folder)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the outputs for images as the network takes them: integers from 0 to 255, (n, 28, 28).

        The outputs are float32 (n, classes): calibrated probabilities, as `nntrain predict` shows them. A binary
        network returns (n, 1) probabilities of yes, a regression (n, 1) values. Images are not prepared in any way;
        `nntrain.predict` reads pictures. TensorFlow is not loaded.
        Raises UsageError for other images, and RunError if the network is missing or damaged.
        """
        from nntrain.jobs.predict import predict_images

        with library_output.silenced():
            return predict_images(self.folder, images)

    def evaluate(self, data: str | Path | None = None, *, plots: bool = False) -> Evaluation:
        """Score the run on all test images; see `nntrain.evaluate`."""
        from nntrain.jobs.evaluate import evaluate

        with library_output.silenced():
            return evaluate(run_name(self), data=None if data is None else str(data), plots=plots)

    def dataset(self) -> Dataset:
        """Load the data set that it was trained on."""
        from nntrain.api.datasets import load_dataset
        from nntrain.jobs.run_data import find_run_dataset

        info = self.info
        name = str((info["data"] or {}).get("name") or self.config.settings.data.dataset)
        return load_dataset(find_run_dataset(self.folder, name, info))

    @property
    def _summary(self) -> RunSummary:
        from nntrain.jobs.runs import summarize_run

        return summarize_run(self.folder)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path.resolve() == other.path.resolve()

    def __hash__(self) -> int:
        return hash(self.path.resolve())

    def __repr__(self) -> str:
        return f"Run({', '.join([f'{self.folder.display_name}: {self.status}', *self._facts()])})"

    def _facts(self) -> list[str]:
        from nntrain.report.tables import format_count, format_metrics

        summary = self._summary
        facts = [] if summary.epochs is None else [format_count(summary.epochs, "epoch")]
        return facts + ([f"test {format_metrics(_scores(summary.test))}"] if summary.test else [])

    def _repr_html_(self) -> str:
        from nntrain.report import html

        return html.block(repr(self), html.picture(self.folder.training_plot, title="loss and metrics by epoch"))


class Runs(list[Run]):
    """The runs of a folder, oldest first."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) if self else "no runs"

    def _repr_html_(self) -> str:
        from nntrain.config.wording import format_settings
        from nntrain.report import html
        from nntrain.report.tables import format_metrics

        rows = []
        for run in self:
            summary = run._summary
            differs = format_settings(summary.differs or {})
            scores = format_metrics(_scores(summary.test))
            rows.append((run.name, summary.config or "", summary.status, summary.epochs or "", scores, differs))
        return html.table(("run", "config", "status", "epochs", "test", "differs"), rows, numbers=("epochs",))


AnyRun = str | Path | Run


def _scores(test: Mapping[str, float] | None) -> dict[str, float]:
    return {name: value for name, value in (test or {}).items() if name != "images"}


def load_run(run: AnyRun | None = None, *, runs_dir: str | Path | None = None) -> Run:
    """Return a run by the name or path of its folder, `pretrained`, or the latest complete run.

    Raises UsageError if there is no such run, and RunError if the folder is not a run or its run.json is damaged.
    """
    name, folder = run_name(run), _folder(runs_dir)
    found = find_run(None, folder) if name is None else find_trained_run(name, folder)
    found.read_info()
    return Run(found)


def list_runs(runs_dir: str | Path | None = None) -> Runs:
    """Return the runs in a folder, sorted by when they ended; by default in NNTRAIN_RUNS_DIR or `runs`."""
    return Runs(map(Run, find_runs(_folder(runs_dir))))


def run_name(run: AnyRun | None) -> str | None:
    """Return what the jobs call a run: its name, its path, `pretrained`, or None for the latest one."""
    if isinstance(run, Run):
        return PRETRAINED if run.folder.is_pretrained else str(run.path)
    if run is None or isinstance(run, (str, Path)):
        return None if run is None else str(run)
    raise UsageError(f"a run is a name, a path or a Run, got {type(run).__name__}")


def _folder(runs_dir: str | Path | None) -> Path:
    return default_runs_dir() if runs_dir is None else Path(runs_dir)
