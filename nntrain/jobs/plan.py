"""A config and its overrides, told apart by form, read and described: what `check` and `train` have in common."""

from __future__ import annotations

from math import floor
from pathlib import Path

from nntrain.config.load import LoadedConfig, load_config
from nntrain.config.model_summary import training_flops
from nntrain.config.overrides import is_override
from nntrain.config.schema import Config
from nntrain.config.shipped import find_config
from nntrain.data.catalog import DATASETS, is_dataset_path
from nntrain.errors import UsageError


def load_plan(arguments: list[str]) -> LoadedConfig:
    """Read the config that the arguments name; an argument that begins `key=` is an override."""
    overrides = [argument for argument in arguments if is_override(argument)]
    named = [argument for argument in arguments if not is_override(argument)]
    if not named:
        raise UsageError("no config is named; `nntrain configs` lists them, or give a YAML file")
    if len(named) > 1:
        hint = "; a setting is written key=value" if any("=" in word or ":" in word for word in named[1:]) else ""
        raise UsageError(f"one config at a time, got {' and '.join(named)}{hint}")
    path, shown = find_config(named[0])
    return load_config(path, overrides, shown_as=shown, count_classes=_count_classes)


def _count_classes(dataset: str) -> int | None:
    from nntrain.data.load import count_classes

    return count_classes(dataset)


def data_words(config: Config) -> str:
    """Say what is learnt from: "mnist: 48,000 images to learn from, 12,000 to validate, 10,000 to test"."""
    name = config.data.dataset
    if name not in DATASETS:
        return str(Path(name)) if is_dataset_path(name) else name
    images, test = DATASETS[name].training_images, DATASETS[name].test_images
    learnt = floor(images * (1 - config.fit.validation_split))
    return f"{name}: {learnt:,} images to learn from, {images - learnt:,} to validate, {test:,} to test"


def work_words(config: Config) -> str:
    """Say what training takes: steps and arithmetic."""
    epochs, size = config.fit.epochs, config.fit.batch_size
    if config.data.dataset not in DATASETS:
        return f"{epochs} epochs of batches of {size}"
    learnt = floor(DATASETS[config.data.dataset].training_images * (1 - config.fit.validation_split))
    steps = -(-learnt // size)
    operations = training_flops(config.model, learnt)
    return (
        f"{epochs} epoch{'s' if epochs > 1 else ''} of {steps:,} steps (batches of {size}); "
        f"{_operations(operations)} an epoch, {_operations(operations * epochs)} in all"
    )


def _operations(count: int) -> str:
    for size, word in ((10**15, "peta-operations"), (10**12, "tera-operations"), (10**9, "giga-operations")):
        if count >= size:
            return f"{count / size:.3g} {word}"
    return f"{count / 10**6:.3g} mega-operations"
