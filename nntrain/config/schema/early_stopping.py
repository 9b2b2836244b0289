"""Early stopping; Keras's arguments and defaults."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nntrain.config.schema.base import CountOrZero, NonNegative, Section


class EarlyStopping(Section):
    """Stops training when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    min_delta: NonNegative = 0.0
    patience: CountOrZero = Field(description="epochs")
    mode: Literal["auto", "min", "max"] = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: CountOrZero = 0
