"""`nntrain configs`: the configs that ship with nntrain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nntrain.cli.command import Command, Group
from nntrain.cli.options import Json

app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",
    help="List the shipped configs, with what each shows and reaches; or show one, copy one, or print the schema.\n\n"
    "Example: nntrain configs",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a shipped config.")]
Target = Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, such as my.yaml.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite an existing file.")]


@app.callback()
def list_command(context: typer.Context, json: Json = False) -> None:
    """List the shipped configs: what each one shows, and what it was measured to reach on test images."""
    if context.invoked_subcommand is not None:
        return
    from nntrain.config.shipped import shipped_configs
    from nntrain.report import console

    configs = shipped_configs()
    if json:
        documents = [
            {"name": config.name, "shows": config.shows, "reaches": config.reaches, "path": str(config.path)}
            for config in configs
        ]
        console.print_json({"schema": 1, "configs": documents})
        return
    width = max(len(config.name) for config in configs)
    for config in configs:
        console.print_result(console.emphasized(f"{config.name:<{width}}", f"  {config.shows}"))
        console.print_result(console.faint(f"{'':<{width}}  {config.summary}"))
    show, train = console.next_command("configs", "show", "mlp"), console.next_command("train", "mlp")
    console.print_message(f"Next: `{show}` prints a config, `{train}` trains it")


@app.command("show", cls=Command)
def show_command(name: Name) -> None:
    """Print a shipped config, with its comments.

    Example: nntrain configs show mlp
    """
    from nntrain.config.shipped import shipped_config

    sys.stdout.write(shipped_config(name).path.read_text(encoding="utf-8"))


@app.command("cp", cls=Command)
def copy_command(name: Name, target: Target, force: Force = False) -> None:
    """Copy a shipped config to a new file, to edit it.

    Example: nntrain configs cp mlp my.yaml
    """
    from nntrain.config.shipped import copy_config, path_argument
    from nntrain.report import console

    copy_config(name, target, force=force)
    console.print_message(f"wrote {target}. Next: `{console.next_command('train', path_argument(target))}`")


@app.command("schema", cls=Command)
def schema_command() -> None:
    """Print the JSON schema of configs, with which editors check and complete them.

    Example: nntrain configs schema > nntrain.schema.json
    """
    from nntrain.config.json_schema import config_schema
    from nntrain.report import console

    console.print_json(config_schema())
