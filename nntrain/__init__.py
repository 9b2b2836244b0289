"""Train neural networks on MNIST from a YAML file, or from Python.

    import nntrain

    run = nntrain.train("mlp", overrides={"fit.epochs": 3}, seed=1)
    run.history["val_accuracy"]     # one value per epoch
    nntrain.evaluate(run).metrics   # loss and metrics on the test images
    nntrain.predict("photo.jpg")    # what the latest run reads in a picture

The functions do what the commands of the same names do. Nothing is printed, and nothing heavy is imported before a
function needs it. Errors are the classes of `nntrain.errors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from nntrain import errors
from nntrain.version import __version__

if TYPE_CHECKING:
    from nntrain.api.configs import Config, list_configs, load_config
    from nntrain.api.datasets import list_datasets, load_dataset
    from nntrain.api.evaluation import evaluate
    from nntrain.api.listeners import progress_listener
    from nntrain.api.prediction import DigitPrediction, PicturePrediction, PicturePredictions, predict
    from nntrain.api.runs import History, Run, list_runs, load_run
    from nntrain.api.training import reproduce, resume, train
    from nntrain.data.dataset import Dataset
    from nntrain.jobs.comparison import Reproduction
    from nntrain.jobs.evaluate import Evaluation
    from nntrain.jobs.listener import JobListener

__all__ = [
    "Config",
    "Dataset",
    "DigitPrediction",
    "Evaluation",
    "History",
    "JobListener",
    "PicturePrediction",
    "PicturePredictions",
    "Reproduction",
    "Run",
    "__version__",
    "errors",
    "evaluate",
    "list_configs",
    "list_datasets",
    "list_runs",
    "load_config",
    "load_dataset",
    "load_run",
    "predict",
    "progress_listener",
    "reproduce",
    "resume",
    "train",
]

# The module of each name, which is imported when the name is first used.
_MODULES = {
    "Config": "nntrain.api.configs",
    "Dataset": "nntrain.data.dataset",
    "DigitPrediction": "nntrain.api.prediction",
    "Evaluation": "nntrain.jobs.evaluate",
    "History": "nntrain.api.runs",
    "JobListener": "nntrain.jobs.listener",
    "PicturePrediction": "nntrain.api.prediction",
    "PicturePredictions": "nntrain.api.prediction",
    "Reproduction": "nntrain.jobs.comparison",
    "Run": "nntrain.api.runs",
    "evaluate": "nntrain.api.evaluation",
    "list_configs": "nntrain.api.configs",
    "list_datasets": "nntrain.api.datasets",
    "list_runs": "nntrain.api.runs",
    "load_config": "nntrain.api.configs",
    "load_dataset": "nntrain.api.datasets",
    "load_run": "nntrain.api.runs",
    "predict": "nntrain.api.prediction",
    "progress_listener": "nntrain.api.listeners",
    "reproduce": "nntrain.api.training",
    "resume": "nntrain.api.training",
    "train": "nntrain.api.training",
}


if not TYPE_CHECKING:  # a type checker would take every name for one that exists

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module 'nntrain' has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
