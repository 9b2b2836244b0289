"""Loads the engine in the background when a training starts: TensorFlow takes two to four seconds to import."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from nntrain.errors import NntrainError
from nntrain.system import threads

if TYPE_CHECKING:
    from nntrain.config.schema import Config
    from nntrain.data.dataset import Dataset
    from nntrain.results import TrainResult
    from nntrain.runs.checkpoint import TrainingState
    from nntrain.runs.folder import RunDir
    from nntrain.training.listener import TrainingListener

    EngineTrain: TypeAlias = Callable[[Config, Dataset, RunDir, TrainingListener, TrainingState | None], TrainResult]


def load_engine() -> Callable[[], EngineTrain]:
    """Start to import the engine on a thread.

    Returns a function that waits for the import and returns the engine's `train`. It raises NntrainError if TensorFlow
    cannot be imported.
    """
    loading = threads.import_in_background("nntrain.engine.train")

    def engine_train() -> EngineTrain:
        loading.join()
        try:
            from nntrain.engine.train import train
        except ImportError as error:
            raise NntrainError(
                f"TensorFlow cannot be loaded: {error}; reinstall it with `pip install nntrain`"
            ) from None
        return train

    return engine_train
