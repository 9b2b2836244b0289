"""Resolves `auto` in a run's config, by network, data size, device and epochs, and never by a timing.

A resumed or reproduced run therefore makes the same choices. They are written into the run's config.
"""

from __future__ import annotations

from math import ceil

from nntrain.config import schema
from nntrain.errors import DeviceError

# Measured on two cores with batches of 128: XLA saves a dense network 0.3 ms per batch (0.5 ms with batch normalization
# and dropout), but takes 0.9 s (1.5 s) longer to compile than the plain graph takes to trace. It pays off from about
# this number of batches on. Convolutions are many times slower with XLA than with oneDNN.
MIN_CPU_BATCHES = 3_000


def choose_xla(config: schema.Config, *, device: str, training_images: int) -> tuple[bool, str]:
    """Return whether to compile with XLA, and a message that states the choice and its reason."""
    jit_compile = config.runtime.jit_compile
    if jit_compile != "auto":
        return jit_compile, "compiled with XLA (as configured)" if jit_compile else "not compiled (as configured)"
    if device == "gpu":
        return True, "compiled with XLA (faster on a GPU)"
    if _has_convolutions(config):
        return False, "not compiled: XLA slows convolutions down on a CPU"
    batches = ceil(training_images / config.fit.batch_size) * config.fit.epochs
    if batches < MIN_CPU_BATCHES:
        return False, "not compiled: too short to pay off"
    return True, "compiled with XLA (faster for longer runs)"


def check_precision(config: schema.Config, *, device: str, bfloat16: bool) -> None:
    """Raise DeviceError for a mixed precision that is no faster; `bfloat16` tells if the CPU has instructions for it.

    Measured on a CPU with bfloat16 instructions: convolutions take a third less time, dense layers a fifth more.
    """
    policy = config.runtime.dtype_policy
    if policy == "float32" or device == "gpu":
        return
    if policy == "mixed_float16":
        reason = "no CPU has fast float16 arithmetic"
    elif not bfloat16:
        reason = "it has no bfloat16 instructions"
    elif not _has_convolutions(config):
        reason = "dense layers are slower with it"
    else:
        return
    raise DeviceError(f"runtime.dtype_policy: {policy} is no faster on this CPU: {reason}; use float32, or a GPU")


def resolve_auto(config: schema.Config, *, device: str, threads: int, jit_compile: bool) -> schema.Config:
    """Return the config with every `auto` replaced by the value chosen."""
    runtime = config.runtime.model_copy(update={"device": device, "threads": threads, "jit_compile": jit_compile})
    return config.model_copy(update={"runtime": runtime})


def _has_convolutions(config: schema.Config) -> bool:
    return any(layer.is_convolution for layer in config.model)
