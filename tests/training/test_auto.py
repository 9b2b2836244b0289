"""What `auto` means: decided by network, data size, device and epochs alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config.load import load_config
from nntrain.config.shipped import shipped_config
from nntrain.errors import DeviceError
from nntrain.training.auto import check_precision, choose_xla, resolve_auto

SEPARABLE = "model=[separable_conv2d: {filters: 8, kernel_size: 3}, flatten, {dense: {units: 10, activation: softmax}}]"


def shipped(name, *overrides):
    """Return a shipped config with overrides."""
    return load_config(Path(shipped_config(name).path), overrides).config


@pytest.mark.parametrize(
    ("name", "overrides", "device", "expected"),
    [
        ("mlp", (), "gpu", (True, "compiled with XLA (faster on a GPU)")),
        ("cnn", (), "gpu", (True, "compiled with XLA (faster on a GPU)")),
        ("cnn", ("epochs=1000",), "cpu", (False, "not compiled: XLA slows convolutions down on a CPU")),
        ("cnn", ("epochs=1000", SEPARABLE), "cpu", (False, "not compiled: XLA slows convolutions down on a CPU")),
        # 375 batches per epoch; from 3,000 on it pays off.
        ("mlp_complete", ("epochs=7",), "cpu", (False, "not compiled: too short to pay off")),
        ("mlp_complete", ("epochs=8",), "cpu", (True, "compiled with XLA (faster for longer runs)")),
    ],
)
def test_xla_is_for_gpus_and_for_long_runs_of_dense_networks(name, overrides, device, expected):
    assert choose_xla(shipped(name, *overrides), device=device, training_images=48_000) == expected


def test_a_short_last_batch_counts_as_one():
    config = shipped("mlp_complete", "batch_size=47999", "epochs=1500")  # two batches per epoch
    assert choose_xla(config, device="cpu", training_images=48_000)[0] is True


@pytest.mark.parametrize(
    ("setting", "device", "expected"),
    [
        ("true", "cpu", (True, "compiled with XLA (as configured)")),
        ("false", "gpu", (False, "not compiled (as configured)")),
    ],
)
def test_a_setting_comes_before_the_choice(setting, device, expected):
    assert choose_xla(shipped("cnn", f"runtime.jit_compile={setting}"), device=device, training_images=1) == expected


@pytest.mark.parametrize(
    ("name", "policy", "bfloat16", "reason"),
    [
        ("cnn", "mixed_float16", True, "no CPU has fast float16 arithmetic"),
        ("cnn", "mixed_bfloat16", False, "it has no bfloat16 instructions"),
        ("mlp", "mixed_bfloat16", True, "dense layers are slower with it"),
    ],
)
def test_a_precision_that_is_no_faster_is_refused_with_the_reason(name, policy, bfloat16, reason):
    config = shipped(name, f"runtime.dtype_policy={policy}")
    check_precision(config, device="gpu", bfloat16=bfloat16)
    with pytest.raises(DeviceError, match=f"{policy} is no faster on this CPU: {reason}; use float32, or a GPU"):
        check_precision(config, device="cpu", bfloat16=bfloat16)


def test_bfloat16_is_for_convolutions_on_a_processor_that_has_it():
    check_precision(shipped("cnn", "runtime.dtype_policy=mixed_bfloat16"), device="cpu", bfloat16=True)


def test_full_precision_is_always_allowed():
    check_precision(shipped("mlp"), device="cpu", bfloat16=False)


def test_a_resolved_config_holds_no_auto_and_is_unchanged_otherwise():
    config = shipped("mlp")
    resolved = resolve_auto(config, device="cpu", threads=2, jit_compile=False)
    assert (resolved.runtime.device, resolved.runtime.threads, resolved.runtime.jit_compile) == ("cpu", 2, False)
    assert resolved.model_copy(update={"runtime": config.runtime}) == config
