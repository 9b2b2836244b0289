"""Keras's own callbacks, as a config asks for them."""

from __future__ import annotations

from typing import Any

import keras

from nntrain.config import schema
from nntrain.training.lr_schedules import learning_rate_by_epoch


def stock_callbacks(config: schema.Config) -> list[Any]:
    """Return Keras's own callbacks as the config asks for them.

    The plateau writes learning_rate into the epoch's logs, so it goes before anything that reads them.
    """
    callbacks: list[Any] = []
    schedule = config.lr_schedule
    rate = learning_rate_by_epoch(schedule, start=config.optimizer.learning_rate, epochs=config.fit.epochs)
    if rate is not None:
        callbacks.append(keras.callbacks.LearningRateScheduler(rate))
    if isinstance(schedule, schema.ReduceLROnPlateau):
        callbacks.append(keras.callbacks.ReduceLROnPlateau(**schedule.model_dump(), verbose=0))
    if config.early_stopping is not None:
        callbacks.append(keras.callbacks.EarlyStopping(**config.early_stopping.model_dump(), verbose=0))
    return callbacks


def _only(callbacks: list[Any], kind: Any) -> Any:
    return next((callback for callback in callbacks if isinstance(callback, kind)), None)
