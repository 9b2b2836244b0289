"""What a run's result depends on is written down alike, whether or not TensorFlow was loaded by then."""

from __future__ import annotations

from nntrain.system import environment


def test_what_changes_the_arithmetic_is_the_same_before_tensorflow_is_prepared_for_and_after(monkeypatch):
    monkeypatch.setattr("os.environ", {"XLA_FLAGS": "--x", "HOME": "/root"})
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    before = environment.numerics_variables()
    environment.prepare()
    assert environment.numerics_variables() == before == {"TF_ENABLE_ONEDNN_OPTS": "1", "XLA_FLAGS": "--x"}


def test_what_the_user_set_stays(monkeypatch):
    monkeypatch.setattr("os.environ", {"TF_ENABLE_ONEDNN_OPTS": "0"})
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    environment.prepare()
    assert environment.numerics_variables() == {"TF_ENABLE_ONEDNN_OPTS": "0"}


def test_nothing_is_set_for_processors_that_have_no_onednn_of_their_own(monkeypatch):
    monkeypatch.setattr("os.environ", {})
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert environment.numerics_variables() == {}


def test_keras_limits_are_taken_away_and_said_where_they_would_do_something(monkeypatch):
    monkeypatch.setattr("os.environ", {"KERAS_MAX_EPOCHS": "1", "KERAS_BACKEND": "tensorflow"})
    assert environment.ignored() == ["KERAS_MAX_EPOCHS"]
    environment.prepare()
    assert environment.ignored() == []
