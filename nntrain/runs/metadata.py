"""The contents of run.json and metrics.json: when a run is created, when its training starts, and when it ends."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nntrain.config.dump import dump_config, to_plain
from nntrain.config.load import LoadedConfig, load_config
from nntrain.config.schema import Config
from nntrain.errors import RunError
from nntrain.results import EpochResult, TrainResult
from nntrain.runs.folder import RunDir
from nntrain.runs.json_files import SCHEMA, to_json
from nntrain.runs.store import require_config, utc_now
from nntrain.system import environment
from nntrain.system.files import write_atomically
from nntrain.system.hashing import fingerprint
from nntrain.task import TaskSpec, label_numbers
from nntrain.version import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert")
CPU_INFO = Path("/proc/cpuinfo")  # Linux's description of the processor


def make_task_spec(config: Config, classes: tuple[str, ...]) -> TaskSpec:
    """Return the task of a config's network, for data with these class names."""
    (loss_arguments,) = to_plain(config.loss).values()
    loss_arguments.pop("label_smoothing", None)
    return TaskSpec(
        task=config.task,
        loss=config.loss.key,
        metrics=tuple((name, arguments) for metric in to_plain(config.metrics) for name, arguments in metric.items()),
        classes=classes,
        positive=label_numbers(config.data.positive or (), classes),
        loss_arguments=loss_arguments,
    )


def initial_info(config_name: str, *, shipped: bool, differs: dict[str, Any], parameters: int) -> dict[str, Any]:
    """Return run.json for a new run.

    `shipped`: whether the config ships with nntrain. `differs`: the settings, by dotted key, that differ from those in
    the config's file, or from those of the previous run.
    """
    return {
        "schema": SCHEMA,
        "status": "running",
        "config": config_name,
        "shipped": shipped,
        "differs": differs,
        "parameters": parameters,
        "started": utc_now(),
        "finished": None,
        "seconds": None,
        "process": os.getpid(),
        "versions": _versions(),
        "platform": platform.platform(),
        "processor": processor_name(),
        "environment": environment.numerics_variables(),
        "device": None,
        "question": None,
        "temperature": None,
        "data": None,
        "fingerprints": {},
        "error": None,
    }


def processor_name() -> str:
    """Return the processor's name as the operating system reports it."""
    with suppress(OSError):
        for line in CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def environment_differences(info: Mapping[str, Any], config: Config) -> list[str]:
    """Return the reasons why training a run again may give a different result, as messages show them.

    These are different versions of packages, another processor, environment variables, and the number of threads.
    """
    now = {**_versions(), "processor": processor_name(), **environment.numerics_variables()}
    then = {**info["versions"], "processor": info.get("processor", "unknown"), **info["environment"]}
    names = [name for name in {**then, **now} if now.get(name) != then.get(name)]
    reasons = [f"{name} is {now.get(name, 'not set')}, was {then.get(name, 'not set')}" for name in names]
    device = info.get("device") or {}
    if device and device.get("threads") != config.runtime.threads:
        reasons.append(f"threads are {config.runtime.threads}, were {device.get('threads')}")
    return reasons


def read_run_config(run: RunDir) -> LoadedConfig:
    """Return a run's config as it is, without reading its data; raises RunError if it is missing."""
    require_config(run)
    return load_config(run.config_path, shown_as=str(run.config_path), read_classes=lambda _: None)


def load_run_config(run: RunDir, info: Mapping[str, Any], overrides: Sequence[str] = ()) -> LoadedConfig:
    """Return a run's config, with overrides; raises RunError if a value was changed after training started."""
    require_config(run)
    if not _config_is_unchanged(run, info["fingerprints"]):
        raise RunError(
            f"{run.config_path}: was changed since the run was trained; restore it, or train it as a new run"
        )
    return load_config(run.config_path, list(overrides), shown_as=str(run.config_path))


def _config_is_unchanged(run: RunDir, fingerprints: Mapping[str, str]) -> bool:
    trained = {fingerprints.get("config"), fingerprints.get("config_before")}
    if fingerprints.get("config") is None or fingerprint(run.config_path.read_bytes()) in trained:
        return True
    # Comments and layout may have changed, but no values.
    config = load_config(run.config_path, shown_as=str(run.config_path)).config
    return fingerprint(dump_config(config).encode()) in trained


def _versions() -> dict[str, str]:
    versions = {"nntrain": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):  # a variant may be installed under another name, such as tensorflow-cpu
            versions[package] = version(package)
    return versions


def record_start(
    run: RunDir,
    config: Config,
    task_spec: TaskSpec,
    *,
    device: dict[str, Any],
    data: dict[str, Any],
    resumed: bool,
) -> dict[Path, str]:
    """Write the device, data, task and final config of a run whose training starts.

    A resumed run becomes `running` only now, so one that cannot be continued keeps its status. run.json is written
    before the config and also contains the previous config's fingerprint. Therefore a run can be resumed if its process
    is killed between the two. Returns both texts by path, for `restore_start`.
    """
    text = dump_config(config)
    info = run.read_info()
    if resumed:
        info.update(status="running", finished=None, error=None, process=os.getpid())
        info["resumed"] = [*(info["resumed"] or []), utc_now()]
    info.update(device=device, data=data, question=_task_spec_document(task_spec))
    info["fingerprints"].update(
        config=fingerprint(text.encode()), config_before=fingerprint(run.config_path.read_bytes())
    )
    texts = {run.info_path: to_json(info), run.config_path: text}
    for path, content in texts.items():
        write_atomically(path, content)
    return texts


def restore_start(texts: Mapping[Path, str]) -> tuple[str, ...]:
    """Write the files of `record_start` again that were deleted during training; returns a note for each."""
    deleted = [path for path in texts if path.parent.is_dir() and not path.exists()]
    for path in deleted:
        write_atomically(path, texts[path])
    return tuple(f"{path} was deleted during training; it was written again" for path in deleted)


def _task_spec_document(task_spec: TaskSpec) -> dict[str, Any]:
    """Return the value of `question` in run.json, from which `open_trained_model` reads the task."""
    return {
        "task": task_spec.task,
        "loss": task_spec.loss,
        "loss_arguments": task_spec.loss_arguments,
        "metrics": [{name: arguments} for name, arguments in task_spec.metrics],
        "classes": list(task_spec.classes),
        "positive": list(task_spec.positive),
    }


def record_end(run: RunDir, result: TrainResult, history: Sequence[EpochResult], *, seconds: float) -> dict[str, Any]:
    """Write metrics.json, then the status to run.json; returns the document of metrics.json.

    `seconds` is the total training time, including that before a resume.
    """
    info = run.read_info()
    kept_epoch = (result.kept_epoch or len(history)) if history else None
    kept = history[kept_epoch - 1].metrics if kept_epoch else {}
    best = min(history, key=lambda epoch: epoch.metrics.get("val_loss", epoch.metrics["loss"]), default=None)
    document = {
        "schema": SCHEMA,
        "run": str(run.path),
        "config": info["config"],
        "status": result.status,
        "epochs": result.epochs,
        "best_epoch": best.epoch if best else None,
        "kept_epoch": kept_epoch,
        "seconds": round(seconds, 3),
        "seconds_per_epoch": _median([epoch.seconds for epoch in history]),
        "parameters": info["parameters"],
        "dataset": info["data"]["name"] if info["data"] else None,
        "training": {name: value for name, value in kept.items() if not name.startswith("val_")},
        "validation": {name.removeprefix("val_"): value for name, value in kept.items() if name.startswith("val_")},
        "test": {"images": result.test.images, **result.test.metrics} if result.test else None,
    }
    write_atomically(run.metrics_path, to_json(document))
    info.update(status=result.status, finished=utc_now(), seconds=round(seconds, 3), error=result.problem)
    fingerprints = info["fingerprints"]
    fingerprints["model.tflite"] = fingerprint(run.tflite_path.read_bytes()) if run.tflite_path.exists() else None
    fingerprints.pop("config_before", None)
    run.write_info(info)
    return document


def record_failure(run: RunDir, status: str, problem: str | None) -> None:
    """Write to run.json that a run ended without a result."""
    info = run.read_info()
    info.update(status=status, finished=utc_now(), error=problem)
    run.write_info(info)


def _median(values: Sequence[float]) -> float | None:
    """Return the median rounded to 4 decimals (for an even number of values, the upper of the middle two), or None."""
    ordered = sorted(values)
    return round(ordered[len(ordered) // 2], 4) if ordered else None
