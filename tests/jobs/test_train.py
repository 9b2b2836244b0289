"""Training in a new run folder, without TensorFlow."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import sys
from dataclasses import replace

import pytest

from nntrain.errors import DataError, DivergedError, NntrainError, UsageError
from nntrain.jobs.plan import open_config
from nntrain.jobs.requirements import Requirements
from nntrain.jobs.train import draw_history, train
from nntrain.runs.folder import RunDir
from nntrain.runs.store import list_runs


def test_the_result_names_the_run_the_status_and_the_test_score(workshop):
    trained = workshop.train()
    assert (trained.run.name, trained.result.status, trained.result.epochs) == ("tiny-1", "complete", 2)
    assert trained.test_metrics == {"loss": 0.25, "accuracy": 0.75}
    assert trained.config.fit.epochs == 2


def test_a_run_takes_the_next_number_of_its_name(workshop):
    names = [workshop.train().run.name, workshop.train().run.name, workshop.train(name="other").run.name]
    assert names == ["tiny-1", "tiny-2", "other-1"]


def test_runs_go_to_the_folder_that_the_environment_names(workshop, tmp_path, monkeypatch):
    monkeypatch.setenv("NNTRAIN_RUNS_DIR", str(tmp_path / "elsewhere"))
    workshop.runs = None
    assert workshop.train().run.path == tmp_path / "elsewhere" / "tiny-1"


def test_run_json_names_the_config_its_parameters_and_the_overrides(workshop):
    info = workshop.train("epochs=3").run.read_info()
    assert (info["config"], info["shipped"], info["parameters"]) == ("tiny", False, 12_730)
    assert info["differs"] == {"fit.epochs": 3}


def test_a_run_differs_from_the_latest_one_of_the_same_config(workshop):
    workshop.train("seed=6")
    workshop.train("seed=7")
    workshop.train(name="other")
    assert workshop.train().run.read_info()["differs"] == {}
    workshop.train("seed=8")
    assert workshop.train().run.read_info()["differs"] == {"seed": 42}


def test_an_earlier_run_that_is_damaged_is_skipped(workshop):
    workshop.train("seed=7")
    workshop.train().run.info_path.write_text("{")
    assert workshop.train().run.read_info()["differs"] == {"seed": 42}


def test_an_earlier_run_without_a_config_is_skipped(workshop):
    workshop.train("seed=7")
    workshop.train().run.config_path.unlink()
    assert workshop.train().run.read_info()["differs"] == {"seed": 42}


def test_a_run_of_a_shipped_config_differs_from_the_shipped_file(fake_engine, tmp_path):
    for _ in range(2):
        trained = train(open_config("mlp", ["data.dataset=mnist_5k", "epochs=1"]), runs_dir=tmp_path)
    info = trained.run.read_info()
    assert info["shipped"]
    assert info["differs"] == {"data.dataset": "mnist_5k", "fit.epochs": 1}


def test_config_yaml_holds_the_overrides(workshop):
    trained = workshop.train("epochs=3")
    assert open_config(str(trained.run.config_path)).config.fit.epochs == 3


def test_source_yaml_is_the_config_as_it_was_written(workshop):
    trained = workshop.train("epochs=3", also="# my own words")
    source = trained.run.source_path.read_text(encoding="utf-8")
    assert source.endswith("# my own words\n")
    assert "epochs: 3" not in source


def test_a_config_given_as_a_dict_has_no_source(workshop):
    values = workshop.open_config().tree.plain()
    assert not train(open_config(values), runs_dir=workshop.runs).run.source_path.exists()


def test_a_name_that_no_folder_can_have_is_refused_before_a_folder_is_made(workshop):
    with pytest.raises(UsageError, match="a run cannot be named 'a/b'"):
        workshop.train(name="a/b")
    assert not workshop.runs.exists()


def test_a_requirement_of_an_unknown_metric_is_refused_before_a_folder_is_made(workshop):
    with pytest.raises(UsageError, match="the test score has no f1; it has loss, accuracy"):
        workshop.train(requirements=Requirements.parse(["f1>=0.5"]))
    assert not workshop.runs.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_on_a_file_system_without_locks_no_folder_stays(workshop, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(NntrainError, match=r"/tiny-1/\.lock: cannot be locked: .*; choose a folder on another disk"):
        workshop.train()
    assert list(workshop.runs.iterdir()) == []


def test_missing_data_is_refused_before_a_folder_is_made(workshop, tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.npz: no such file or folder"):
        workshop.train(f"data.dataset={tmp_path}/nowhere.npz")
    assert not workshop.runs.exists()


def test_without_a_data_set_the_one_that_ships_is_offered(workshop, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("NNTRAIN_OFFLINE", "1")
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)
    with pytest.raises(DataError) as caught:
        workshop.train("data.dataset=mnist")
    assert caught.value.lines[-1].endswith("that ship with nntrain: data.dataset=mnist_5k")


def test_a_data_set_with_a_name_is_downloaded_first(workshop, recorder, monkeypatch):
    fetched = []
    monkeypatch.setattr("nntrain.jobs.data.find_dataset", lambda name: None)
    monkeypatch.setattr("nntrain.data.download.fetch_dataset", lambda name, **_: fetched.append(name))
    workshop.train("data.dataset=mnist_5k", listener=recorder.listener())
    assert fetched == ["mnist_5k"]
    assert recorder.downloads == ["mnist_5k begins", "mnist_5k ends"]


def test_the_plan_the_run_and_every_epoch_are_reported(workshop, recorder):
    workshop.train(listener=recorder.listener())
    (plan,) = recorder.plans
    assert (plan.parameters, plan.epochs) == (12_730, 2)
    assert (recorder.runs, recorder.epochs) == ([("tiny-1", 0)], [1, 2])


def test_the_run_is_locked_while_it_is_trained(workshop, recorder):
    statuses = []
    run = RunDir(workshop.runs / "tiny-1")
    listener = replace(recorder.listener(), on_epoch=lambda result: statuses.append(run.status()))
    workshop.train(listener=listener)
    assert statuses == ["running", "running"]
    assert run.status() == "complete"


def test_the_curves_are_drawn_if_there_is_an_epoch(workshop, monkeypatch):
    drawn = []
    monkeypatch.setattr("nntrain.report.plots.draw_training", lambda _, path, **options: drawn.append((path, options)))
    trained = workshop.train()
    run = trained.run
    assert drawn == [(run.path / "training.png", {"title": "tiny-1", "kept_epoch": 2})]
    run.history_path.unlink()
    draw_history(run, trained.result)
    assert len(drawn) == 1


def test_a_divergence_names_a_tenth_of_the_learning_rate(workshop):
    workshop.engine.diverges = True
    trained = workshop.train("learning_rate=0.02")
    with pytest.raises(DivergedError) as error:
        trained.check_diverged()
    assert str(error.value) == (
        "the loss became NaN or infinite in epoch 1. Try a smaller learning rate: "
        f"`nntrain train {trained.run.config_path} learning_rate=0.002`"
    )
    assert trained.test_metrics == {}


def test_a_training_that_came_to_its_end_did_not_diverge(workshop):
    workshop.train().check_diverged()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_eight_trainings_at_once_get_eight_folders(workshop):
    context = multiprocessing.get_context("fork")
    loaded = workshop.open_config()
    processes = [context.Process(target=train, args=[loaded], kwargs={"runs_dir": workshop.runs}) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 8
    runs = list_runs(workshop.runs)
    assert sorted(run.name for run in runs) == [f"tiny-{number}" for number in range(1, 9)]
    assert [json.loads(run.info_path.read_text())["status"] for run in runs] == ["complete"] * 8
