"""Configs: read and checked as `nntrain check` does, in any form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nntrain.errors import UsageError

if TYPE_CHECKING:
    from nntrain.config.load import LoadedConfig
    from nntrain.config.schema import Config as Settings
    from nntrain.config.shipped import ShippedConfig
    from nntrain.jobs.plan import TrainingPlan
    from nntrain.results import LayerRow, Problem

Overrides = Mapping[str, object] | Sequence[str]


@dataclass(frozen=True, repr=False)
class Config:
    """A config without mistakes. `train` accepts it, as it accepts every form that `load_config` reads."""

    loaded: LoadedConfig = field(repr=False)

    @property
    def name(self) -> str:
        """The name that its runs begin with: that of the file, or `config`."""
        return self.loaded.name

    @property
    def path(self) -> Path | None:
        """The file that it was read from, or None."""
        return self.loaded.path

    @property
    def settings(self) -> Settings:
        """All settings with their defaults, as attributes: `config.settings.fit.epochs`. They cannot be changed."""
        return self.loaded.config

    @property
    def hints(self) -> tuple[Problem, ...]:
        """Advice, each with its place."""
        return self.loaded.hints

    @property
    def layers(self) -> tuple[LayerRow, ...]:
        """The network's layers with their output shapes and parameters."""
        return self._plan.layers

    @property
    def parameters(self) -> int:
        """The number of the network's weights."""
        return self._plan.parameters

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as dicts, lists and scalars: a config that `load_config` reads back."""
        from nntrain.config.dump import to_plain

        plain: dict[str, Any] = to_plain(self.settings)
        return plain

    def to_yaml(self) -> str:
        """Return all settings as the text of a config file."""
        from nntrain.config.dump import dump_config

        return dump_config(self.settings)

    @property
    def _plan(self) -> TrainingPlan:
        from nntrain.jobs.plan import plan_training

        return plan_training(self.loaded)

    def __repr__(self) -> str:
        from nntrain.report.tables import format_count

        fit = self.settings.fit
        sizes = f"{format_count(self.parameters, 'parameter')}, {format_count(fit.epochs, 'epoch')}"
        return f"Config({self.name}: {sizes}, batch size {fit.batch_size}, data set {self.settings.data.dataset})"

    def _repr_html_(self) -> str:
        from nntrain.report import html

        rows = [(row.kind, row.description, html.shape(row.shape), f"{row.parameters:,}") for row in self.layers]
        hints = [f"{hint.place}: {hint.message}" for hint in self.hints]
        table = html.table(("layer", "", "output", "parameters"), rows, numbers=("parameters",))
        return html.block(repr(self), table, html.items(hints))


AnyConfig = str | Path | Mapping[str, object] | Config


def load_config(config: AnyConfig, overrides: Overrides = (), *, seed: int | None = None) -> Config:
    """Read and check a config.

    A config is the name of a shipped config ("mlp"), the path of a YAML file (a `Path`, or text with a suffix or a
    slash), YAML text (several lines, or in braces), a dict with the keys of a file, or a Config. Paths of data are
    relative to the file, and in text and dicts to the current folder. `overrides` is a dict from dotted keys to values,
    `{"fit.epochs": 3}`, or a list of arguments as on the command line, `["epochs=3"]`; None removes a setting. `seed`
    is short for the override of that name.

    Raises UsageError if there is no such config or an argument has another type, and ConfigError, whose `problems` are
    all mistakes with their places.
    """
    from nntrain.jobs.plan import change_config, open_config

    if not isinstance(config, (str, Path, Mapping, Config)):
        raise UsageError(f"a config is a name, a path, YAML text, a dict or a Config, got {type(config).__name__}")
    changes = _with_seed(overrides, seed)
    if isinstance(config, Config):
        return Config(change_config(config.loaded, changes)) if changes else config
    return Config(open_config(config, changes))


def _with_seed(overrides: Overrides, seed: int | None) -> Overrides:
    from nntrain.config.overrides import check_overrides

    if seed is None:
        return overrides
    check_overrides(overrides)
    if isinstance(overrides, Mapping):
        _refuse_two_seeds(seed, [overrides["seed"]] if "seed" in overrides else [])
        return {**overrides, "seed": seed}
    _refuse_two_seeds(str(seed), [item.removeprefix("seed=") for item in overrides if item.startswith("seed=")])
    return [*overrides, f"seed={seed}"] if overrides else {"seed": seed}


def _refuse_two_seeds(seed: object, others: Sequence[object]) -> None:
    for other in others:
        if other != seed:
            raise UsageError(f"seed={seed}, but the overrides set seed to {other!r}; give one of them")


def list_configs() -> list[ShippedConfig]:
    """Return the configs that ship with nntrain: `name`, `path`, what each one `shows` and what it `reaches`."""
    from nntrain.config.shipped import shipped_configs

    return shipped_configs()
