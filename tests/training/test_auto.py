"""What `auto` means: decided by network, data size, device and epochs alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config.load import load_config
from nntrain.config.shipped import shipped_config
from nntrain.errors import DeviceError
from nntrain.training.auto import check_precision, choose_xla, resolve_auto


def shipped(name, *overrides):
    """Return a shipped config with overrides."""
    return load_config(Path(shipped_config(name).path), overrides).config


@pytest.mark.parametrize(
    ("name", "overrides", "device", "chosen"),
    [
        ("mlp", (), "gpu", True),
        ("cnn", (), "gpu", True),
        ("cnn", ("epochs=1000",), "cpu", False),
        ("mlp_complete", ("epochs=7",), "cpu", False),  # 7 x 375 batches
        ("mlp_complete", ("epochs=8",), "cpu", True),  # 8 x 375 = 3,000
        ("mlp", (), "cpu", True),  # 10 x 375
    ],
)
def test_xla_is_for_gpus_and_for_long_runs_of_dense_networks(name, overrides, device, chosen):
    assert choose_xla(shipped(name, *overrides), device=device, training_images=48_000)[0] is chosen


def test_a_short_last_batch_counts_as_one():
    assert choose_xla(shipped("mlp_complete", "batch_size=47999", "epochs=1500"), device="cpu", training_images=48_000)[
        0
    ]


@pytest.mark.parametrize(("asked", "device"), [(True, "cpu"), (False, "gpu")])
def test_what_is_asked_for_is_done(asked, device):
    config = shipped("cnn", f"runtime.jit_compile={str(asked).lower()}")
    assert choose_xla(config, device=device, training_images=1) == (asked, "as asked")


@pytest.mark.parametrize(
    ("name", "policy", "bfloat16", "why"),
    [
        ("cnn", "mixed_float16", True, "no CPU computes with 16-bit floats quickly"),
        ("cnn", "mixed_bfloat16", False, "this processor has no bfloat16 arithmetic"),
        ("mlp", "mixed_bfloat16", True, "dense layers are slower with it"),
    ],
)
def test_a_precision_that_gains_nothing_is_refused_with_the_reason(name, policy, bfloat16, why):
    config = shipped(name, f"runtime.dtype_policy={policy}")
    check_precision(config, device="gpu", bfloat16=bfloat16)
    with pytest.raises(DeviceError, match=f"{policy} gains nothing on this CPU: {why}; use float32, or a GPU"):
        check_precision(config, device="cpu", bfloat16=bfloat16)


def test_bfloat16_is_for_convolutions_on_a_processor_that_has_it():
    check_precision(shipped("cnn", "runtime.dtype_policy=mixed_bfloat16"), device="cpu", bfloat16=True)


def test_a_resolved_config_says_auto_nowhere_and_changes_nothing_else():
    config = shipped("mlp")
    made = resolve_auto(config, device="cpu", threads=2, jit_compile=False)
    assert (made.runtime.device, made.runtime.threads, made.runtime.jit_compile) == ("cpu", 2, False)
    assert made.model_copy(update={"runtime": config.runtime}) == config
