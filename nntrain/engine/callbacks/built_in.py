"""Creates the built-in Keras callbacks that a config asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from nntrain.config import schema
from nntrain.config.schema.lr_schedules import EpochSchedule, ReduceLROnPlateau


def built_in_callbacks(config: schema.Config) -> list[Any]:
    """Return the callbacks for the learning-rate schedule and early stopping, in the order in which Keras calls them.

    ReduceLROnPlateau writes learning_rate into the epoch's logs, so it comes before all callbacks that read them.
    """
    callbacks: list[Any] = []
    schedule = config.lr_schedule
    if isinstance(schedule, EpochSchedule):
        initial, epochs = config.optimizer.learning_rate, config.fit.epochs
        callbacks.append(
            keras.callbacks.LearningRateScheduler(
                lambda epoch: schedule.learning_rate(epoch, initial=initial, epochs=epochs)
            )
        )
    if isinstance(schedule, ReduceLROnPlateau):
        callbacks.append(keras.callbacks.ReduceLROnPlateau(**schedule.model_dump(), verbose=0))
    if config.early_stopping is not None:
        callbacks.append(keras.callbacks.EarlyStopping(**config.early_stopping.model_dump(), verbose=0))
    return callbacks


def find_callback(callbacks: Sequence[Any], kind: Any) -> Any:
    """Return the first callback of a class, or None."""
    return next((callback for callback in callbacks if isinstance(callback, kind)), None)
