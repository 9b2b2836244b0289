"""Early stopping; Keras's arguments and defaults."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nntrain.config.schema.base import CountOrZero, NonNegative, Section


class EarlyStopping(Section):
    """Stops training when `monitor` has not improved for `patience` epochs."""

    monitor: str = Field("val_loss", description="loss or a metric; with val_ in front, on the validation images")
    min_delta: NonNegative = Field(0.0, description="the smallest change that counts as an improvement")
    patience: CountOrZero = Field(description="epochs without an improvement before training stops; 0 in Keras")
    mode: Literal["auto", "min", "max"] = Field(
        "auto", description="whether lower or higher values are better; auto: by the metric"
    )
    baseline: float | None = Field(None, description="a value that has to be reached to count as an improvement")
    restore_best_weights: bool = Field(False, description="keep the weights of the best epoch, not of the last one")
    start_from_epoch: CountOrZero = Field(0, description="epochs before monitoring starts")
