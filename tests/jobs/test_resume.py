"""Continuing a run: what may change, what is refused, what is reported, without TensorFlow."""

from __future__ import annotations

import re
import shutil

import pytest

from nntrain.errors import ConfigError, DataError, NewerSchemaError, RunError, UsageError
from nntrain.jobs.plan import open_config
from nntrain.jobs.requirements import Requirements
from nntrain.jobs.resume import resume
from nntrain.runs.checkpoint import read_checkpoint, write_checkpoint
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_history
from nntrain.runs.store import utc_now
from nntrain.system.locks import acquire_lock, is_locked


@pytest.fixture
def stopped(workshop, recorder):
    """Return a run that was stopped after two of five epochs."""
    recorder.stop_after = 2
    return workshop.train("epochs=5", listener=recorder.listener()).run


@pytest.fixture
def finished(workshop):
    """Return a run of two epochs that is complete."""
    return workshop.train().run


def test_a_stopped_run_continues_to_its_end(workshop, stopped):
    continued = resume("tiny-1", runs_dir=workshop.runs)
    assert (continued.result.status, continued.result.epochs) == ("complete", 5)
    assert workshop.engine.resumed[1].epoch == 2
    assert [row["epoch"] for row in read_history(stopped.history_path)] == [1, 2, 3, 4, 5]


def test_without_a_name_the_run_that_was_stopped_last_continues(workshop, stopped):
    workshop.train(name="other")
    assert resume(runs_dir=workshop.runs).run.name == "tiny-1"


def test_without_a_stopped_run_a_name_is_needed(workshop, finished):
    with pytest.raises(UsageError, match="to train a complete run for more epochs, give its name"):
        resume(runs_dir=workshop.runs)


def test_without_a_name_a_run_that_cannot_be_resumed_here_is_passed_over(workshop, stopped, recorder):
    (stopped.path.parent / "gone-1").mkdir()
    gone = RunDir(stopped.path.parent / "gone-1")
    gone.config_path.write_text(stopped.config_path.read_text().replace("tiny.npz", "no.npz"))
    gone.write_info({**stopped.read_info(), "finished": utc_now(), "fingerprints": {}})
    assert resume(runs_dir=workshop.runs, listener=recorder.listener()).run.name == "tiny-1"
    assert f"{gone.path} cannot be resumed: " in "\n".join(recorder.notes)
    assert "no.npz: no such file or folder" in "\n".join(recorder.notes)
    assert f"Trying {stopped.path}" in "\n".join(recorder.notes)


def test_without_a_name_a_run_whose_config_is_not_valid_is_passed_over_but_no_wrong_override(workshop, recorder):
    recorder.stop_after = 1
    first, second = (workshop.train("epochs=5", listener=recorder.listener()).run for _ in range(2))
    second.config_path.write_text("later_key: 1\n" + second.config_path.read_text())
    with pytest.raises(ConfigError, match="argument epochs=x"):
        resume(None, ["epochs=x"], runs_dir=workshop.runs)
    assert resume(runs_dir=workshop.runs).run.name == first.name


def test_if_no_run_can_be_resumed_here_the_last_reason_is_the_error(workshop, stopped, tiny_data):
    stopped.config_path.write_text(stopped.config_path.read_text().replace("tiny.npz", "no.npz"))
    stopped.write_info({**stopped.read_info(), "fingerprints": {}})
    with pytest.raises(DataError, match=r"no\.npz: no such file or folder"):
        resume(runs_dir=workshop.runs)


def test_runs_are_looked_for_where_the_environment_says(workshop, stopped, monkeypatch):
    monkeypatch.setenv("NNTRAIN_RUNS_DIR", str(workshop.runs))
    assert resume().run.path == stopped.path


def test_a_finished_run_is_trained_for_more_epochs(workshop, finished):
    continued = resume("tiny-1", ["epochs=4"], runs_dir=workshop.runs)
    assert (continued.result.epochs, continued.config.fit.epochs) == (4, 4)


def test_the_run_and_its_finished_epochs_are_reported(workshop, stopped, recorder):
    recorder.stop_after = None
    resume("tiny-1", runs_dir=workshop.runs, listener=recorder.listener())
    assert recorder.runs == [("tiny-1", 0), ("tiny-1", 2)]
    assert recorder.epochs == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["seed=2"],
            r"seed=2: resume can only change epochs and early stopping \(more patience, or ",
        ),
        (["epochs=4", "runtime.threads=auto"], r"runtime\.threads=auto: resume can only change"),
        (["epochs=4", "early_stopping={patience: 3}"], r"early_stopping\.patience=3: resume can only change"),
        (["epochs=4", "metrics=[]"], r"metrics=\[\]: resume can only change .* 'metrics=\[\]' fit\.epochs=4`$"),
        (["early_stopping={patience: 3}"], r"`nntrain train \S+config\.yaml early_stopping\.patience=3`$"),
        ({"metrics": []}, r"metrics=\[\]: resume can .*`nntrain train \S+config\.yaml 'metrics=\[\]'`$"),
        (["optimizer=sgd"], r"optimizer=sgd: resume can .*`nntrain train \S+config\.yaml optimizer=sgd`$"),
        (["epochs=1"], r"epochs=1: \S+tiny-1 has already been trained for 2 epochs$"),
        ([], r"tiny-1 is complete after 2 epochs; to train it longer: `nntrain resume \S+tiny-1 epochs=4`$"),
        (["epochs=2"], r"tiny-1 is complete after 2 epochs"),
    ],
    ids=str,
)
def test_what_would_be_another_training_is_refused(workshop, finished, overrides, message):
    before = finished.info_path.read_bytes()
    with pytest.raises(UsageError, match=message):
        resume("tiny-1", overrides, runs_dir=workshop.runs)
    assert (finished.info_path.read_bytes(), workshop.engine.calls) == (before, 1)


def test_a_refused_setting_comes_with_the_command_for_a_new_run(workshop, finished):
    with pytest.raises(UsageError) as error:
        resume("tiny-1", ["seed=2"], runs_dir=workshop.runs)
    assert str(error.value).endswith(f"`nntrain train {finished.config_path} seed=2`")


def test_as_many_epochs_as_are_trained_are_no_fewer(workshop, stopped):
    resume("tiny-1", ["epochs=2"], runs_dir=workshop.runs)
    assert stopped.read_metrics()["epochs"] == 2


EARLY = "early_stopping: {monitor: loss, patience: 3}"


@pytest.fixture
def early(workshop):
    """Return a run that early stopping has ended after three of nine epochs."""
    run = workshop.train("epochs=9", also=EARLY).run
    assert run.read_metrics()["epochs"] == 3
    return run


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["epochs=20"],
            r"stopped early after 3 epochs and would stop there again; to continue: `nntr",
        ),
        (["early_stopping.patience=2"], r"patience=2: with a patience below 3, \S+ might have stopped earlier"),
        (["early_stopping.monitor=val_loss"], r"early_stopping\.monitor=val_loss: resume can only change"),
        ([], r"tiny-1 is complete after 3 epochs; .* epochs=18 early_stopping=null`$"),
        (["epochs=2"], r"epochs=2: \S+tiny-1 has already been trained for 3 epochs$"),
    ],
    ids=str,
)
def test_what_early_stopping_would_undo_is_refused(workshop, early, overrides, message):
    with pytest.raises(UsageError, match=message):
        resume("tiny-1", overrides, runs_dir=workshop.runs)


@pytest.mark.parametrize(
    ("overrides", "epochs"),
    [
        (["early_stopping.patience=5"], 5),
        (["early_stopping=null"], 9),
        (["epochs=11", "early_stopping=null"], 11),
    ],
    ids=str,
)
def test_with_more_patience_or_without_early_stopping_training_goes_on(workshop, early, overrides, epochs):
    assert resume("tiny-1", overrides, runs_dir=workshop.runs).result.epochs == epochs


def test_an_ended_run_that_was_killed_while_it_was_saved_is_not_trained_further(workshop, early):
    info = early.read_info()
    early.write_info({**info, "status": "running"})
    assert resume("tiny-1", runs_dir=workshop.runs).result.epochs == 3
    assert workshop.engine.resumed[1].stopped_early


@pytest.mark.parametrize("schedule", ["cosine_annealing", "polynomial_decay"])
def test_the_epochs_cannot_change_if_the_learning_rates_depend_on_their_number(workshop, schedule):
    workshop.train(also=f"lr_schedule: {schedule}")
    with pytest.raises(UsageError, match=f"with {schedule}, every learning rate depends on the number of epochs"):
        resume("tiny-1", ["epochs=9"], runs_dir=workshop.runs)


@pytest.mark.parametrize(
    ("overrides", "also", "advice"),
    [
        ((), "", "train config.yaml epochs=4"),
        (["epochs=9"], "", "train config.yaml fit.epochs=9"),
        ((), "early_stopping: {monitor: loss, patience: 1}", "resume early_stopping=null"),
        ((), "early_stopping: {monitor: loss, patience: 2}", "train config.yaml epochs=4"),
    ],
)
def test_what_is_advised_is_not_refused_if_the_learning_rates_depend_on_the_epochs(workshop, overrides, also, advice):
    run = workshop.train(also=f"lr_schedule: cosine_annealing\n{also}").run
    with pytest.raises(UsageError) as error:
        resume("tiny-1", overrides, runs_dir=workshop.runs)
    command = re.search(r"`nntrain (.*)`$", str(error.value))[1]
    assert command.replace(f"{run.path}/", "").replace(f" {run.path}", "") == advice
    verb, _, *arguments = command.split()
    if verb == "resume":
        assert resume("tiny-1", arguments, runs_dir=workshop.runs).result.epochs == 2
    else:
        assert open_config(str(run.config_path), arguments).config.fit.epochs == int(advice.rpartition("=")[2])


def test_the_advice_keeps_to_the_largest_number_of_epochs(workshop, finished):
    finished.config_path.write_text(finished.config_path.read_text().replace("epochs: 2", "epochs: 60000"))
    finished.write_info({**finished.read_info(), "fingerprints": {}})
    with pytest.raises(UsageError, match=r"epochs=100000`$"):
        resume("tiny-1", runs_dir=workshop.runs)


def test_the_epochs_can_change_if_the_learning_rates_do_not_depend_on_their_number(workshop):
    workshop.train(also="lr_schedule: {polynomial_decay: {decay_epochs: 2}}")
    assert resume("tiny-1", ["epochs=9"], runs_dir=workshop.runs).result.epochs == 9


def test_a_run_that_diverged_is_not_continued(workshop):
    workshop.engine.diverges = True
    workshop.train()
    with pytest.raises(UsageError, match="tiny-1 diverged, and would diverge again"):
        resume("tiny-1", ["epochs=9"], runs_dir=workshop.runs)


def test_a_run_that_another_process_trains_is_not_continued(workshop, stopped):
    with (
        acquire_lock(stopped.lock_path),
        pytest.raises(UsageError, match="is being trained by another process; wait"),
    ):
        resume("tiny-1", runs_dir=workshop.runs)


def test_the_lock_is_free_after_a_refusal(workshop, finished):
    with pytest.raises(UsageError):
        resume("tiny-1", ["seed=2"], runs_dir=workshop.runs)
    assert not is_locked(finished.lock_path)


def test_a_requirement_of_an_unknown_metric_is_refused(workshop, stopped):
    with pytest.raises(UsageError, match="the test score has no acc; it has loss, accuracy"):
        resume("tiny-1", runs_dir=workshop.runs, requirements=Requirements.parse(["acc>=0.9"]))
    assert workshop.engine.calls == 1


def test_a_config_that_was_edited_is_refused(workshop, finished):
    finished.config_path.write_text(finished.config_path.read_text().replace("0.01", "0.02"))
    with pytest.raises(RunError, match="was changed since the run was trained"):
        resume("tiny-1", ["epochs=9"], runs_dir=workshop.runs)


def test_a_damaged_checkpoint_is_reported_and_the_one_before_is_used(workshop, stopped, recorder):
    newest = stopped.checkpoint_dir / "epoch-000002.npz"
    newest.write_bytes(newest.read_bytes()[:-20])
    recorder.stop_after = None
    resume("tiny-1", runs_dir=workshop.runs, listener=recorder.listener())
    notes = "\n".join(recorder.notes)
    assert "epoch-000002.npz is damaged; it is kept as epoch-000002.npz.damaged\n" in notes
    assert "training continues from the checkpoint before, after epoch 1\n" in notes
    assert (stopped.checkpoint_dir / "epoch-000002.npz.damaged").exists()
    resumed = workshop.engine.resumed[1]
    assert resumed.epoch == 1
    assert [row.epoch for row in resumed.later_epochs] == [2]


def test_without_a_checkpoint_training_begins_again_and_history_keeps_its_rows(workshop, stopped, recorder):
    for path in stopped.checkpoint_dir.iterdir():
        path.write_bytes(b"")
    recorder.stop_after = None
    resume("tiny-1", ["epochs=3"], runs_dir=workshop.runs, listener=recorder.listener())
    assert "no other checkpoint found: training starts again from epoch 1" in recorder.notes
    resumed = workshop.engine.resumed[1]
    assert (resumed.epoch, [row.epoch for row in resumed.later_epochs]) == (0, [1, 2])


def test_a_resume_without_a_checkpoint_says_so_before_it_trains(workshop, finished, recorder):
    shutil.rmtree(finished.checkpoint_dir)
    resume("tiny-1", ["epochs=4"], runs_dir=workshop.runs, listener=recorder.listener())
    assert recorder.notes[0] == "no checkpoint found: training starts again from epoch 1"
    resume("tiny-1", ["epochs=5"], runs_dir=workshop.runs, listener=recorder.listener())
    assert [state.epoch for state in workshop.engine.resumed[1:]] == [0, 4]


def test_epochs_of_a_complete_run_count_also_if_its_checkpoint_is_lost(workshop, finished):
    shutil.rmtree(finished.checkpoint_dir)
    for overrides, message in (
        (["epochs=1"], "has already been trained for 2 epochs"),
        ([], "complete after 2 epochs"),
    ):
        with pytest.raises(UsageError, match=message):
            resume("tiny-1", overrides, runs_dir=workshop.runs)


@pytest.mark.parametrize("file", ["metrics.json", "checkpoint"])
def test_a_run_that_a_newer_version_wrote_is_refused_and_left_as_it_is(workshop, stopped, monkeypatch, file):
    path = stopped.metrics_path
    if file == "checkpoint":
        path = stopped.checkpoint_dir / "epoch-000002.npz"
        state, _ = read_checkpoint(stopped.checkpoint_dir)
        with monkeypatch.context() as patch:
            patch.setattr("nntrain.runs.checkpoint.SCHEMA", 2)
            write_checkpoint(stopped.checkpoint_dir, state)
    else:
        path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    before = path.read_bytes()
    with pytest.raises(NewerSchemaError, match=f"{path.name}: has schema 2, but this nntrain reads schema 1"):
        resume("tiny-1", runs_dir=workshop.runs)
    assert (path.read_bytes(), workshop.engine.calls) == (before, 1)


def test_a_damaged_metrics_file_is_written_again(workshop, stopped):
    stopped.metrics_path.write_text("?")
    resume("tiny-1", runs_dir=workshop.runs)
    assert stopped.read_metrics()["epochs"] == 5


def test_a_damaged_history_does_no_harm(workshop, stopped):
    stopped.history_path.write_text("?")
    assert resume("tiny-1", runs_dir=workshop.runs).result.epochs == 5
    assert workshop.engine.resumed[1].later_epochs == ()


def test_what_a_killed_process_left_is_removed(workshop, stopped):
    litter = [stopped.path / ".model.77-88.keras", stopped.checkpoint_dir / ".epoch-000003.77-88.npz"]
    for path in litter:
        path.write_bytes(b"half")
    resume("tiny-1", runs_dir=workshop.runs)
    assert [path for path in litter if path.exists()] == []


def test_another_machine_is_reported(workshop, stopped, recorder):
    stopped.write_info({**stopped.read_info(), "processor": "an older one"})
    resume("tiny-1", runs_dir=workshop.runs, listener=recorder.listener())
    (message,) = [message for message in recorder.notes if message.startswith("processor is ")]
    assert message.endswith(
        "was an older one: the result may differ in its last digits from a run that was not stopped"
    )


def test_a_changed_run_is_written_with_its_new_settings(workshop, finished):
    resume("tiny-1", ["epochs=4"], runs_dir=workshop.runs)
    assert "epochs: 4" in finished.config_path.read_text()
    assert read_checkpoint(finished.checkpoint_dir)[0].epoch == 4


def test_the_config_is_read_once(workshop, finished, monkeypatch):
    from nntrain.config import load

    reads = []
    read_tree = load.read_tree
    monkeypatch.setattr(
        load, "read_tree", lambda *arguments, **options: reads.append(1) or read_tree(*arguments, **options)
    )
    resume("tiny-1", ["epochs=4"], runs_dir=workshop.runs)
    assert len(reads) == 1
