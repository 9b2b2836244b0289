"""Environment variables that TensorFlow and Keras read when they are imported."""

from __future__ import annotations

import os
import platform
import sys

from nntrain.errors import DeviceError

# They change the last digits of what TensorFlow computes, so a run's result depends on them.
NUMERICS_VARIABLES = (
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
)
# nntrain clears these variables: Keras's limits would silently shorten a run, and its backend is always TensorFlow
# here. The value of each is the one that has no effect.
IGNORED_VARIABLES = {
    "KERAS_MAX_EPOCHS": None,
    "KERAS_MAX_STEPS_PER_EPOCH": None,
    "KERAS_BACKEND": "tensorflow",
    "KERAS_NNX_ENABLED": None,
    "TF_USE_LEGACY_KERAS": None,
}


def prepare() -> None:
    """Set this process's variables for TensorFlow. Call it before TensorFlow is imported.

    Raises DeviceError if Keras has been imported already, with another backend.
    """
    backend = _running_backend()
    if backend not in (None, "tensorflow"):
        raise DeviceError(
            f"Keras already runs with the backend '{backend}' in this process, and nntrain needs tensorflow; "
            "start a new Python process, or set KERAS_BACKEND=tensorflow before Keras is imported"
        )
    for name in IGNORED_VARIABLES:
        os.environ.pop(name, None)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name, value in _defaults().items():
        os.environ.setdefault(name, value)


def _running_backend() -> str | None:
    """Return the backend of a Keras that was imported already, or None."""
    config = getattr(sys.modules.get("keras"), "config", None)
    backend = getattr(config, "backend", None)  # missing while Keras is imported
    return None if backend is None else str(backend())


def numerics_variables() -> dict[str, str]:
    """Return the variables that change results, with TensorFlow's values; the same before and after `prepare`."""
    variables = {**_defaults(), **os.environ}
    return {name: variables[name] for name in NUMERICS_VARIABLES if name in variables}


def ignored_variables() -> list[str]:
    """Return the names of the variables that the user has set but nntrain ignores."""
    return [name for name, harmless in IGNORED_VARIABLES.items() if os.environ.get(name, harmless) != harmless]


def _defaults() -> dict[str, str]:
    """Return the variables that nntrain sets if the user has not."""
    # TensorFlow does not use oneDNN on x86 processors without AVX-512, although small convolutions and the gradient of
    # max pooling are three to five times as fast with it on AVX2.
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return {"TF_ENABLE_ONEDNN_OPTS": "1"} if x86 else {}
