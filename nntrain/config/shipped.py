"""The configs that ship with nntrain: a bare name is one of them, anything with a suffix or a slash is a path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nntrain.config.suggest import closest_word
from nntrain.errors import UsageError
from nntrain.system.files import write_atomically

SCHEMA_COMMENT = "# yaml-language-server: $schema="


@dataclass(frozen=True)
class ShippedConfig:
    """A shipped config, with the two comment lines at its head."""

    name: str
    path: Path
    shows: str  # what it is an example of
    reaches: str  # what it was measured to reach


def shipped_dir() -> Path:
    """Return the folder of the shipped configs: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "shipped_configs"
    return installed if installed.is_dir() else package.parent / "configs"


def shipped_configs() -> list[ShippedConfig]:
    """Return all of them: quickstart first, then by name."""
    paths = sorted(shipped_dir().glob("*.yaml"), key=lambda path: (path.stem != "quickstart", path.stem))
    return [_read(path) for path in paths]


def shipped_config(name: str) -> ShippedConfig:
    """Return a config by name; raises UsageError, with the name or path that was probably meant, if there is none."""
    path = shipped_dir() / f"{name}.yaml"
    if path.is_file():
        return _read(path)
    file = f"{name}.yaml"
    meant = file if Path(file).exists() else closest_word(name, [config.name for config in shipped_configs()])
    guess = f" Did you mean `{meant}`?" if meant else ""
    raise UsageError(
        f"No shipped config '{name}'.{guess} `nntrain configs` lists them; a path has a suffix or a slash."
    )


def _read(path: Path) -> ShippedConfig:
    with path.open(encoding="utf-8") as file:
        shows, reaches = (file.readline().removeprefix("#").strip() for _ in range(2))
    return ShippedConfig(path.stem, path, shows, reaches)


def find_config(text: str) -> tuple[Path, str]:
    """Return the file of a name or a path, and how to show it in messages."""
    if _is_name(text):
        config = shipped_config(text)
        return config.path, str(config.path)
    return Path(text), text


def _is_name(text: str) -> bool:
    return "/" not in text and "\\" not in text and not Path(text).suffix and text not in ("-", ".", "..")


def copy_config(name: str, target: Path, *, force: bool) -> None:
    """Copy a shipped config and make the path of its schema absolute.

    Raises UsageError if `target` exists, unless `force`, or its folder does not.
    """
    text = shipped_config(name).path.read_text(encoding="utf-8")
    schema = (shipped_dir() / "schema.json").as_uri()
    text = text.replace(f"{SCHEMA_COMMENT}schema.json", f"{SCHEMA_COMMENT}{schema}")
    if target.is_dir() or not target.parent.is_dir():
        raise UsageError(f"{target}: {'is a folder' if target.is_dir() else 'no such folder'}; name a file to write")
    if target.exists() and not force:
        raise UsageError(f"{target} exists; choose another name, or add --force to overwrite it")
    write_atomically(target, text)
