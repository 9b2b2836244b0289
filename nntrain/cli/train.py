"""`nntrain train`: a config to a run folder."""

from __future__ import annotations

from typing import Annotated

import typer

from nntrain.cli.options import ConfigArguments, Json, Quiet, Require, RunsDir

Name = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="What the run is called, instead of its config.", show_default=False),
]


def train(
    arguments: ConfigArguments,
    name: Name = None,
    runs_dir: RunsDir = None,
    require: Require = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train the network of a config and keep it, with all that belongs to it, in a run folder of its own.

    Example: nntrain train mlp epochs=3 --name short --require 'accuracy>=0.95'
    """
    from nntrain.jobs.train import train_config

    train_config(arguments, name=name, runs_dir=runs_dir, require=require, quiet=quiet, json=json)
