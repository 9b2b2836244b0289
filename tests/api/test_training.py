"""Training from Python, without TensorFlow."""

from __future__ import annotations

import pytest

import nntrain
from nntrain.errors import DivergedError, UsageError


def test_train_returns_the_run_with_overrides_and_seed(fake_engine, config, tmp_path):
    run = nntrain.train(config, overrides={"fit.epochs": 3}, seed=9, name="short", runs_dir=str(tmp_path))
    assert (run.name, run.status, run.path) == ("short-1", "complete", tmp_path / "short-1")
    assert (run.config.settings.fit.epochs, run.config.settings.seed) == (3, 9)
    assert run.info["differs"] == {"seed": 9, "fit.epochs": 3}


def test_a_dict_and_text_train_under_the_name_config(fake_engine, config, tmp_path):
    text = config.read_text()
    assert nntrain.train(text, runs_dir=tmp_path).name == "config-1"
    run = nntrain.train(nntrain.load_config(text).to_dict(), seed=3, runs_dir=tmp_path)
    assert (run.name, run.info["shipped"], run.info["differs"]) == ("config-2", False, {"seed": 3})


def test_a_listener_can_stop_training_and_resume_continues_it(run, fake_engine, config, recorder_listener):
    stopped = nntrain.train(config, {"fit.epochs": 4}, listener=recorder_listener)
    assert (stopped.status, stopped.history.epochs) == ("interrupted", 1)
    assert nntrain.resume() == stopped
    assert (stopped.status, stopped.history.epochs) == ("complete", 4)


@pytest.fixture
def recorder_listener():
    """Return a listener that stops training after its first epoch."""
    epochs = []
    return nntrain.JobListener(on_epoch=epochs.append, should_stop=lambda: bool(epochs))


def test_reproduce_compares_and_says_so(run):
    reproduction = nntrain.reproduce(run)
    assert reproduction.identical
    assert repr(reproduction).endswith("identical, 2 of 2 epochs compared)")


def test_a_training_that_diverges_raises_and_keeps_the_run(fake_engine, config, tmp_path):
    fake_engine.diverges = True
    with pytest.raises(DivergedError, match="Try a smaller learning rate"):
        nntrain.train(config, runs_dir=tmp_path)
    assert nntrain.load_run("tiny-1", runs_dir=tmp_path).status == "diverged"


def test_resuming_what_is_not_there_is_a_usage_error(run):
    with pytest.raises(UsageError, match="no unfinished run in runs"):
        nntrain.resume()


def test_two_trainings_at_the_same_time_are_an_error(fake_engine, config, tmp_path):
    errors = []

    def train_again(result):
        with pytest.raises(UsageError, match="another training runs in this process") as caught:
            nntrain.train(config, name="second", runs_dir=tmp_path)
        errors.append(caught.value)

    run = nntrain.train(config, runs_dir=tmp_path, listener=nntrain.JobListener(on_epoch=train_again))
    assert (len(errors), run.status) == (2, "complete")
    assert list(nntrain.list_runs(tmp_path)) == [run]


@pytest.mark.parametrize("callback", ["on_plan", "on_run", "on_waiting", "on_epoch"])
def test_an_error_of_a_listener_reaches_the_caller_and_the_run_has_failed(fake_engine, config, tmp_path, callback):
    def fail(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        nntrain.train(config, runs_dir=tmp_path, listener=nntrain.JobListener(**{callback: fail}))
    assert nntrain.load_run("tiny-1", runs_dir=tmp_path).status == "failed"
    assert nntrain.train(config, runs_dir=tmp_path).status == "complete"


@pytest.mark.tensorflow
def test_a_run_from_python_equals_the_commands_and_its_model_works(trained, tiny_data):
    code = """
import sys, nntrain, numpy as np
run = nntrain.train("tiny.yaml", runs_dir="python")
again = nntrain.train("tiny.yaml", runs_dir="python")
images, labels = run.dataset().x_test, run.dataset().y_test
model = run.model()
loss, accuracy, top = model.evaluate(images, np.eye(10)[labels], verbose=0)
assert abs(accuracy - run.evaluate().metrics["accuracy"]) < 1e-6
assert (model.predict(images, verbose=0).argmax(1) == run.predict(images).argmax(1)).all()
model.fit(images, np.eye(10)[labels], verbose=0)
weights = lambda run: run.info["fingerprints"]["weights"]
print(weights(run) == weights(again) == weights(nntrain.load_run("tiny-1")))
"""
    process = trained.start_code(code, (), cwd=trained.folder, env=trained.environment(), stdin=b"")
    out, err = process.communicate(timeout=300)
    assert out == "True\n", err
