"""A YAML file and `key=value` overrides to a Config: every problem at once, with its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from nntrain.config import schema
from nntrain.config.building import build, expand, is_path, override
from nntrain.config.checks import ADVICE, PAIRINGS, Finding, Subject, find
from nntrain.config.nodes import MAX_BYTES, Node, read_nodes
from nntrain.config.schema import Component, Config, Section
from nntrain.errors import ConfigError, UsageError
from nntrain.results import Problem


@dataclass(frozen=True)
class LoadedConfig:
    """A config and where it came from."""

    config: Config
    name: str  # what its runs are called
    path: Path  # of the file; relative to nothing where it is a shipped one
    hints: tuple[Problem, ...]  # the article's advice, with places


def ten_classes(dataset: str) -> int | None:
    """Return the number of classes of a named data set; None for a path, which would have to be read."""
    return 10 if dataset in schema.NAMED_DATASETS else None


def load_config(
    path: Path,
    overrides: Sequence[str] = (),
    *,
    shown_as: str | None = None,
    count_classes: Callable[[str], int | None] = ten_classes,
) -> LoadedConfig:
    """Read a config file, apply overrides and check the whole; `shown_as` stands for the path in messages.

    Raises UsageError where the file cannot be opened, ConfigError with every problem found.
    """
    shown = shown_as or str(path)
    root, problems = read_nodes(_read(path, shown), shown, base=path.absolute().parent)
    if root is None:
        raise ConfigError(problems)
    root = override(expand(root), list(overrides), problems)
    root = _with_absolute_dataset(expand(root))
    config = build(root, problems)
    subject = Subject(config, _classes(config, count_classes))
    problems += [_located(root, finding) for finding in find(PAIRINGS, subject)]
    if problems:
        raise ConfigError(_in_order(problems, overrides))
    if config.metrics is None:
        config = config.model_copy(update={"metrics": schema.usual_metrics(config.task)})
    hints = tuple(_located(root, finding) for finding in find(ADVICE, subject))
    return LoadedConfig(config, path.stem, path, hints)


def _read(path: Path, shown: str) -> str:
    try:
        if path.is_dir():
            raise UsageError(f"{shown} is a folder; a config is a YAML file (`nntrain configs` lists some)")
        if path == Path("-"):
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        near = [entry.name for entry in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        there = f"; beside it there are {', '.join(sorted(near)[:8])}" if near else ""
        raise UsageError(f"{shown}: no such file{there}. `nntrain configs` lists what there is by name") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{shown}: larger than {MAX_BYTES:,} bytes; no config is")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - (data[: error.start].rfind(b"\n") + 1) + 1
        raise ConfigError([Problem(f"{shown}:{line}:{column}", "not UTF-8 text; save the file as UTF-8")]) from None


def _with_absolute_dataset(root: Node) -> Node:
    """Make a data set's path absolute: relative to the file it stands in, or to here if it is an argument."""
    node = root.at(("data", "dataset"))
    if not (isinstance(node.value, str) and is_path(node.value)) or node is root:
        return root
    data = root.at(("data",))
    if not isinstance(root.value, dict) or not isinstance(data.value, dict) or "dataset" not in data.value:
        return root
    try:
        absolute = str((node.place.base / Path(node.value).expanduser()).resolve())
    except (OSError, RuntimeError, ValueError):
        return root
    inner = replace(data, value={**data.value, "dataset": replace(node, value=absolute)})
    return replace(root, value={**root.value, "data": inner})


def _classes(config: Any, count_classes: Callable[[str], int | None]) -> int | None:
    try:
        return count_classes(config.data.dataset)
    except Exception:
        # Not known while the config has mistakes, or the data cannot be read: loading it says why.
        return None


def _located(root: Node, finding: Finding) -> Problem:
    path, message = finding
    node = root.at(path)
    return Problem(str(node.place), message)


def _in_order(problems: Sequence[Problem], overrides: Sequence[str]) -> list[Problem]:
    """Return problems by line and column, then those of arguments as they were given, each once."""
    arguments = [f"argument {override}" for override in overrides]

    def order(problem: Problem) -> tuple[int, int, int]:
        if problem.place in arguments:
            return 1, arguments.index(problem.place), 0
        _, line, column = problem.place.rsplit(":", 2)
        return 0, int(line), int(column)

    return sorted(dict.fromkeys(problems), key=order)


def dump_config(config: Config, *, heading: str = "") -> str:
    """Write a config as YAML with every default filled in; reading it gives an equal config."""
    lines = [f"# {line}" for line in heading.splitlines()]
    for name in Config.model_fields:
        value = getattr(config, name)
        if name in ("model", "metrics"):
            lines += [f"{name}:", *(f"  - {_flow(plain(entry))}" for entry in value)]
        elif isinstance(value, Section) and not isinstance(value, Component):
            lines += [
                f"{name}:",
                *(f"  {key}: {_flow(plain(getattr(value, key)))}" for key in type(value).model_fields),
            ]
        else:
            lines.append(f"{name}: {_flow(plain(value))}")
    return "\n".join(lines) + "\n"


def plain(value: object) -> Any:
    """Return a section, component or value as the mappings, lists and scalars that a config file holds."""
    if isinstance(value, Section):
        required_first = sorted(
            type(value).model_fields, key=lambda name: not type(value).model_fields[name].is_required()
        )
        arguments = {name: plain(getattr(value, name)) for name in required_first}
        return {value.key: arguments} if isinstance(value, Component) else arguments
    if isinstance(value, tuple):
        return [plain(entry) for entry in value]
    return value


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"), allow_unicode=True)
    return text.removesuffix("\n...\n").strip()


def changes(plan: LoadedConfig, *, previous: Path | None, auto: bool = False) -> dict[str, Any]:
    """Return the settings in which a plan differs from its file, or from an earlier run's config, by dotted key.

    With `auto` what became of it in the earlier run differs from it.
    """
    try:
        before = load_config(previous or plan.path).config
    except (ConfigError, UsageError):
        return {}
    old, new = _flat(plain(before)), _flat(plain(plan.config))
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    if previous is not None and not auto:
        keys = [key for key in keys if not (key.startswith("runtime.") and new.get(key) == "auto")]
    return {key: new.get(key) for key in keys}


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return a nested document as dotted keys and plain values."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if not children:
        return {path: value}
    flat: dict[str, Any] = {}
    for key, child in children:
        flat.update(_flat(child, f"{path}.{key}" if path else str(key)))
    return flat
