"""Commands and options that people know from other programs, and what to type here."""

from __future__ import annotations

from collections.abc import Sequence

from nntrain.report.console import next_command

# The commands that are meant by words that are none; more than one if the word is ambiguous.
COMMANDS: dict[str, tuple[str, ...]] = {
    "validate": ("check",),
    "verify": ("check",),
    "lint": ("check",),
    "summary": ("check",),
    "fit": ("train",),
    "run": ("train",),
    "start": ("train",),
    "test": ("evaluate",),
    "eval": ("evaluate",),
    "score": ("evaluate",),
    "benchmark": ("evaluate",),
    "infer": ("predict",),
    "inference": ("predict",),
    "classify": ("predict",),
    "recognize": ("predict",),
    "read": ("predict",),
    "continue": ("resume",),
    "restart": ("resume",),
    "rerun": ("reproduce",),
    "repeat": ("reproduce",),
    "list": ("runs", "configs", "data"),
    "ls": ("runs", "configs", "data"),
    "history": ("runs",),
    "config": ("configs",),
    "models": ("configs", "runs"),
    "download": ("data fetch",),
    "fetch": ("data fetch",),
    "datasets": ("data",),
    "init": ("configs cp",),
    "new": ("configs cp",),
    "schema": ("configs schema",),
    "version": ("--version",),
    "help": ("--help",),
}
# Options by the command that has a positional argument instead, and that argument's name.
POSITIONAL = {
    "config": ("train", "check"),
    "c": ("train", "check"),
    "file": ("train", "check"),
    "run": ("evaluate", "resume", "reproduce"),
    "image": ("predict",),
    "picture": ("predict",),
    "input": ("predict",),
}
# Options of other programs, and the setting or option that is meant.
SETTINGS = {
    "e": "epochs",
    "b": "batch_size",
    "l": "lr",
    "lr": "lr",
    "s": "seed",
    "d": "dataset",
    "data": "dataset",
    "gpu": "device",
    "cuda": "device",
    "cpu": "device",
}
OPTIONS = {
    "output": "--runs-dir",
    "output-dir": "--runs-dir",
    "out": "--runs-dir",
    "o": "--runs-dir",
    "save-dir": "--runs-dir",
    "logdir": "--runs-dir",
    "log-dir": "--runs-dir",
    "run-name": "--name",
    "model": "--run",
    "weights": "--run",
}
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pdf", ".heic")


def command_meant(word: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the commands that a word which is none was probably meant for, or () if no habit is known.

    `known` are the commands of the group. A config stands for `train` and a picture for `predict`.
    """
    meant = tuple(command for command in COMMANDS.get(word.lower(), ()) if _exists(command, known))
    if meant or "train" not in known:
        return meant
    if word.lower().endswith((".yaml", ".yml")) or "=" in word or _is_shipped(word):
        return ("train",)
    return ("predict",) if word.lower().endswith(PICTURES) else ()


def _exists(command: str, known: Sequence[str]) -> bool:
    return command.startswith("-") or command.split()[0] in known


def _is_shipped(word: str) -> bool:
    from nntrain.config.shipped import shipped_dir

    return word.isidentifier() and (shipped_dir() / f"{word}.yaml").is_file()


def replace_option(option: str, arguments: Sequence[str], command: str, *, options: Sequence[str]) -> str | None:
    """Return what to type instead of an option that a command does not have, or None if no habit is known.

    `arguments` are those of the command, `options` the command's own.
    """
    word, value = _split_option(option, arguments)
    name = word.lstrip("-")
    if command in POSITIONAL.get(name, ()):
        return next_command(command, value or name.upper())
    other = OPTIONS.get(name)
    if other in options:
        return f"{other} {value}" if value else other
    return _as_setting(name, value) if command in ("train", "check", "resume") else None


def _split_option(option: str, arguments: Sequence[str]) -> tuple[str, str]:
    """Return an option as it was typed, for example "-lr" for "-l", and its value, or ""."""
    for index, argument in enumerate(arguments):
        word, _, value = argument.partition("=")
        if len(option) == 2 and word.startswith(option) and word[2:3].isdigit():
            return option, word[2:]  # -e5
        if word == option or (len(option) == 2 and word.startswith(option) and not word.startswith("--")):
            following = arguments[index + 1 : index + 2]
            return word, value or next((text for text in following if not text.startswith("--")), "")
    return option, ""


def _as_setting(name: str, value: str) -> str | None:
    """Return an override that sets what an option names, or None if there is no such setting."""
    from nntrain.config.override_hints import intended_keys

    if name in ("gpu", "cuda", "cpu"):
        value = "cpu" if name == "cpu" else "gpu"
    keys = intended_keys(SETTINGS.get(name, name).replace("-", "_"))
    return f"{keys[0]}={value or '...'}" if keys else None


def settings_meant(words: Sequence[str]) -> list[str]:
    """Return the overrides that words without an equals sign stand for, as in `epochs 5`; [] if they are none."""
    from nntrain.config.override_hints import intended_keys, is_setting

    texts = " ".join(words).replace(" = ", "=").replace("= ", "=").replace(" =", "=").replace(": ", ":").split()
    settings: list[str] = []
    remaining = iter(texts)
    for text in remaining:
        key, separator, value = text.replace(":", "=", 1).partition("=")
        if not separator:
            value = next(remaining, "")
        if not value or not is_setting(key):
            return []
        settings.append(f"{intended_keys(key)[0]}={value}")
    return settings


def with_dots(argument: str) -> str:
    """Return an override with indices in brackets, as in `model[0].dense.units=64`, with dots instead."""
    key, separator, value = argument.partition("=")
    if not separator or "[" not in key:
        return argument
    for character in "[]\"'":
        key = key.replace(character, "." if character == "[" else "")
    return f"{key}={value}"
