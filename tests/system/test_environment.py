"""The variables that change a run's result are recorded; they are the same before and after TensorFlow is loaded."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from nntrain.errors import DeviceError
from nntrain.system import environment


@pytest.fixture
def variables(monkeypatch):
    """Return the process's variables, which are empty at first, on an x86 processor."""
    variables = {}
    monkeypatch.setattr("os.environ", variables)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    return variables


def test_numerics_variables_are_the_same_before_and_after_preparing(variables):
    variables.update(XLA_FLAGS="--x", HOME="/root")
    before = environment.numerics_variables()
    environment.prepare()
    assert environment.numerics_variables() == before == {"TF_ENABLE_ONEDNN_OPTS": "1", "XLA_FLAGS": "--x"}


def test_preparing_sets_the_backend_the_log_level_and_onednn(variables):
    environment.prepare()
    variables.pop("PYTEST_CURRENT_TEST")
    assert variables == {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}


def test_variables_of_the_user_are_kept(variables):
    variables.update(TF_ENABLE_ONEDNN_OPTS="0", TF_CPP_MIN_LOG_LEVEL="0")
    environment.prepare()
    assert environment.numerics_variables() == {"TF_ENABLE_ONEDNN_OPTS": "0"}
    assert variables["TF_CPP_MIN_LOG_LEVEL"] == "0"


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
def test_onednn_is_used_on_x86_processors(variables, monkeypatch, machine):
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert environment.numerics_variables() == {"TF_ENABLE_ONEDNN_OPTS": "1"}


def test_nothing_is_set_for_other_processors(variables, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    environment.prepare()
    assert environment.numerics_variables() == {}
    assert "TF_ENABLE_ONEDNN_OPTS" not in variables


@pytest.mark.parametrize(
    "name",
    [
        "TF_ENABLE_ONEDNN_OPTS",
        "TF_XLA_FLAGS",
        "XLA_FLAGS",
        "TF_DETERMINISTIC_OPS",
        "TF_CUDNN_DETERMINISTIC",
        "TF_CUDNN_USE_AUTOTUNE",
        "TF_CUDNN_USE_FRONTEND",
        "TF_ENABLE_CUBLAS_TENSOR_OP_MATH_FP32",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
        "NVIDIA_TF32_OVERRIDE",
        "CUBLAS_WORKSPACE_CONFIG",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "ONEDNN_MAX_CPU_ISA",
        "DNNL_MAX_CPU_ISA",
        "ONEDNN_DEFAULT_FPMATH_MODE",
        "DNNL_DEFAULT_FPMATH_MODE",
    ],
)
def test_a_variable_that_changes_the_numerics_is_recorded(variables, name):
    variables[name] = "7"
    assert environment.numerics_variables()[name] == "7"


@pytest.mark.parametrize(
    "name",
    ["KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_BACKEND", "KERAS_NNX_ENABLED", "TF_USE_LEGACY_KERAS"],
)
def test_a_variable_that_would_change_the_training_is_reported_and_cleared(variables, name):
    variables[name] = "1"
    assert environment.ignored_variables() == [name]
    environment.prepare()
    assert environment.ignored_variables() == []
    assert variables.get(name) == ("tensorflow" if name == "KERAS_BACKEND" else None)


def test_a_variable_that_changes_nothing_is_not_reported(variables):
    variables.update(KERAS_BACKEND="tensorflow", OMP_NUM_THREADS="2")
    assert environment.ignored_variables() == []


def test_a_keras_that_runs_with_another_backend_is_an_error_and_no_variable_changes(variables, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(config=SimpleNamespace(backend=lambda: "jax")))
    with pytest.raises(DeviceError, match="Keras already runs with the backend 'jax' in this process"):
        environment.prepare()
    assert "KERAS_BACKEND" not in variables


def test_a_keras_that_runs_with_tensorflow_is_used(variables, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(config=SimpleNamespace(backend=lambda: "tensorflow")))
    environment.prepare()
    assert variables["KERAS_BACKEND"] == "tensorflow"
