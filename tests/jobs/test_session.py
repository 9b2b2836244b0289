"""One training in a run's folder: what stays on disk after a failure or an interrupt, without TensorFlow."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import time
import weakref

import pytest

from nntrain.errors import DataError, DeviceError, NntrainError
from nntrain.jobs.listener import JobListener
from nntrain.jobs.resume import resume
from nntrain.jobs.session import TrainingSession
from nntrain.jobs.train import create_run_for
from nntrain.runs.checkpoint import TrainingState
from nntrain.runs.folder import RunDir


def ending(run):
    """Return a run's status and error, as run.json has them."""
    info = json.loads(run.info_path.read_text())
    return info["status"], info["error"]


def test_the_engine_has_the_only_reference_to_the_data(workshop, monkeypatch):
    freed = []

    def train(config, dataset, *_):
        reference = weakref.ref(dataset)
        del dataset
        freed.append(reference() is None)
        raise DeviceError("no GPU")

    monkeypatch.setattr("nntrain.jobs.session.load_engine", lambda: lambda: train)
    with pytest.raises(DeviceError):
        workshop.train()
    assert freed == [True]


def test_a_run_whose_files_were_deleted_is_not_to_be_continued(workshop):
    workshop.engine.fails_in = (3, NntrainError("history.csv: cannot be written"))

    def delete(result):
        for name in ("run.json", "config.yaml"):
            (workshop.runs / "tiny-1" / name).unlink(missing_ok=True)

    with pytest.raises(NntrainError, match=r"cannot be continued without run\.json and config\.yaml, deleted"):
        workshop.train("epochs=5", listener=JobListener(on_epoch=delete))


def test_a_failure_before_the_first_epoch_leaves_no_folder(workshop):
    workshop.engine.fails_at_once = DeviceError("no GPU")
    with pytest.raises(DeviceError, match=r"^no GPU$"):
        workshop.train()
    assert list(workshop.runs.iterdir()) == []


def test_a_failure_after_an_epoch_keeps_the_run_and_tells_how_to_continue(workshop):
    workshop.engine.fails_in = (3, NntrainError("history.csv: cannot be written: No space left on device"))
    with pytest.raises(NntrainError) as error:
        workshop.train("epochs=5")
    path = workshop.runs / "tiny-1"
    assert str(error.value) == (
        "history.csv: cannot be written: No space left on device. "
        f"In {path}, epochs 1 to 2 are saved. To continue: `nntrain resume {path}`"
    )
    assert ending(RunDir(path)) == ("failed", "history.csv: cannot be written: No space left on device")


def test_a_failure_keeps_its_kind(workshop):
    workshop.engine.fails_in = (2, DeviceError("the GPU is gone"))
    with pytest.raises(DeviceError, match=r"the GPU is gone\. In .*, epoch 1 is saved"):
        workshop.train()


def test_without_a_checkpoint_only_the_config_is_saved(workshop, monkeypatch):
    workshop.engine.fails_in = (2, NntrainError("the disk is full"))
    monkeypatch.setattr("fake_engine.write_checkpoint", lambda folder, state: None)
    with pytest.raises(NntrainError, match=r"the config is saved, but no epoch yet\. To continue: "):
        workshop.train()


def test_a_folder_that_vanished_is_reported(workshop, monkeypatch):
    def vanish(*_):
        shutil.rmtree(workshop.runs / "tiny-1")
        raise NntrainError("history.csv: cannot be written")

    monkeypatch.setattr("fake_engine.write_history", vanish)
    with pytest.raises(NntrainError, match=r"The run's folder is gone, and the trained network with it$"):
        workshop.train()


def test_ctrl_c_in_a_process_that_handles_it_leaves_a_run_to_resume_or_none(workshop):
    workshop.engine.fails_in = (2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        workshop.train()
    assert ending(RunDir(workshop.runs / "tiny-1")) == ("interrupted", None)
    workshop.engine.fails_in = (1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        workshop.train()
    assert not (workshop.runs / "tiny-2").exists()


@pytest.mark.parametrize("bug", [ZeroDivisionError("division by zero"), SystemExit(3)], ids=repr)
def test_any_other_exception_is_recorded_and_raised_as_it_is(workshop, bug):
    workshop.engine.fails_in = (1, bug)
    with pytest.raises(type(bug)):
        workshop.train()
    assert ending(RunDir(workshop.runs / "tiny-1")) == ("failed", f"{type(bug).__name__}: {bug}")


@pytest.mark.parametrize("failure", [DeviceError("no GPU"), MemoryError("x")], ids=repr)
def test_a_resumed_run_that_the_engine_has_not_touched_is_unchanged(workshop, failure):
    run = workshop.train().run
    before = run.info_path.read_bytes()
    workshop.engine.fails_at_once = failure
    with pytest.raises(type(failure)) as error:
        resume("tiny-1", ["epochs=4"], runs_dir=workshop.runs)
    assert str(error.value) == str(failure)
    assert run.info_path.read_bytes() == before


@pytest.mark.parametrize(
    ("failure", "recorded"), [(NntrainError("disk full"), "disk full"), (ValueError("x"), "ValueError: x")], ids=repr
)
def test_a_resumed_run_that_fails_later_has_failed(workshop, failure, recorded):
    run = workshop.train().run
    workshop.engine.fails_in = (3, failure)
    with pytest.raises(type(failure)):
        resume("tiny-1", ["epochs=4"], runs_dir=workshop.runs)
    assert ending(run) == ("failed", recorded)


def test_a_failure_that_cannot_be_recorded_is_still_raised(workshop, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    workshop.engine.fails_in = (2, NntrainError("model.keras: cannot be written"))
    monkeypatch.setattr("nntrain.jobs.session.record_failure", full)
    with pytest.raises(NntrainError, match=r"model\.keras: cannot be written"):
        workshop.train()


def test_data_that_has_changed_is_refused(workshop):
    run = workshop.train().run
    info = run.read_info()
    info["data"]["fingerprints"]["y_train"] = "0" * 32
    run.write_info(info)
    with pytest.raises(DataError, match=r"y_train is not what the run was trained on .* restore the data, or"):
        resume("tiny-1", ["epochs=4"], runs_dir=workshop.runs)
    assert (run.status(), workshop.engine.calls) == ("complete", 1)


def test_what_takes_a_moment_is_reported_in_order(workshop, recorder):
    workshop.train(listener=recorder.listener())
    assert recorder.waiting == ["loading TensorFlow", "building the network", "saving and testing"]
    assert (recorder.devices, recorder.saving) == (["CPU, 2 threads"], 1)
    assert recorder.progress == [(1, 0.5), (2, 0.5)]
    assert recorder.notes == ["after epoch 1", "after epoch 2"]


def test_environment_variables_without_effect_are_named(workshop, recorder, monkeypatch):
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    workshop.train(listener=recorder.listener())
    assert recorder.notes[0] == "KERAS_MAX_EPOCHS is set, but nntrain ignores it"


def test_a_listener_can_stop_a_training(workshop, recorder):
    recorder.stop_after = 2
    trained = workshop.train("epochs=9", listener=recorder.listener())
    assert (trained.result.status, trained.result.epochs) == ("interrupted", 2)


def wait_for_lines(path, count):
    """Wait until a file has so many lines; returns them."""
    deadline = time.monotonic() + 30
    while len(lines := path.read_text().splitlines()) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    return lines


def train_with_signals(workshop, *numbers):
    """Train in a process that sends itself signals in epoch 3; returns its exit code, 50 plus the epochs, and notes."""
    notes = workshop.runs.with_name("notes.txt")
    notes.touch()

    def on_note(message):
        with notes.open("a") as file:
            file.write(f"{message}\n")

    def on_progress(epoch, share, values):
        if epoch == 3:
            for count, number in enumerate(numbers, 3):  # there is a note per epoch
                os.kill(os.getpid(), number)
                wait_for_lines(notes, count)

    def work():
        listener = JobListener(on_note=on_note, on_progress=on_progress)
        os._exit(50 + workshop.train("epochs=9", listener=listener, handle_signals=True).result.epochs)

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(60)
    return process.exitcode, notes.read_text().splitlines()[2:]


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@needs_fork
@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("SIGINT", "Stopping and saving. Press Ctrl-C again to quit now"),
        ("SIGTERM", "Stopping and saving after SIGTERM. A second signal quits now"),
        ("SIGHUP", "Stopping and saving after SIGHUP. A second signal quits now"),
        ("SIGUSR1", "Stopping and saving after SIGUSR1. A second signal quits now"),
    ],
)
def test_a_first_signal_stops_training_and_tells_how_to_quit(workshop, name, note):
    code, notes = train_with_signals(workshop, signal.Signals[name])
    assert (code, notes) == (52, [note])
    assert ending(RunDir(workshop.runs / "tiny-1")) == ("interrupted", None)


@needs_fork
def test_a_second_signal_ends_the_process_and_the_run_can_be_resumed(workshop):
    code, notes = train_with_signals(workshop, signal.SIGTERM, signal.SIGINT)
    run = RunDir(workshop.runs / "tiny-1")
    assert code == 130
    assert notes[-1] == f"interrupted. To continue: `nntrain resume {run.path}`"
    assert ending(run) == ("interrupted", None)


@pytest.fixture
def session(workshop, recorder):
    """Return a session in a new run folder that has not begun."""
    loaded = workshop.open_config()
    return TrainingSession(loaded, create_run_for(loaded, workshop.runs, "tiny"), recorder.listener())


def test_abandoned_before_the_first_epoch_nothing_is_kept(session, recorder):
    session.abandon()
    assert not session.run.path.exists()
    assert recorder.notes == ["interrupted before the first epoch was finished; nothing was saved"]


def test_abandoned_before_the_engine_writes_a_resumed_run_is_unchanged(session, recorder):
    session.resumed = TrainingState(2, 1.0, ())
    before = session.run.info_path.read_bytes()
    session.abandon()
    assert session.run.info_path.read_bytes() == before
    assert recorder.notes == ["interrupted before training continued; the run is unchanged"]


def test_abandoned_after_an_epoch_the_run_is_interrupted(session, recorder):
    session.run.history_path.write_text("epoch\n")
    session.abandon()
    assert ending(session.run) == ("interrupted", None)
    assert recorder.notes == [f"interrupted. To continue: `nntrain resume {session.run.path}`"]


def test_abandoned_in_a_scratch_folder_the_folder_is_removed(session, recorder, workshop):
    session.scratch = workshop.runs
    session.abandon()
    assert not workshop.runs.exists()
    assert recorder.notes == ["interrupted"]
