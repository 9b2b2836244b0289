"""What `auto` means in a run: decided by network, data size, device and epochs, never by a timing.

So a resumed and a reproduced run decide alike, and the decision can be written into the run's config.
"""

from __future__ import annotations

from math import ceil

from nntrain.config import schema
from nntrain.errors import DeviceError

# Measured on two cores, batches of 128: where XLA has many small operations to melt into few it saves 0.15 to 0.5 ms a
# batch and takes 0.6 to 0.8 s to compile, so it pays from about here on. Matrix products alone it computes more slowly
# than TensorFlow's own, and convolutions many times more slowly.
MIN_CPU_BATCHES = 3_000


def use_xla(config: schema.Config, *, device: str, training_images: int) -> tuple[bool, str]:
    """Decide `runtime.jit_compile`; returns the decision and its reason in words."""
    asked = config.runtime.jit_compile
    if asked != "auto":
        return asked, "as asked"
    if device == "gpu":
        return True, "it is faster on a GPU"
    if any(isinstance(layer, schema.Conv2D) for layer in config.model):
        return False, "on a CPU it makes convolutions slower"
    if not _has_many_small_operations(config):
        return False, "on a CPU this network is faster without"
    batches = ceil(training_images / config.fit.batch_size) * config.fit.epochs
    if batches < MIN_CPU_BATCHES:
        return False, "the run is too short to earn its compilation back"
    return True, "it melts the network's many small operations into few"


def _has_many_small_operations(config: schema.Config) -> bool:
    normalizes = any(isinstance(layer, schema.BatchNormalization) for layer in config.model)
    return normalizes or isinstance(config.optimizer, schema.Nadam)


def check_precision(config: schema.Config, *, device: str, bfloat16: bool) -> None:
    """Raise DeviceError for a mixed precision that gains nothing; `bfloat16`: the processor computes with it.

    Measured on a CPU that does: convolutions take a third less time, dense layers a fifth more.
    """
    policy = config.runtime.dtype_policy
    if policy == "float32" or device == "gpu":
        return
    if policy == "mixed_float16":
        why = "no CPU computes with 16-bit floats quickly"
    elif not bfloat16:
        why = "this processor has no bfloat16 arithmetic"
    elif not any(isinstance(layer, schema.Conv2D) for layer in config.model):
        why = "dense layers are slower with it"
    else:
        return
    raise DeviceError(f"runtime.dtype_policy: {policy} gains nothing on this CPU: {why}; use float32, or a GPU")


def resolved(config: schema.Config, *, device: str, threads: int, jit_compile: bool) -> schema.Config:
    """Return the config with every `auto` replaced by what was chosen."""
    runtime = config.runtime.model_copy(update={"device": device, "threads": threads, "jit_compile": jit_compile})
    return config.model_copy(update={"runtime": runtime})
