"""Every finished epoch is recorded, reported and explained."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nntrain.config import schema
from nntrain.results import EpochResult
from nntrain.runs.checkpoint import TrainingState
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_history
from nntrain.training.listener import TrainingListener

pytestmark = pytest.mark.tensorflow


def row(epoch, loss, *, seconds=1.0):
    """Return an epoch of five."""
    return EpochResult(epoch, 5, seconds, 0.1, {"loss": loss})


@pytest.fixture
def make_recorder(tmp_path):
    """Return a function that gives a recorder of five epochs, with two chunks each, for a stub of a network."""
    from nntrain.engine.callbacks.history_recorder import HistoryRecorder
    from nntrain.engine.callbacks.terminate_on_non_finite import TerminateOnNonFinite

    def make(*built_in, resumed=None, **listener):
        recorder = HistoryRecorder(
            schema.Config.model_construct(fit=schema.Fit(epochs=5)),
            RunDir(tmp_path),
            TrainingListener(**listener),
            chunks_per_epoch=2,
            built_in=built_in,
            terminate=TerminateOnNonFinite(),
            resumed=resumed,
        )
        recorder.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.1), stop_training=False))
        return recorder

    return make


def finish_epochs(recorder, *losses):
    """Finish epochs with these losses."""
    for loss in losses:
        recorder.on_epoch_begin(recorder.finished_epochs)
        recorder.on_epoch_end(recorder.finished_epochs, {"loss": loss, "learning_rate": 0.5})


def test_a_finished_epoch_is_reported_and_written(make_recorder, tmp_path):
    reported = []
    recorder = make_recorder(on_epoch=reported.append)
    finish_epochs(recorder, 0.5, 0.25)
    assert [(result.epoch, result.epochs, result.learning_rate, result.metrics) for result in reported] == [
        (1, 5, 0.1, {"loss": 0.5}),
        (2, 5, 0.1, {"loss": 0.25}),
    ]
    assert recorder.history == reported
    assert [row["loss"] for row in read_history(tmp_path / "history.csv")] == [0.5, 0.25]


def test_an_epochs_seconds_are_its_own(make_recorder, monkeypatch):
    recorder, clock = make_recorder(), iter([10.0, 12.5])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    finish_epochs(recorder, 0.5)
    assert recorder.history[0].seconds == 2.5


def test_progress_is_the_fraction_of_chunks(make_recorder):
    reported = []
    recorder = make_recorder(on_progress=lambda *progress: reported.append(progress))
    finish_epochs(recorder, 0.5)
    recorder.on_epoch_begin(1)
    recorder.on_train_batch_end(0, {"loss": 0.75})
    recorder.on_train_batch_end(1)
    recorder.on_test_batch_end(0)
    assert reported == [(2, 0.5, {"loss": 0.75}), (2, 1.0, {}), (2, 1.0, {})]


def test_a_stop_within_an_epoch_discards_it(make_recorder):
    recorder = make_recorder(should_stop=lambda: True)
    recorder.on_epoch_begin(0)
    recorder.on_train_batch_end(0, {"loss": 0.5})
    recorder.on_epoch_end(0, {"loss": 0.5})
    assert (recorder.interrupted, recorder.model.stop_training, recorder.history) == (True, True, [])


def test_a_stop_between_epochs_keeps_the_finished_one(make_recorder):
    recorder = make_recorder(should_stop=lambda: True)
    finish_epochs(recorder, 0.5)
    assert (recorder.interrupted, recorder.model.stop_training, recorder.finished_epochs) == (True, True, 1)


def test_a_stop_after_the_last_epoch_is_too_late(make_recorder):
    recorder = make_recorder(should_stop=lambda: recorder.finished_epochs == 5)
    finish_epochs(recorder, 0.5, 0.4, 0.3, 0.2, 0.1)
    assert recorder.interrupted is False


def test_a_stop_after_early_stopping_is_too_late(make_recorder):
    recorder = make_recorder(should_stop=lambda: True)
    recorder.model.stop_training = True
    finish_epochs(recorder, 0.5)
    assert recorder.interrupted is False


def test_an_epoch_that_diverged_is_not_recorded(make_recorder, tmp_path):
    recorder = make_recorder()
    recorder.terminate.diverged_in = 1
    finish_epochs(recorder, 0.5)
    assert recorder.history == []
    assert not (tmp_path / "history.csv").exists()


def test_a_resume_continues_the_history(make_recorder):
    recorder = make_recorder(resumed=TrainingState(2, 9.0, (row(1, 0.5), row(2, 0.4))))
    assert recorder.finished_epochs == 2
    finish_epochs(recorder, 0.3)
    assert [(result.epoch, result.metrics["loss"]) for result in recorder.history] == [(1, 0.5), (2, 0.4), (3, 0.3)]


def test_epochs_after_the_checkpoint_stay_in_the_file_until_they_are_trained_again(make_recorder, tmp_path):
    state = TrainingState(1, 9.0, (row(1, 0.5),), later_epochs=(row(2, 0.4, seconds=7.0), row(3, 0.3)))
    recorder = make_recorder(resumed=state)
    finish_epochs(recorder, 0.4)
    assert [(row["epoch"], row["loss"]) for row in read_history(tmp_path / "history.csv")] == [
        (1, 0.5),
        (2, 0.4),
        (3, 0.3),
    ]
    assert recorder.history[1].seconds == 7.0  # the same result keeps its row


def test_an_epoch_that_is_trained_again_names_its_metrics_in_the_order_of_the_others(make_recorder):
    later = EpochResult(1, 5, 7.0, 0.1, {"loss": 0.4, "val_loss": 0.5, "accuracy": 0.9})  # in the order of history.csv
    recorder = make_recorder(resumed=TrainingState(0, 0.0, (), later_epochs=(later,)))
    recorder._record(EpochResult(1, 5, 9.0, 0.1, {"accuracy": 0.9, "loss": 0.4, "val_loss": 0.5}))
    assert list(recorder.history[0].metrics) == ["accuracy", "loss", "val_loss"]
    assert recorder.history[0].seconds == 7.0


def test_an_epoch_that_comes_out_differently_replaces_its_row(make_recorder):
    recorder = make_recorder(resumed=TrainingState(0, 0.0, (), later_epochs=(row(1, 0.4, seconds=7.0),)))
    finish_epochs(recorder, 0.5)
    assert recorder.rows() == recorder.history
    assert recorder.history[0].metrics == {"loss": 0.5}
    assert recorder.history[0].seconds < 7.0


def test_rows_with_other_columns_are_dropped(make_recorder):
    later = EpochResult(2, 5, 1.0, 0.1, {"loss": 0.4, "accuracy": 0.9})
    recorder = make_recorder(resumed=TrainingState(0, 0.0, (), later_epochs=(later,)))
    finish_epochs(recorder, 0.5)
    assert [result.epoch for result in recorder.rows()] == [1]


@pytest.mark.parametrize(
    ("patience", "words"), [(1, "loss has not improved for 1 epoch: "), (2, "loss has not improved for 2 epochs: ")]
)
def test_a_drop_of_the_learning_rate_is_explained(make_recorder, patience, words):
    import keras

    notes = []
    recorder = make_recorder(keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=patience), on_note=notes.append)
    finish_epochs(recorder, 0.5)
    recorder.on_epoch_begin(1)
    recorder.model.optimizer.learning_rate = 0.05
    recorder.on_epoch_end(1, {"loss": 0.5})
    assert notes == [words + "learning rate 0.1 -> 0.05"]


def test_a_drop_that_a_schedule_causes_needs_no_explanation(make_recorder):
    notes = []
    recorder = make_recorder(on_note=notes.append)
    recorder.on_epoch_begin(0)
    recorder.model.optimizer.learning_rate = 0.05
    recorder.on_epoch_end(0, {"loss": 0.5})
    assert notes == []


@pytest.mark.parametrize(
    ("best_epoch", "notes"), [(1, ["loss was best in epoch 2; the weights of epoch 2 are restored"]), (4, [])]
)
def test_weights_that_are_restored_after_the_last_epoch_are_told(make_recorder, best_epoch, notes):
    import keras

    reported = []
    stopping = keras.callbacks.EarlyStopping(monitor="loss", patience=9, restore_best_weights=True)
    recorder = make_recorder(stopping, on_note=reported.append)
    stopping.best_epoch, stopping.best_weights = best_epoch, []
    finish_epochs(recorder, 0.5, 0.1, 0.4, 0.3, 0.2)
    assert reported == notes


@pytest.mark.parametrize("restore", [True, False])
def test_an_early_stop_is_explained(make_recorder, restore):
    import keras

    notes = []
    stopping = keras.callbacks.EarlyStopping(monitor="loss", patience=2, restore_best_weights=restore)
    stopping.on_train_begin()
    recorder = make_recorder(stopping, on_note=notes.append)
    finish_epochs(recorder, 0.25)
    stopping.best, stopping.best_epoch, stopping.best_weights = 0.25, 0, [] if restore else None
    recorder.model.stop_training = True
    finish_epochs(recorder, 0.5)
    restored = "; the weights of epoch 1 are restored" if restore else ""
    assert notes == [f"stopped early: loss was best in epoch 1 (0.25) and has not improved for 2 epochs{restored}"]
