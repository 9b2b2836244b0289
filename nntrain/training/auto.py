"""What `auto` means in a run: decided by network, data size, device and epochs, never by a timing.

So a resumed and a reproduced run decide alike, and the decision can be written into the run's config.
"""

from __future__ import annotations

from math import ceil

from nntrain.config import schema
from nntrain.errors import DeviceError

# Measured on two cores, batches of 128: melting a dense network's operations into few saves 0.3 ms a batch (0.5 ms
# with batch normalization and dropout) and takes 0.9 s (1.5 s) more to compile than the plain graph to trace: it
# pays from about here on. Convolutions it computes many times more slowly than oneDNN.
MIN_CPU_BATCHES = 3_000


def choose_xla(config: schema.Config, *, device: str, training_images: int) -> tuple[bool, str]:
    """Decide `runtime.jit_compile`; returns the decision and its reason in words."""
    asked = config.runtime.jit_compile
    if asked != "auto":
        return asked, "as asked"
    if device == "gpu":
        return True, "it is faster on a GPU"
    if any(isinstance(layer, schema.Conv2D) for layer in config.model):
        return False, "on a CPU it makes convolutions slower"
    batches = ceil(training_images / config.fit.batch_size) * config.fit.epochs
    if batches < MIN_CPU_BATCHES:
        return False, "the run is too short to earn its compilation back"
    return True, "it melts a dense network's many operations into few"


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


def resolve_auto(config: schema.Config, *, device: str, threads: int, jit_compile: bool) -> schema.Config:
    """Return the config with every `auto` replaced by what was chosen."""
    runtime = config.runtime.model_copy(update={"device": device, "threads": threads, "jit_compile": jit_compile})
    return config.model_copy(update={"runtime": runtime})
