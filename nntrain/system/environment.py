"""Environment variables that TensorFlow and Keras read as they load, and what nntrain makes of them."""

from __future__ import annotations

import os
import platform

# They change TensorFlow's arithmetic, so a run's result depends on them.
ARITHMETIC = (
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
# Keras's limits would shorten a run in silence, and its backend is not the user's to choose here. What they may well
# be, where that is anything.
IGNORED = {
    "KERAS_MAX_EPOCHS": None,
    "KERAS_MAX_STEPS_PER_EPOCH": None,
    "KERAS_BACKEND": "tensorflow",
    "KERAS_NNX_ENABLED": None,
    "TF_USE_LEGACY_KERAS": None,
}


def _defaults() -> dict[str, str]:
    """Return what nntrain sets where the user has not."""
    # TensorFlow leaves oneDNN out on x86 processors without AVX-512; with AVX2 alone, too, a small convolution and the
    # gradient of a max pooling are three to five times as fast with it.
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return {"TF_ENABLE_ONEDNN_OPTS": "1"} if x86 else {}


def prepare() -> None:
    """Set this process's variables for TensorFlow, which is not loaded yet."""
    for name in IGNORED:
        os.environ.pop(name, None)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name, value in _defaults().items():
        os.environ.setdefault(name, value)


def numerics_variables() -> dict[str, str]:
    """Return the variables that change the arithmetic, as TensorFlow finds them, before `prepare` as after it."""
    found = {**_defaults(), **os.environ}
    return {name: found[name] for name in ARITHMETIC if name in found}


def ignored() -> list[str]:
    """Return the names of variables that are set to what nntrain takes no notice of."""
    return [name for name, usual in IGNORED.items() if os.environ.get(name, usual) != usual]
