"""The contents of run.json and metrics.json: when a run is created, when its training starts, and when it ends."""

from __future__ import annotations

import json
import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version

import pytest

from nntrain.config.dump import dump_config
from nntrain.config.load import load_config
from nntrain.errors import ConfigError, RunError
from nntrain.results import EpochResult, Scores, TrainResult
from nntrain.runs import metadata
from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import (
    environment_differences,
    initial_info,
    load_run_config,
    make_task_spec,
    processor_name,
    record_end,
    record_failure,
    record_start,
    restore_start,
)
from nntrain.runs.store import create_run
from nntrain.system import environment
from nntrain.system.hashing import fingerprint
from nntrain.task import TaskSpec
from nntrain.version import __version__

DIGITS = tuple("0123456789")
DEVICE = {"name": "CPU", "threads": 1}
DATA = {"name": "mnist", "fingerprints": {"x_train": "6510"}}


@pytest.fixture
def config(write_config):
    """Return the config of a small dense network."""
    return load_config(write_config()).config


@pytest.fixture
def run(tmp_path, config):
    """Return a run that has been created and not started."""
    first = initial_info("tiny", shipped=False, differs={"fit.epochs": 2}, parameters=12_730)
    return create_run(tmp_path / "runs", "tiny", {"config.yaml": dump_config(config), "run.json": to_json(first)})


@pytest.fixture
def start(run, config):
    """Return a function that records the start of the run's training."""

    def start(config=config, *, resumed=False):
        task_spec = make_task_spec(config, DIGITS)
        return record_start(run, config, task_spec, device=DEVICE, data=DATA, resumed=resumed)

    return start


def epoch(number, *, seconds=1.0, **metrics):
    return EpochResult(number, 3, seconds, 0.01, {"loss": 1.0, **metrics})


def test_the_task_spec_is_that_of_the_config(config):
    assert make_task_spec(config, DIGITS) == TaskSpec(
        task="classification",
        loss="categorical_crossentropy",
        metrics=(("accuracy", {}),),
        classes=DIGITS,
        positive=(),
    )


def test_the_task_has_the_metrics_with_their_arguments_and_the_positive_classes(write_config):
    text = """
task: binary
model: [dense: {units: 1, activation: sigmoid}]
optimizer: adam
loss: binary_crossentropy
metrics: [accuracy, {binary_accuracy: {threshold: 0.75}}]
fit: {epochs: 1, batch_size: 32}
"""
    path = write_config(text)
    path.write_text(path.read_text().replace("data: {", "data: {positive: [7, 9], "))
    task_spec = make_task_spec(load_config(path).config, DIGITS)
    assert (task_spec.task, task_spec.loss, task_spec.positive) == ("binary", "binary_crossentropy", (7, 9))
    assert task_spec.metrics == (("accuracy", {}), ("binary_accuracy", {"threshold": 0.75}))


def test_the_task_has_the_losss_arguments_without_label_smoothing(write_config):
    text = """
model: [dense: {units: 10, activation: softmax}]
optimizer: adam
loss: {categorical_focal_crossentropy: {gamma: 3.0, label_smoothing: 0.1}}
"""
    config = load_config(write_config(text)).config
    assert make_task_spec(config, DIGITS).loss_arguments == {"alpha": 0.25, "gamma": 3.0}


def test_a_new_run_has_all_keys_of_run_json(monkeypatch):
    monkeypatch.setattr(metadata, "utc_now", lambda: "2026-01-01T00:00:00.000000+00:00")
    info = initial_info("mlp", shipped=True, differs={"fit.epochs": 3}, parameters=118_282)
    versions = info.pop("versions")
    assert info == {
        "schema": 1,
        "status": "running",
        "config": "mlp",
        "shipped": True,
        "differs": {"fit.epochs": 3},
        "parameters": 118_282,
        "started": "2026-01-01T00:00:00.000000+00:00",
        "finished": None,
        "seconds": None,
        "process": os.getpid(),
        "platform": platform.platform(),
        "processor": processor_name(),
        "environment": environment.numerics_variables(),
        "device": None,
        "question": None,
        "temperature": None,
        "data": None,
        "fingerprints": {},
        "error": None,
    }
    assert list(versions) == ["nntrain", "python", "tensorflow", "keras", "numpy", "ai-edge-litert"]
    assert (versions["nntrain"], versions["python"]) == (__version__, platform.python_version())
    assert versions["keras"] == version("keras")


def test_a_package_that_is_installed_under_another_name_has_no_version(monkeypatch):
    def find(package):
        if package == "tensorflow":
            raise PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(metadata, "version", find)
    versions = initial_info("mlp", shipped=True, differs={}, parameters=1)["versions"]
    assert list(versions) == ["nntrain", "python", "keras", "numpy", "ai-edge-litert"]
    assert versions["keras"] == "1.0"


def test_the_processors_name_is_that_of_linux_or_else_of_python(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.processor", lambda: "arm")
    monkeypatch.setattr(metadata, "CPU_INFO", tmp_path / "cpuinfo")
    assert processor_name() == "arm"
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n")
    assert processor_name() == "arm"
    (tmp_path / "cpuinfo").write_bytes(b"processor\t: 0\nmodel name\t: A: B \xff\nmodel name\t: C\n")
    assert processor_name() == "A: B \ufffd"


def test_the_same_environment_has_no_differences(run, config, start):
    start()
    info = run.read_info()
    assert environment_differences({**info, "device": {"threads": config.runtime.threads}}, config) == []
    assert environment_differences({**info, "device": None}, config) == []


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"versions": {"keras": "3.0"}}, f"keras is {version('keras')}, was 3.0"),
        ({"versions": {"cupy": "1.0"}}, "cupy is not set, was 1.0"),
        ({"environment": {"OMP_NUM_THREADS": "2"}}, "OMP_NUM_THREADS is not set, was 2"),
    ],
)
def test_another_version_or_variable_is_a_difference(run, config, monkeypatch, changes, difference):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    info = run.read_info()
    (key,) = changes
    assert environment_differences({**info, key: {**info[key], **changes[key]}}, config) == [difference]


def test_a_variable_that_is_set_now_is_a_difference(run, config, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--x")
    info = run.read_info()
    info["environment"].pop("XLA_FLAGS", None)
    assert environment_differences(info, config) == ["XLA_FLAGS is --x, was not set"]


def test_another_processor_or_number_of_threads_is_a_difference(run, config, monkeypatch):
    monkeypatch.setattr(metadata, "processor_name", lambda: "B")
    info = {**run.read_info(), "processor": "A", "device": {"threads": 4}}
    threads = f"threads are {config.runtime.threads}, were 4"
    assert environment_differences(info, config) == ["processor is B, was A", threads]
    del info["processor"]
    assert environment_differences(info, config) == ["processor is B, was unknown", threads]


def test_a_start_records_device_data_task_and_config(run, config, start):
    before = run.read_info()
    start()
    info, text = run.read_info(), dump_config(config)
    assert info["question"] == {
        "task": "classification",
        "loss": "categorical_crossentropy",
        "loss_arguments": {},
        "metrics": [{"accuracy": {}}],
        "classes": list(DIGITS),
        "positive": [],
    }
    config_fingerprint = fingerprint(text.encode())
    assert info["fingerprints"] == {"config": config_fingerprint, "config_before": config_fingerprint}
    assert run.config_path.read_text(encoding="utf-8") == text
    changed = {key for key in before if before[key] != info[key]}
    assert changed == {"device", "data", "question", "fingerprints"}
    assert (info["device"], info["data"], info["resumed"]) == (DEVICE, DATA, None)


def test_a_resumed_run_is_running_and_records_when_it_was_resumed(run, start, monkeypatch):
    start()
    record_failure(run, "failed", "out of memory")
    run.write_info({**run.read_info(), "process": 1})
    for time in ("2026-01-02", "2026-01-03"):
        monkeypatch.setattr(metadata, "utc_now", lambda time=time: time)
        start(resumed=True)
    info = run.read_info()
    assert (info["status"], info["finished"], info["error"]) == ("running", None, None)
    assert (info["process"], info["resumed"]) == (os.getpid(), ["2026-01-02", "2026-01-03"])


def test_a_run_that_dies_between_run_json_and_its_config_can_be_resumed(run, start, write_config, monkeypatch):
    start()
    longer = load_config(write_config(), ["fit.epochs=5"]).config

    def die(path, text):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(metadata, "write_atomically", die)
        with pytest.raises(KeyboardInterrupt):
            start(longer, resumed=True)
    assert load_run_config(run, run.read_info()).config.fit.epochs == 2
    start(longer, resumed=True)
    assert load_run_config(run, run.read_info()).config.fit.epochs == 5


def test_a_runs_config_is_loaded_with_overrides_and_errors_name_its_file(run, start):
    start()
    loaded = load_run_config(run, run.read_info(), ["fit.epochs=7"])
    assert loaded.config.fit.epochs == 7
    run.config_path.write_text("model: [")
    with pytest.raises(ConfigError) as caught:
        load_run_config(run, run.read_info())
    assert str(caught.value).startswith(f"{run.config_path}:1:")


def test_the_config_of_a_run_that_has_not_started_may_be_changed(run):
    run.config_path.write_text(run.config_path.read_text().replace("epochs: 2", "epochs: 4"))
    assert load_run_config(run, run.read_info()).config.fit.epochs == 4


@pytest.mark.parametrize("overrides", [(), ("fit.epochs=7",)])
def test_a_config_with_a_changed_value_is_an_error_once_training_has_started(run, start, overrides):
    start()
    run.config_path.write_text(run.config_path.read_text().replace("epochs: 2", "epochs: 4"))
    with pytest.raises(RunError) as caught:
        load_run_config(run, run.read_info(), overrides)
    assert str(caught.value) == (
        f"{run.config_path}: was changed since the run was trained; restore it, or train it as a new run"
    )


def test_comments_in_a_config_may_be_changed(run, start):
    start()
    run.config_path.write_text("# My best run.\n" + run.config_path.read_text())
    assert load_run_config(run, run.read_info()).config.fit.epochs == 2


def test_a_missing_config_is_an_error(run):
    run.config_path.unlink()
    with pytest.raises(RunError, match=r"config\.yaml: missing; restore it, or train again"):
        load_run_config(run, run.read_info())


def test_an_end_writes_metrics_json(run, start):
    start()
    history = [
        epoch(1, seconds=3.0, accuracy=0.5, val_loss=0.9, val_accuracy=0.6),
        epoch(2, seconds=1.00004, accuracy=0.7, val_loss=0.4, val_accuracy=0.8),
        epoch(3, seconds=2.0, accuracy=0.9, val_loss=0.5, val_accuracy=0.7),
    ]
    result = TrainResult("complete", 3, Scores(100, {"loss": 0.3, "accuracy": 0.91}))
    document = record_end(run, result, history, seconds=6.12345)
    assert (
        document
        == json.loads(run.metrics_path.read_text())
        == {
            "schema": 1,
            "run": str(run.path),
            "config": "tiny",
            "status": "complete",
            "epochs": 3,
            "best_epoch": 2,
            "kept_epoch": 3,
            "seconds": 6.123,
            "seconds_per_epoch": 2.0,
            "parameters": 12_730,
            "dataset": "mnist",
            "training": {"loss": 1.0, "accuracy": 0.9},
            "validation": {"loss": 0.5, "accuracy": 0.7},
            "test": {"images": 100, "loss": 0.3, "accuracy": 0.91},
        }
    )
    assert run.read_metrics() == document


def test_the_metrics_are_those_of_the_epoch_whose_network_is_kept(run):
    history = [epoch(1, val_loss=0.6), epoch(2, accuracy=0.7, val_loss=0.4), epoch(3, val_loss=0.5)]
    document = record_end(run, TrainResult("complete", 3, None, kept_epoch=2), history, seconds=3)
    assert (document["epochs"], document["kept_epoch"]) == (3, 2)
    assert (document["training"], document["validation"]) == ({"loss": 1.0, "accuracy": 0.7}, {"loss": 0.4})


def test_files_that_are_deleted_during_training_are_written_again(run, start):
    texts = start()
    assert restore_start(texts) == ()
    run.info_path.unlink()
    run.config_path.unlink()
    notes = restore_start(texts)
    assert notes[0] == f"{run.info_path} was deleted during training; it was written again"
    assert [note.split()[0] for note in notes] == [str(run.info_path), str(run.config_path)]
    assert load_run_config(run, run.read_info()).config.fit.epochs == 2


def test_the_files_of_a_folder_that_is_gone_are_not_written_again(run, start):
    texts = start()
    shutil.rmtree(run.path)
    assert restore_start(texts) == ()


def test_an_end_completes_run_json(run, start, monkeypatch):
    start()
    run.tflite_path.write_bytes(b"abc")
    monkeypatch.setattr(metadata, "utc_now", lambda: "2026-01-02")
    record_end(run, TrainResult("diverged", 1, None, problem="loss is NaN"), [epoch(1)], seconds=1.23456)
    info = run.read_info()
    assert (info["status"], info["finished"], info["seconds"]) == ("diverged", "2026-01-02", 1.235)
    assert info["error"] == "loss is NaN"
    assert info["fingerprints"]["model.tflite"] == "900150983cd24fb0d6963f7d28e17f72"
    assert sorted(info["fingerprints"]) == ["config", "model.tflite"]


def test_the_best_epoch_has_the_lowest_validation_loss_not_the_lowest_loss(run):
    history = [epoch(1, val_loss=0.5), EpochResult(2, 3, 1.0, 0.01, {"loss": 0.1, "val_loss": 0.6})]
    assert record_end(run, TrainResult("complete", 2, None), history, seconds=2)["best_epoch"] == 1


def test_without_validation_the_best_epoch_has_the_lowest_loss(run):
    history = [EpochResult(number, 3, 1.0, 0.01, {"loss": loss}) for number, loss in ((1, 0.5), (2, 0.2), (3, 0.3))]
    document = record_end(run, TrainResult("complete", 3, None), history, seconds=3)
    assert (document["best_epoch"], document["validation"]) == (2, {})


def test_a_run_that_ends_before_its_first_epoch_has_no_metrics(run):
    document = record_end(run, TrainResult("interrupted", 0, None), [], seconds=0)
    unknown = ("best_epoch", "kept_epoch", "seconds_per_epoch", "dataset", "test")
    assert [document[key] for key in unknown] == [None] * 5
    assert (document["training"], document["validation"]) == ({}, {})
    assert run.read_info()["fingerprints"] == {"model.tflite": None}
    assert run.status() == "interrupted"


@pytest.mark.parametrize(
    ("seconds", "median"), [([1.0], 1.0), ([1.0, 2.0], 2.0), ([4.0, 1.0, 2.0], 2.0), ([1.23456, 1.23456], 1.2346)]
)
def test_the_time_per_epoch_is_the_median(run, seconds, median):
    history = [epoch(number, seconds=time) for number, time in enumerate(seconds, 1)]
    document = record_end(run, TrainResult("complete", len(seconds), None), history, seconds=9)
    assert document["seconds_per_epoch"] == median


def test_a_failure_is_recorded_with_its_problem(run, monkeypatch):
    monkeypatch.setattr(metadata, "utc_now", lambda: "2026-01-02")
    before = run.read_info()
    record_failure(run, "failed", "out of memory")
    assert run.read_info() == {**before, "status": "failed", "finished": "2026-01-02", "error": "out of memory"}
