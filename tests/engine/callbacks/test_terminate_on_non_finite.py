"""Training stops at the first metric that is NaN or infinite."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def terminate():
    """Return the callback in the second epoch of a training."""
    from nntrain.engine.callbacks.terminate_on_non_finite import TerminateOnNonFinite

    callback = TerminateOnNonFinite()
    callback.set_model(SimpleNamespace(stop_training=False))
    callback.on_epoch_begin(1)
    return callback


def test_finite_metrics_do_not_stop_training(terminate):
    terminate.on_train_batch_end(0, {"loss": 0.5})
    terminate.on_epoch_end(1, {"loss": 0.5, "val_loss": 1e38})
    assert (terminate.diverged_in, terminate.bad_metric) == (None, "")
    assert terminate.model.stop_training is False


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_chunk_with_a_bad_metric_stops_training(terminate, value):
    terminate.on_train_batch_end(0, {"loss": 0.5, "mse": value})
    assert (terminate.diverged_in, terminate.bad_metric) == (2, "mse")
    assert terminate.model.stop_training is True


def test_a_validation_with_a_bad_metric_stops_training(terminate):
    terminate.on_epoch_end(1, {"loss": 0.5, "val_loss": float("nan")})
    assert (terminate.diverged_in, terminate.bad_metric) == (2, "val_loss")
    assert terminate.model.stop_training is True


def test_the_first_bad_metric_is_reported(terminate):
    terminate.on_train_batch_end(0, {"mse": float("nan")})
    terminate.on_epoch_begin(2)
    terminate.on_epoch_end(2, {"loss": float("nan")})
    assert (terminate.diverged_in, terminate.bad_metric) == (2, "mse")


def test_a_chunk_without_metrics_is_fine(terminate):
    terminate.on_train_batch_end(0)
    assert terminate.diverged_in is None
