"""docs/commands.md: every command with its arguments and options, from the help of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from generated_pages.markdown import NOTE, block, code, fill, table
from nntrain.cli.app import app

TEMPLATE = Path(__file__).with_name("commands.md")


def commands_page() -> str:
    """Return the page."""
    program = typer.main.get_command(app)
    named = [*_named_commands(program)]
    return fill(
        TEMPLATE,
        {
            "note": NOTE,
            "table": table(
                ["command", "what it does"],
                [
                    [f"[`nntrain {name}`](#nntrain-{name.replace(' ', '-')})", _sentence(command)]
                    for name, command in named
                ],
            ),
            "options": _options(program),
            "commands": "\n\n".join(_section(name, command) for name, command in named),
        },
    )


def _named_commands(group: Any, parents: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield all commands and subcommands in the order of the help, each with its name."""
    for name, command in group.commands.items():
        yield " ".join([*parents, name]), command
        if hasattr(command, "commands"):
            yield from _named_commands(command, (*parents, name))


def _section(name: str, command: Any) -> str:
    *paragraphs, example = _paragraphs(command)
    level = "#" * (2 + name.count(" "))
    arguments = [parameter for parameter in _parameters(command) if parameter.param_type_name == "argument"]
    parts = [f"{level} nntrain {name}", *paragraphs, block("text", _usage(name, command))]
    if arguments:
        parts.append(
            table(["argument", "meaning"], [[code(argument.metavar), argument.help] for argument in arguments])
        )
    parts += [_options(command), "For example:", block("bash", example.removeprefix("Example: "))]
    return "\n\n".join(part for part in parts if part)


def _paragraphs(command: Any) -> list[str]:
    """Return the paragraphs of a command's help, each on one line; the last is the example."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in command.help.split("\n\n")]
    if not paragraphs[-1].startswith("Example: "):
        raise ValueError(f"the help of {command.name} has to end with an example")
    return paragraphs


def _sentence(command: Any) -> str:
    """Return the first sentence of a command's help, without its period."""
    return _paragraphs(command)[0].partition(". ")[0].removesuffix(".")


def _parameters(command: Any) -> list[Any]:
    return list(command.get_params(_context(command.name, command)))


def _context(name: str, command: Any) -> Any:
    return command.context_class(command, info_name=f"nntrain {name}")


def _usage(name: str, command: Any) -> str:
    return " ".join(["nntrain", name, *command.collect_usage_pieces(_context(name, command))])


def _options(command: Any) -> str:
    """Return the table of a command's options, or "" if it has `--help` only."""
    options = [
        parameter
        for parameter in _parameters(command)
        if parameter.param_type_name == "option" and "--help" not in parameter.opts
    ]
    return (
        table(["option", "meaning"], [[_spelling(option), _meaning(option)] for option in options]) if options else ""
    )


def _spelling(option: Any) -> str:
    """Return how an option is typed: `--top K`, or `--quiet`, `-q`."""
    value = "" if option.is_flag else f" {option.metavar}"
    return ", ".join(code(f"{name}{value}") for name in [*option.opts, *option.secondary_opts])


def _meaning(option: Any) -> str:
    if option.default is None or option.default is False or not option.show_default or callable(option.default):
        return str(option.help)
    default = option.opts[0] if option.is_flag else option.default
    return f"{option.help} Default: `{default}`."
