"""Loading: a config and overrides of it become a Config, or all their problems are reported with places."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nntrain.config.advice import ADVICE
from nntrain.config.expand import expand
from nntrain.config.overrides import Overrides, apply_overrides, read_overrides
from nntrain.config.python_values import read_values
from nntrain.config.rules import CROSS_FIELD_RULES, CheckContext, Finding, run_checks
from nntrain.config.schema import Config, default_metrics
from nntrain.config.validate import validate
from nntrain.config.yaml_tree import MAX_BYTES, Node, read_tree
from nntrain.data.catalog import DATASETS, is_dataset_path
from nntrain.errors import ConfigError, UsageError
from nntrain.results import Problem

MAX_NEIGHBOURS = 8  # files that a message lists if a config is missing
UNNAMED = "config"  # the name of a config that is not a file, and of its runs
STDIN = "stdin"  # the name of a config that is read from stdin

ReadClasses = Callable[[str], tuple[str, ...] | None]


@dataclass(frozen=True)
class LoadedConfig:
    """A config and where it came from."""

    config: Config
    name: str  # the first part of its runs' names
    path: Path | None  # None if it is not a file
    hints: tuple[Problem, ...]  # advice, with its place
    source: str | None = field(repr=False, compare=False)  # the YAML as it was written; None if it was a dict
    tree: Node = field(repr=False, compare=False)  # expanded, overrides applied; `override_config` starts from it


def catalog_classes(dataset: str) -> tuple[str, ...] | None:
    """Return the names of the classes of a data set in the catalog, or None for a path, which would have to be read."""
    return DATASETS[dataset].classes if dataset in DATASETS else None


def load_config(
    path: Path,
    overrides: Overrides = (),
    *,
    shown_as: str | None = None,
    read_classes: ReadClasses = catalog_classes,
) -> LoadedConfig:
    """Read a config file (`-` is stdin), apply overrides and validate the result.

    `shown_as` replaces the path in messages. `read_classes` returns the names of a data set's classes, or None if they
    are unknown. Raises UsageError if the file cannot be read, and ConfigError with all problems if it is not valid.
    """
    shown = STDIN if path == Path("-") else shown_as or str(path)
    text = _read(path, shown)
    root, syntax_problems = read_tree(text, shown, base=path.absolute().parent)
    if root is None:
        raise ConfigError(syntax_problems)
    return _apply(expand(root), overrides, syntax_problems, path, read_classes, source=text)


def load_config_text(
    text: str, overrides: Overrides = (), *, read_classes: ReadClasses = catalog_classes
) -> LoadedConfig:
    """Read a config's YAML text, as `load_config` reads a file; paths in it are relative to the current folder."""
    if len(text) > MAX_BYTES:
        raise UsageError(f"the config is larger than {MAX_BYTES:,} characters; no config needs that")
    root, problems = read_tree(text, UNNAMED, base=Path.cwd())
    if root is None:
        raise ConfigError(problems)
    return _apply(expand(root), overrides, problems, None, read_classes, source=text)


def load_config_values(
    values: Mapping[str, object], overrides: Overrides = (), *, read_classes: ReadClasses = catalog_classes
) -> LoadedConfig:
    """Read a config given as a dict with the keys of a file; paths in it are relative to the current folder."""
    root, problems = read_values(values, UNNAMED, base=Path.cwd())
    return _apply(expand(root), overrides, problems, None, read_classes)


def override_config(
    loaded: LoadedConfig, overrides: Overrides, *, read_classes: ReadClasses = catalog_classes
) -> LoadedConfig:
    """Apply overrides to a config that has been read already; raises ConfigError with all problems."""
    changed = _apply(loaded.tree, overrides, [], loaded.path, read_classes, source=loaded.source)
    return replace(changed, name=loaded.name)


def _apply(
    root: Node,
    overrides: Overrides,
    syntax_problems: Sequence[Problem],
    path: Path | None,
    read_classes: ReadClasses,
    *,
    source: str | None = None,
) -> LoadedConfig:
    """Apply overrides to an expanded tree and validate the result."""
    settings = read_overrides(overrides)
    root, override_problems = apply_overrides(root, settings)
    root = _with_absolute_dataset(root)
    config, field_problems = validate(root)
    base = root.at(("data", "dataset")).place.base
    context = CheckContext(config, _read_classes(config, read_classes), base)
    rule_problems = [_with_place(finding, root) for finding in run_checks(CROSS_FIELD_RULES, context)]
    problems = [*syntax_problems, *override_problems, *field_problems, *rule_problems]
    if problems or not isinstance(config, Config):
        raise ConfigError(_sorted(problems, [setting.place for setting in settings]))
    hints = _merged(_with_place(finding, root) for finding in run_checks(ADVICE, context))
    if config.metrics is None:
        config = config.model_copy(update={"metrics": default_metrics(config.task)})
    return LoadedConfig(config, _name(path), None if path == Path("-") else path, hints, source, root)


def _name(path: Path | None) -> str:
    if path is None:
        return UNNAMED
    return STDIN if path == Path("-") else path.stem


def _read(path: Path, shown: str) -> str:
    data = _read_bytes(path, shown)
    if len(data) > MAX_BYTES:
        raise UsageError(f"{shown}: larger than {MAX_BYTES:,} bytes; no config needs that")
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigError([Problem(f"{shown}:{line}:{column}", "not UTF-8 text; save the file as UTF-8")]) from None


def _encoding(data: bytes) -> str:
    """Return a text's encoding by its byte order mark, as YAML 1.2 has it: UTF-8, UTF-16 or UTF-32."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _read_bytes(path: Path, shown: str) -> bytes:
    """Read a file, up to one byte more than a config may have."""
    if path == Path("-"):
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        if path.is_dir():
            raise UsageError(f"{shown} is a folder; a config is a YAML file (`nntrain configs` lists some)")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(_not_found(path, shown)) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _not_found(path: Path, shown: str) -> str:
    neighbours = sorted(entry.name for entry in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
    hint = f"; in the same folder: {', '.join(neighbours[:MAX_NEIGHBOURS])}" if neighbours else ""
    return f"{shown}: no such file{hint}. `nntrain configs` lists the shipped configs"


def _with_absolute_dataset(root: Node) -> Node:
    """Make a data set's path absolute; in a file it is relative to the file, in an argument to the current folder."""
    data = root.child("data")
    node = data.child("dataset") if data is not None else None
    if node is None or not (isinstance(node.value, str) and is_dataset_path(node.value)):
        return root
    try:
        absolute = str((node.place.base / Path(node.value).expanduser()).resolve())
    except (OSError, RuntimeError, ValueError):
        return root
    return root.with_value(("data", "dataset"), replace(node, value=absolute))


def _read_classes(config: Any, read_classes: ReadClasses) -> tuple[str, ...] | None:
    try:
        return read_classes(config.data.dataset)
    except Exception:
        # The config may have mistakes, or the data may be unreadable; loading the data reports why.
        return None


def _with_place(finding: Finding, root: Node) -> Problem:
    path, message = finding
    return Problem(str(root.at(path).place), message)


def _merged(hints: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the hints, those that give the same advice at the same place as one: a YAML alias repeats a layer."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for hint in hints:
        subject, _, advice = hint.message.partition(": ")
        subjects.setdefault((hint.place, advice), []).append(subject)
    return tuple(Problem(place, f"{', '.join(names)}: {advice}") for (place, advice), names in subjects.items())


def _sorted(problems: Sequence[Problem], overrides: Sequence[str]) -> list[Problem]:
    """Return the problems without duplicates: by line and column, then those of overrides in their order."""

    def order(problem: Problem) -> tuple[int, int, int]:
        if problem.place in overrides:
            return 1, overrides.index(problem.place), 0
        if problem.place == UNNAMED:  # a dict has no lines
            return 0, 0, 0
        _, line, column = problem.place.rsplit(":", 2)
        return 0, int(line), int(column)

    return sorted(dict.fromkeys(problems), key=order)
