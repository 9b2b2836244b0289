"""Training: new runs, runs that continue, runs that are repeated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nntrain.api.configs import AnyConfig, Overrides, load_config
from nntrain.api.runs import AnyRun, Run, run_name
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.system.stdio import library_output

if TYPE_CHECKING:
    from nntrain.jobs.comparison import Reproduction


def train(
    config: AnyConfig,
    overrides: Overrides = (),
    *,
    seed: int | None = None,
    name: str | None = None,
    runs_dir: str | Path | None = None,
    listener: JobListener | None = None,
) -> Run:
    """Train a config's network and save it in a new run folder; returns the run.

    `config`, `overrides` and `seed` are those of `load_config`. The folder is `<runs_dir>/<name>-<n>`: by default the
    name is the config's, and `runs_dir` is NNTRAIN_RUNS_DIR or `runs`. Nothing is printed; `listener` receives the
    progress (see `progress_listener`), and its `should_stop` can stop training after an epoch. After Ctrl-C, which
    raises KeyboardInterrupt, `resume` continues the run.

    Raises UsageError, ConfigError, DataError or DeviceError before training, DivergedError if the loss became NaN or
    infinite (the run keeps the weights before that), and NntrainError if memory or disk space runs out.
    """
    from nntrain.jobs.train import train as train_loaded

    loaded = load_config(config, overrides, seed=seed).loaded
    with library_output.silenced():
        trained = train_loaded(loaded, name=name, runs_dir=_path(runs_dir), listener=listener or SILENT)
    trained.check_diverged()
    return Run(trained.run)


def resume(
    run: AnyRun | None = None,
    overrides: Overrides = (),
    *,
    data: str | Path | None = None,
    runs_dir: str | Path | None = None,
    listener: JobListener | None = None,
) -> Run:
    """Continue a run that was stopped, or train a finished one for more epochs: `{"fit.epochs": 20}`.

    Without a run, the latest unfinished one is continued. The result is bit for bit that of a run that was never
    stopped. `data` is where the run's data is now, if it was moved: a name or a path of the same data.

    Raises UsageError if there is no such run, if it is being trained, or if an override would change its finished
    epochs, RunError if it is damaged, DataError if the data is other data, and the errors of `train`.
    """
    from nntrain.jobs.resume import resume as continue_run

    with library_output.silenced():
        trained = continue_run(
            run_name(run), overrides, data=_text(data), runs_dir=_path(runs_dir), listener=listener or SILENT
        )
    trained.check_diverged()
    return Run(trained.run)


def reproduce(
    run: AnyRun | None = None,
    *,
    data: str | Path | None = None,
    runs_dir: str | Path | None = None,
    listener: JobListener | None = None,
) -> Reproduction:
    """Train a run again in a temporary folder and compare every epoch and all weights.

    Without a run, the latest complete one is repeated. A difference is no error: see the result's `identical`.
    `data` is where the run's data is now, as for `resume`.

    Raises UsageError if there is no such run or it is being trained, RunError if it is damaged or has no epochs, and
    the errors of `train`.
    """
    from nntrain.jobs.reproduce import reproduce as repeat

    with library_output.silenced():
        return repeat(run_name(run), data=_text(data), runs_dir=_path(runs_dir), listener=listener or SILENT)


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
