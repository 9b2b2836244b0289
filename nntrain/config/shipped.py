"""The configs that ship with nntrain: a bare name is one of them, anything with a suffix or a slash is a path."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from nntrain.errors import UsageError
from nntrain.system.files import write_atomically

SCHEMA_COMMENT = "# yaml-language-server: $schema="


def shipped_dir() -> Path:
    """Return where the shipped configs lie: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "shipped_configs"
    return inside if inside.is_dir() else package.parent / "configs"


@dataclass(frozen=True)
class Shipped:
    """A shipped config, with the two comment lines that it opens with."""

    name: str
    path: Path
    shows: str
    reaches: str


def shipped_configs() -> list[Shipped]:
    """Return all of them: quickstart first, then by name."""
    paths = sorted(shipped_dir().glob("*.yaml"), key=lambda path: (path.stem != "quickstart", path.stem))
    return [_shipped(path) for path in paths]


def _shipped(path: Path) -> Shipped:
    with path.open(encoding="utf-8") as file:
        shows, reaches = (file.readline().removeprefix("#").strip() for _ in range(2))
    return Shipped(path.stem, path, shows, reaches)


def is_name(text: str) -> bool:
    """Tell a shipped config's name from a path."""
    return "/" not in text and "\\" not in text and not Path(text).suffix and text not in ("-", ".", "..")


def shipped_config(name: str) -> Shipped:
    """Return one by name; raises UsageError with the name that was probably meant."""
    path = shipped_dir() / f"{name}.yaml"
    if path.is_file():
        return _shipped(path)
    names = [config.name for config in shipped_configs()]
    close = difflib.get_close_matches(name, names, n=1)
    guess = f"; did you mean '{close[0]}'?" if close else ""
    near = f" ({name}.yaml is a path: write the suffix)" if Path(f"{name}.yaml").exists() else ""
    raise UsageError(
        f"no config named '{name}'{guess}{near} `nntrain configs` lists them; a path has a suffix or a slash"
    )


def find_config(text: str) -> tuple[Path, str]:
    """Return the file of a name or path, and how to show it in messages."""
    if is_name(text):
        config = shipped_config(text)
        return config.path, str(config.path)
    return Path(text), text


def copy_config(name: str, target: Path, *, force: bool) -> None:
    """Copy a shipped config, its schema comment made absolute; raises UsageError rather than writing over a file."""
    text = shipped_config(name).path.read_text(encoding="utf-8")
    text = text.replace(f"{SCHEMA_COMMENT}schema.json", f"{SCHEMA_COMMENT}{(shipped_dir() / 'schema.json').as_uri()}")
    if target.is_dir() or not target.parent.is_dir():
        raise UsageError(f"{target}: {'is a folder' if target.is_dir() else 'no such folder'}; name a file to write")
    if target.exists() and not force:
        raise UsageError(f"{target} exists; choose another name, or add --force to write over it")
    write_atomically(target, text)
