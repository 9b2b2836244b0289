"""Sets the device (CPU or GPU), threads, precision and seeds, once, before a network is built."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from nntrain.config.schema import Runtime
from nntrain.errors import DeviceError

# From glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8


@dataclass(frozen=True)
class Device:
    """The device that a run trains on."""

    kind: str  # "cpu" or "gpu"
    name: str  # for messages
    threads: int  # used by one operation
    bfloat16: bool = False  # whether a CPU has instructions for it


def set_up_device(runtime: Runtime, *, seed: int) -> Device:
    """Choose the device, set threads, precision and every seed; raises DeviceError if it is not available."""
    if tf.config.functions_run_eagerly():
        raise DeviceError(
            "TensorFlow runs functions eagerly in this process, which nntrain cannot train with; "
            "call tf.config.run_functions_eagerly(False) first"
        )
    # Keras's defaults, which keras.json in the user's home may change.
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy(runtime.dtype_policy)
    _keep_freed_memory()
    device = _choose(runtime)
    keras.utils.set_random_seed(seed)
    return device


def _keep_freed_memory() -> None:
    """Have glibc's malloc keep freed buffers for the next allocation.

    A matrix product or convolution packs its operands into buffers of a few hundred kilobytes, and each chunk of images
    takes a few megabytes. By default malloc may return them to the system and request them again each time, above all
    in its per-thread heaps: the page faults took up to a third of a dense network's step. Other C libraries are left
    unchanged.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # the highest value that every version accepts
        mallopt(M_TRIM_THRESHOLD, 1 << 30)
        mallopt(M_ARENA_MAX, 1)


def _choose(runtime: Runtime) -> Device:
    threads = _set_threads(runtime)
    gpus = tf.config.list_physical_devices("GPU")
    if runtime.device == "gpu" and not gpus:
        raise DeviceError(
            f"TensorFlow finds no GPU: {_reason_for_no_gpu()}. To train on the CPU, set runtime.device=cpu"
        )
    if runtime.device == "cpu" or not gpus:
        if gpus:
            _hide_gpus()
        return Device("cpu", f"CPU, {threads} thread{'s' if threads > 1 else ''}", threads, _has_bfloat16())
    for gpu in gpus:
        # By default TensorFlow allocates all of the GPU's memory. If it has started already, it is too late.
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)
    details = tf.config.experimental.get_device_details(gpus[0])
    return Device("gpu", str(details.get("device_name", "GPU")), threads)


def _hide_gpus() -> None:
    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError:
        raise DeviceError(
            "TensorFlow already uses the GPU in this process; to train on the CPU, start a new Python process"
        ) from None


def _set_threads(runtime: Runtime) -> int:
    """Set and return how many threads an operation may use. Runs record it, because it affects how sums are rounded.

    Raises DeviceError if TensorFlow already runs with another number than the one that the config sets.
    """
    threads = available_cores() if runtime.threads == "auto" else runtime.threads
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        # TensorFlow has already started in this process, so its number of threads can no longer change.
        running = tf.config.threading.get_intra_op_parallelism_threads() or available_cores()
        if runtime.threads not in ("auto", running):
            raise DeviceError(
                f"runtime.threads is {runtime.threads}, but TensorFlow already runs with {running} in this process; "
                "start a new Python process"
            ) from None
        threads = running
    return threads


def _has_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _reason_for_no_gpu() -> str:
    if sys.platform == "darwin":
        return "TensorFlow for macOS supports none"
    if sys.platform == "win32":
        return "TensorFlow for Windows supports none (under WSL2 it does)"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA"
    if not Path("/proc/driver/nvidia/version").exists():
        return "this machine has no NVIDIA driver"
    return "CUDA's libraries were not found; install them with `pip install 'nntrain[gpu]'`"
