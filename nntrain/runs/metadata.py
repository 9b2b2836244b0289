"""What run.json and metrics.json say, written as a run begins, is placed on a device, and ends."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nntrain import __version__
from nntrain.config.dump import dump_config, to_plain
from nntrain.config.load import LoadedConfig, load_config
from nntrain.config.schema import Config
from nntrain.errors import RunError
from nntrain.results import EpochResult, TrainResult
from nntrain.runs.folder import RunDir
from nntrain.runs.json_files import SCHEMA, to_json
from nntrain.runs.store import now, require_config
from nntrain.system import environment
from nntrain.system.files import write_atomically
from nntrain.system.hashing import fingerprint
from nntrain.task import TaskSpec

PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert")


def task_spec_of(config: Config, classes: tuple[str, ...]) -> TaskSpec:
    """Return what a config's network is asked, for data with these class names."""
    return TaskSpec(
        task=config.task,
        loss=config.loss.key,
        metrics=tuple((name, arguments) for metric in to_plain(config.metrics) for name, arguments in metric.items()),
        classes=classes,
        positive=config.data.positive or (),
    )


def task_spec_document(task_spec: TaskSpec) -> dict[str, Any]:
    """Return a question as run.json holds it; `nntrain.answering.read_question` reads it back."""
    return {
        "task": task_spec.task,
        "loss": task_spec.loss,
        "metrics": [{name: arguments} for name, arguments in task_spec.metrics],
        "classes": list(task_spec.classes),
        "positive": list(task_spec.positive),
    }


def initial_info(config_name: str, *, shipped: bool, differs: dict[str, Any], parameters: int) -> dict[str, Any]:
    """Return run.json as a run begins."""
    return {
        "schema": SCHEMA,
        "status": "running",
        "config": config_name,
        "shipped": shipped,
        "differs": differs,
        "parameters": parameters,
        "started": now(),
        "finished": None,
        "seconds": None,
        "process": os.getpid(),
        "versions": _versions(),
        "platform": platform.platform(),
        "processor": processor(),
        "environment": environment.numerics_variables(),
        "device": None,
        "question": None,
        "temperature": None,
        "data": None,
        "fingerprints": {},
        "error": None,
    }


def processor() -> str:
    """Return the processor's name, as the system gives it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def differences(info: Mapping[str, Any], config: Config) -> list[str]:
    """Say in what this process differs from the one that a run was trained in, of what its result depends on."""
    now = {**_versions(), "processor": processor(), **environment.numerics_variables()}
    then = {**info["versions"], "processor": info.get("processor"), **info["environment"]}
    names = [name for name in {**then, **now} if now.get(name) != then.get(name)]
    words = [f"{name} is {now.get(name, 'not set')}, was {then.get(name, 'not set')}" for name in names]
    device = info.get("device") or {}
    if device and device.get("threads") != config.runtime.threads:
        words.append(f"threads are {config.runtime.threads}, were {device.get('threads')}")
    return words


def load_run_config(run: RunDir, info: Mapping[str, Any], overrides: Sequence[str] = ()) -> LoadedConfig:
    """Return a run's config, with changes; raises RunError where the file is not as it was when the run was trained."""
    require_config(run)
    plan = load_config(run.config_path, shown_as=str(run.config_path))
    prints = info["fingerprints"]
    found = fingerprint(dump_config(plan.config).encode())
    if prints.get("config") not in (None, found) and prints.get("config_before") != found:
        raise RunError(
            f"{run.config_path}: was changed since the run was trained; restore it, or train it as a new run"
        )
    return load_config(run.config_path, list(overrides), shown_as=str(run.config_path)) if overrides else plan


def _versions() -> dict[str, str]:
    found = {"nntrain": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # a variant under another name, tensorflow-cpu for one
            continue
    return found


def record_start(
    run: RunDir,
    config: Config,
    task_spec: TaskSpec,
    *,
    device: dict[str, Any],
    data: dict[str, Any],
    resumed: bool,
) -> None:
    """Add what is known once device and data are there, the resolved config and its fingerprint among it.

    Only now a resumed run is `running` again: one that cannot be taken up stays what it was. run.json goes first and
    knows the config before too: a run that dies between the two files can be resumed.
    """
    text = dump_config(config)
    info = run.read_info()
    if resumed:
        info.update(status="running", finished=None, error=None, process=os.getpid())
        info["resumed"] = [*(info["resumed"] or []), now()]
    info.update(device=device, data=data, question=task_spec_document(task_spec))
    prints = info["fingerprints"]
    prints.update(config=fingerprint(text.encode()), config_before=fingerprint(run.config_path.read_bytes()))
    run.write_info(info)
    write_atomically(run.config_path, text)


def record_end(run: RunDir, result: TrainResult, history: Sequence[EpochResult], *, seconds: float) -> dict[str, Any]:
    """Write metrics.json, then the status into run.json; returns the former."""
    info = run.read_info()
    last = history[-1].metrics if history else {}
    best = min(history, key=lambda epoch: epoch.metrics.get("val_loss", epoch.metrics["loss"])) if history else None
    document = {
        "schema": SCHEMA,
        "run": str(run.path),
        "config": info["config"],
        "status": result.status,
        "epochs": result.epochs,
        "best_epoch": best.epoch if best else None,
        "seconds": round(seconds, 3),
        "seconds_per_epoch": _median([epoch.seconds for epoch in history]),
        "parameters": info["parameters"],
        "dataset": info["data"]["name"] if info["data"] else None,
        "training": {name: value for name, value in last.items() if not name.startswith("val_")},
        "validation": {name.removeprefix("val_"): value for name, value in last.items() if name.startswith("val_")},
        "test": {"images": result.test.images, **result.test.metrics} if result.test else None,
    }
    write_atomically(run.metrics_path, to_json(document))
    info.update(status=result.status, finished=now(), seconds=round(seconds, 3), error=result.problem)
    prints = info["fingerprints"]
    prints["model.tflite"] = fingerprint(run.tflite_path.read_bytes()) if run.tflite_path.exists() else None
    prints.pop("config_before", None)
    run.write_info(info)
    return document


def record_failure(run: RunDir, status: str, problem: str | None) -> None:
    """Write that a run ended without a result."""
    info = run.read_info()
    info.update(status=status, finished=now(), error=problem)
    run.write_info(info)


def _median(values: Sequence[float]) -> float | None:
    ordered = sorted(values)
    return round(ordered[len(ordered) // 2], 4) if ordered else None
