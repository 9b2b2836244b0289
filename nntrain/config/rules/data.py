"""Rules for the data set, its labels and the validation split."""

from __future__ import annotations

from collections.abc import Iterator

from nntrain.config.rules.base import CheckContext, Finding
from nntrain.config.suggest import suggest
from nntrain.config.yaml_tree import KeyPath
from nntrain.data.catalog import DATASETS, is_dataset_path
from nntrain.task import label_numbers

MAX_NAMES = 20  # class names that a message lists


def dataset_is_known(context: CheckContext) -> Iterator[Finding]:
    """The data set is known by name, or is a path; a path is not checked until it is read."""
    name = context.config.data.dataset
    if name not in DATASETS and not is_dataset_path(name):
        if (context.data_base / name).exists():
            path = f"{name}/" if (context.data_base / name).is_dir() else f"./{name}"
            yield ("data", "dataset"), f"data.dataset: no data set '{name}'; did you mean the path `{path}`?"
            return
        hint = suggest(name, DATASETS) or f"; choose from {', '.join(DATASETS)}"
        yield ("data", "dataset"), f"data.dataset: no data set '{name}'{hint} (a path has a suffix or a slash)"


def positive_suits_task(context: CheckContext) -> Iterator[Finding]:
    """A binary task, and no other, has labels that count as yes."""
    task, positive = context.config.task, context.config.data.positive
    path: KeyPath = ("data", "positive")
    if task != "binary":
        if positive is not None:
            yield path, f"data.positive is for task binary, not for {task}"
        return
    if not positive:
        yield ("task",), "task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"
        return
    names = context.class_names
    unknown = [] if names is None else [label for label in positive if not _is_class(label, names)]
    for label in unknown:
        yield path, f"data.positive: {_no_class(label, names or ())}"
    labels = positive if names is None or unknown else label_numbers(positive, names)
    if len(set(labels)) < len(labels):
        yield path, "data.positive: a label appears twice"
    elif len(labels) == context.classes:
        yield path, "data.positive: all labels count as yes; leave some out"


def _is_class(label: int | str, names: tuple[str, ...]) -> bool:
    return label in names if isinstance(label, str) else label < len(names)


def _no_class(label: int | str, names: tuple[str, ...]) -> str:
    """Return that a label is none of the data set's, and which there are."""
    if isinstance(label, str):
        return f"no class '{label}'{suggest(label, names) or f'; classes are {_listed(names)}'}"
    message = f"no label {label}; labels are 0 to {len(names) - 1}"
    return f"{message}; the class is named with quotes: '{label}'" if str(label) in names else message


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MAX_NAMES])
    return f"{shown}, ..." if len(names) > MAX_NAMES else shown


def stratify_has_images(context: CheckContext) -> Iterator[Finding]:
    """Stratified validation needs validation images."""
    fit = context.config.fit
    if fit.stratify and fit.validation_split == 0:
        yield ("fit", "stratify"), "fit.stratify: no validation images to draw while fit.validation_split is 0"
