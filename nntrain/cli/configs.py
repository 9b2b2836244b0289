"""`nntrain configs`: the configs that ship with nntrain."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nntrain.cli.command import Command, Group
from nntrain.config.shipped import copy_config, shipped_config, shipped_configs
from nntrain.report import console

app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    help="List the shipped configs, show one, copy one, print the schema.\n\nExample: nntrain configs cp mlp my.yaml",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A shipped config's name, as `nntrain configs` lists it.")]


@app.callback()
def configs(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else.")] = False,
) -> None:
    """List them with what each shows and reaches."""
    if context.invoked_subcommand is not None:
        return
    listed = shipped_configs()
    if json:
        console.print_json(
            {
                "schema": 1,
                "configs": [
                    {"name": one.name, "shows": one.shows, "reaches": one.reaches, "path": str(one.path)}
                    for one in listed
                ],
            }
        )
        return
    width = max(len(one.name) for one in listed)
    for one in listed:
        console.print_result(console.emphasized(f"{one.name:<{width}}", f"  {one.shows}"))
        console.print_result(console.faint(f"{'':<{width}}  {one.reaches}"))
    console.print_message(
        f"Next: `{console.next_command('train', 'mlp')}`, or `{console.next_command('configs', 'show', 'mlp')}`"
    )


@app.command(cls=Command)
def show(name: Name) -> None:
    """Print a shipped config.

    Example: nntrain configs show mlp
    """
    sys.stdout.write(shipped_config(name).path.read_text(encoding="utf-8"))


@app.command(cls=Command)
def cp(
    name: Name,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to, for example my.yaml.")],
    force: Annotated[bool, typer.Option("--force", "-f", help="Write over a file that exists.")] = False,
) -> None:
    """Copy a shipped config to a file of your own.

    Example: nntrain configs cp mlp my.yaml
    """
    copy_config(name, target, force=force)
    console.print_message(f"{target} written. Next: `{console.next_command('train', str(target))}`")


@app.command(cls=Command)
def schema() -> None:
    """Print the JSON schema of a config, for editors.

    Example: nntrain configs schema > nntrain.schema.json
    """
    from nntrain.config.json_schema import config_schema

    console.print_json(config_schema())
