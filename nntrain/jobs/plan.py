"""Computes what training a config takes, without training it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import NamedTuple

from nntrain.config.load import LoadedConfig, load_config, load_config_text, load_config_values, override_config
from nntrain.config.model_summary import summarize_layers, training_flops
from nntrain.config.overrides import Overrides
from nntrain.config.schema import Config
from nntrain.config.shipped import find_config
from nntrain.data.catalog import DATASETS
from nntrain.results import LayerRow, Problem

# Floating-point operations per second of training, and the seconds it takes to load TensorFlow and build a network.
# The shipped configs reach 55 to 175 billion on two x86-64 cores: an estimate is right within a factor of about two
# there, and far too long for a GPU.
ASSUMED_SPEED = 75e9
ASSUMED_START = 4.0


class ImageCounts(NamedTuple):
    """How many images a data set has for each purpose."""

    training: int
    validation: int
    test: int


@dataclass(frozen=True)
class TrainingPlan:
    """What training a config takes. `images` and `flops` are None unless the data set is a named one."""

    dataset: str
    layers: tuple[LayerRow, ...]
    hints: tuple[Problem, ...]  # advice, each with its place in the config
    epochs: int
    batch_size: int
    images: ImageCounts | None
    flops: int | None  # floating-point operations in all epochs

    @property
    def parameters(self) -> int:
        """The number of the network's weights."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable(self) -> int:
        """The number of weights that training changes."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def seconds(self) -> float | None:
        """A rough estimate of the training time on two CPU cores."""
        return None if self.flops is None else ASSUMED_START + self.flops / ASSUMED_SPEED


def open_config(config: str | Path | Mapping[str, object], overrides: Overrides = ()) -> LoadedConfig:
    """Read a config and apply overrides.

    A config is the name of a shipped config, the path of a YAML file, YAML text (several lines, or in braces), or a
    dict with the keys of a file.
    Raises UsageError if there is no such config, and ConfigError with all problems of an invalid one.
    """
    if isinstance(config, Mapping):
        return load_config_values(config, overrides, read_classes=_read_classes)
    if isinstance(config, str) and ("\n" in config or config.lstrip().startswith("{")):
        return load_config_text(config, overrides, read_classes=_read_classes)
    path, shown = (config, str(config)) if isinstance(config, Path) else find_config(config)
    return load_config(path, overrides, shown_as=shown, read_classes=_read_classes)


def change_config(loaded: LoadedConfig, overrides: Overrides) -> LoadedConfig:
    """Apply overrides to a config that was opened; raises ConfigError with all problems."""
    return override_config(loaded, overrides, read_classes=_read_classes)


def _read_classes(dataset: str) -> tuple[str, ...] | None:
    from nntrain.data.load import class_names  # loads NumPy, which a named data set does not need

    return class_names(dataset)


def plan_training(loaded: LoadedConfig) -> TrainingPlan:
    """Return the layers, sizes and cost of a config's training."""
    config = loaded.config
    images = _image_counts(config)
    flops = None if images is None else training_flops(config.model, images.training) * config.fit.epochs
    return TrainingPlan(
        dataset=config.data.dataset,
        layers=tuple(summarize_layers(config.model)),
        hints=loaded.hints,
        epochs=config.fit.epochs,
        batch_size=config.fit.batch_size,
        images=images,
        flops=flops,
    )


def _image_counts(config: Config) -> ImageCounts | None:
    dataset = DATASETS.get(config.data.dataset)
    if dataset is None:
        return None
    training = floor(dataset.training_images * (1 - config.fit.validation_split))
    return ImageCounts(training, dataset.training_images - training, dataset.test_images)
