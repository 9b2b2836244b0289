"""CPU or GPU, threads, precision and seeds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nntrain.config.schema import Runtime
from nntrain.errors import DeviceError

pytestmark = pytest.mark.tensorflow


def test_keras_settings_of_the_user_do_not_count():
    import keras

    from nntrain.engine.device import set_up_device

    keras.config.set_epsilon(0.5)
    keras.config.set_image_data_format("channels_first")
    set_up_device(Runtime(dtype_policy="mixed_bfloat16"), seed=1)
    assert keras.config.epsilon() == 1e-7
    assert keras.config.image_data_format() == "channels_last"
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_the_seed_sets_every_random_number():
    import keras

    from nntrain.engine.device import set_up_device

    draws = []
    for seed in (1, 1, 2):
        set_up_device(Runtime(), seed=seed)
        draws.append((float(np.random.random()), float(keras.random.uniform((1,))[0])))
    assert draws[0] == draws[1]
    assert draws[0][0] != draws[2][0]
    assert draws[0][1] != draws[2][1]


@pytest.fixture
def no_gpu(monkeypatch):
    """Hide the machine's GPUs."""
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: [])


@pytest.fixture
def gpu(monkeypatch):
    """Stand for a machine with a GPU; returns what TensorFlow is told."""
    calls = []
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: ["the GPU"])
    monkeypatch.setattr("tensorflow.config.set_visible_devices", lambda *arguments: calls.append(arguments))
    experimental = "tensorflow.config.experimental"
    monkeypatch.setattr(f"{experimental}.set_memory_growth", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(f"{experimental}.get_device_details", lambda gpu: {"device_name": "NVIDIA H100"})
    return calls


@pytest.mark.parametrize("asked", ["auto", "gpu"])
def test_a_gpu_is_used_if_it_is_there(gpu, asked):
    from nntrain.engine.device import set_up_device

    device = set_up_device(Runtime(device=asked), seed=1)
    assert (device.kind, device.name) == ("gpu", "NVIDIA H100")
    assert gpu == [("the GPU", True)]  # its memory is allocated as it is needed


def test_a_gpu_is_hidden_if_the_cpu_is_asked_for(gpu):
    from nntrain.engine.device import set_up_device

    assert set_up_device(Runtime(device="cpu"), seed=1).kind == "cpu"
    assert gpu == [([], "GPU")]


def test_a_gpu_that_is_not_there_is_an_error(no_gpu):
    from nntrain.engine.device import set_up_device

    message = r"TensorFlow finds no GPU: .*\. To train on the CPU, set runtime\.device=cpu"
    with pytest.raises(DeviceError, match=message):
        set_up_device(Runtime(device="gpu"), seed=1)


@pytest.mark.parametrize(
    ("platform", "cuda", "driver", "reason"),
    [
        ("darwin", False, False, "TensorFlow for macOS supports none"),
        ("win32", False, False, "TensorFlow for Windows supports none (under WSL2 it does)"),
        ("linux", False, False, "this TensorFlow is built without CUDA"),
        ("linux", True, False, "this machine has no NVIDIA driver"),
        ("linux", True, True, "CUDA's libraries were not found; install them with `pip install 'nntrain[gpu]'`"),
    ],
)
def test_the_reason_for_no_gpu_is_named(monkeypatch, platform, cuda, driver, reason):
    from nntrain.engine.device import _reason_for_no_gpu

    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("tensorflow.test.is_built_with_cuda", lambda: cuda)
    monkeypatch.setattr(Path, "exists", lambda path: driver)
    assert _reason_for_no_gpu() == reason


@pytest.mark.parametrize(("threads", "name"), [(1, "CPU, 1 thread"), (3, "CPU, 3 threads")])
def test_the_cpus_name_counts_its_threads(no_gpu, monkeypatch, threads, name):
    from nntrain.engine.device import set_up_device

    for setting in ("intra", "inter"):
        monkeypatch.setattr(f"tensorflow.config.threading.set_{setting}_op_parallelism_threads", lambda count: None)
    device = set_up_device(Runtime(threads=threads), seed=1)
    assert (device.kind, device.name, device.threads) == ("cpu", name, threads)


def test_a_gpu_that_is_in_use_cannot_be_hidden(gpu, monkeypatch):
    from nntrain.engine.device import set_up_device

    def fail(*_):
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr("tensorflow.config.set_visible_devices", fail)
    with pytest.raises(DeviceError, match="already uses the GPU in this process"):
        set_up_device(Runtime(device="cpu"), seed=1)
    monkeypatch.setattr("tensorflow.config.experimental.set_memory_growth", fail)
    assert set_up_device(Runtime(device="gpu"), seed=1).kind == "gpu"


def test_threads_that_can_no_longer_be_set_are_those_that_there_are(no_gpu, monkeypatch):
    from nntrain.engine.device import set_up_device

    def fail(count):
        raise RuntimeError("cannot be modified after initialization")

    threading = "tensorflow.config.threading"
    monkeypatch.setattr(f"{threading}.set_intra_op_parallelism_threads", fail)
    monkeypatch.setattr(f"{threading}.get_intra_op_parallelism_threads", lambda: 5)
    assert set_up_device(Runtime(threads="auto"), seed=1).threads == 5
    assert set_up_device(Runtime(threads=5), seed=1).threads == 5
    with pytest.raises(DeviceError, match=r"runtime\.threads is 3, but TensorFlow already runs with 5"):
        set_up_device(Runtime(threads=3), seed=1)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs a system that limits a process to some cores")
def test_only_cores_that_the_process_may_use_are_counted(monkeypatch):
    from nntrain.engine.device import available_cores

    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 3, 7})
    assert available_cores() == 3


@pytest.mark.parametrize(("flags", "expected"), [("sse avx512f", False), ("avx512_bf16", True), ("amx_bf16 sse", True)])
def test_bfloat16_instructions_are_found_among_the_processors_flags(monkeypatch, flags, expected):
    from nntrain.engine.device import _has_bfloat16

    monkeypatch.setattr(Path, "read_text", lambda path, **_: f"flags : {flags}\n")
    assert _has_bfloat16() is expected


def test_a_system_without_cpuinfo_has_no_known_bfloat16(monkeypatch):
    from nntrain.engine.device import _has_bfloat16

    def missing(path, **_):
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", missing)
    assert _has_bfloat16() is False


def test_functions_that_run_eagerly_are_an_error(no_gpu, monkeypatch):
    import tensorflow as tf

    from nntrain.engine.device import set_up_device

    monkeypatch.setattr(tf.config, "functions_run_eagerly", lambda: True)
    with pytest.raises(DeviceError, match=r"call tf\.config\.run_functions_eagerly\(False\) first"):
        set_up_device(Runtime(), seed=1)
