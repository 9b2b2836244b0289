"""What `auto` means in a run: decided by network, data size, device and epochs, never by a timing.

So a resumed and a reproduced run decide alike, and the decision can be written into the run's config.
"""

from __future__ import annotations

from math import ceil

from nntrain.config import schema

# XLA on a CPU saves 0.1 to 0.3 ms a batch of dense layers and takes 1 to 2 s to compile, so it pays from here on.
MIN_CPU_BATCHES = 12_000


def use_xla(config: schema.Config, *, device: str, training_images: int) -> tuple[bool, str]:
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
    return True, "it makes dense layers faster"


def resolved(config: schema.Config, *, device: str, threads: int, jit_compile: bool) -> schema.Config:
    """Return the config with every `auto` replaced by what was chosen."""
    runtime = config.runtime.model_copy(update={"device": device, "threads": threads, "jit_compile": jit_compile})
    return config.model_copy(update={"runtime": runtime})
