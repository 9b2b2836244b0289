"""A listener that does nothing by default."""

from __future__ import annotations

from nntrain.results import EpochResult
from nntrain.training.listener import TrainingListener


def test_a_listener_ignores_everything_and_never_stops_training_by_default():
    listener = TrainingListener()
    listener.on_device("CPU, 2 threads")
    listener.on_epoch(EpochResult(1, 1, 0.5, 0.1, {"loss": 0.5}))
    listener.on_progress(1, 0.5, {"loss": 0.5})
    listener.on_note("stopped early")
    listener.on_saving()
    assert listener.should_stop() is False
