"""The configs that ship with nntrain, and the rule that tells a config's name from a path.

`mlp` is the name of a shipped config. Text with a suffix or a slash is a path: `mlp.yaml`, `./mlp`.

Each shipped config opens with four comment lines, its head:

    # A first network: two hidden layers of 128 neurons.
    # Reaches accuracy 97.3-97.9 % on 10,000 test images (seeds 1-5; 10 epochs, 10 s, 2-core x86_64).
    # Train it: nntrain train mlp
    # yaml-language-server: $schema=schema.json
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from nntrain.config.suggest import closest_word
from nntrain.errors import UsageError
from nntrain.system.files import write_atomically

TRAIN_COMMENT = "# Train it: nntrain train "
SCHEMA_COMMENT = "# yaml-language-server: $schema="


@dataclass(frozen=True)
class ShippedConfig:
    """A shipped config, with the first two lines of its head."""

    name: str
    path: Path
    shows: str  # what it is an example of
    reaches: str  # what was measured: metrics, test images, seeds, epochs, seconds, machine

    @property
    def summary(self) -> str:
        """What was measured, in short: "Reaches accuracy 97.3-97.9 % (10 epochs, 10 s)"."""
        metrics, _, conditions = self.reaches.partition(" on ")
        effort = conditions.partition("; ")[2].rpartition(", ")[0]
        return f"{metrics} ({effort})"


def shipped_dir() -> Path:
    """Return the folder of the shipped configs: inside the package if it is installed, next to it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "shipped_configs"
    return installed if installed.is_dir() else package.parent / "configs"


def shipped_configs() -> list[ShippedConfig]:
    """Return all shipped configs: quickstart, then the others by name."""
    paths = sorted(shipped_dir().glob("*.yaml"), key=lambda path: (path.stem != "quickstart", path.stem))
    return [_read(path) for path in paths]


def shipped_config(name: str) -> ShippedConfig:
    """Return a config by name; raises UsageError, with a suggestion, if there is none."""
    path = shipped_dir() / f"{name}.yaml"
    if os.path.isfile(path):  # not Path.is_file, which raises an error if the name is too long
        return _read(path)
    suggestion = _file_meant(name) or closest_word(name, [config.name for config in shipped_configs()])
    question = f" Did you mean `{suggestion}`?" if suggestion else ""
    raise UsageError(
        f"No shipped config '{name}'.{question} `nntrain configs` lists them; a path has a suffix or a slash."
    )


def _file_meant(name: str) -> str | None:
    """Return the path of the file that is here under a name, or under the name with its suffix."""
    return next(filter(os.path.isfile, (f"{name}.yaml", f"./{name}")), None)


def _read(path: Path) -> ShippedConfig:
    with path.open(encoding="utf-8") as file:
        shows, reaches = (file.readline().removeprefix("#").strip() for _ in range(2))
    return ShippedConfig(path.stem, path, shows, reaches)


def find_config(text: str) -> tuple[Path, str]:
    """Return the path of the config that a user named or gave a path of, and that path as messages show it."""
    if _is_name(text):
        config = shipped_config(text)
        return config.path, str(config.path)
    return Path(text), text


def _is_name(text: str) -> bool:
    return "/" not in text and "\\" not in text and not Path(text).suffix and text not in ("-", ".", "..")


def path_argument(path: Path) -> str:
    """Return a path as commands take it: one that looks like the name of a shipped config gets a `./`."""
    text = str(path)
    return f"./{text}" if _is_name(text) else text


def copy_config(name: str, target: Path, *, force: bool) -> None:
    """Copy a shipped config, comments included, to `target`; its head then names the copy and the schema's full path.

    Raises UsageError if `target` is a folder, if its folder does not exist, or if it exists, unless `force`.
    """
    text = shipped_config(name).path.read_text(encoding="utf-8")
    if target.is_dir():
        raise UsageError(f"{target} is a folder; name a file, such as {target / 'my.yaml'}")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.parent}; create it first")
    if target.exists() and not force:
        raise UsageError(f"{target} exists; choose another name, or add --force to overwrite it")
    write_atomically(target, _with_head_of_copy(text, name, target))


def _with_head_of_copy(text: str, name: str, target: Path) -> str:
    schema = (shipped_dir() / "schema.json").as_uri()
    text = text.replace(f"{SCHEMA_COMMENT}schema.json", f"{SCHEMA_COMMENT}{schema}")
    if not str(target).isprintable():  # a line break would end the comment
        return text
    return text.replace(f"{TRAIN_COMMENT}{name}\n", f"{TRAIN_COMMENT}{shlex.quote(path_argument(target))}\n")
