"""`nntrain check`: check a config and estimate what training it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nntrain.cli.options import ConfigArguments, Json, split_config

if TYPE_CHECKING:
    from nntrain.jobs.plan import TrainingPlan


def check_command(arguments: ConfigArguments, json: Json = False) -> None:
    """Check a config without training: show its problems and hints, its layers, and how long training takes.

    Example: nntrain check my.yaml optimizer.adam.learning_rate=0.01
    """
    from nntrain.cli.plan import plan_lines
    from nntrain.jobs.plan import open_config, plan_training
    from nntrain.report import console, tables

    loaded = open_config(*split_config(arguments))
    plan = plan_training(loaded)
    console.show_hints(plan.hints)
    if json:
        console.print_json(_document(loaded.name, plan))
        return
    tables.print_table(tables.layer_table(plan.layers))
    trainable = "all" if plan.trainable == plan.parameters else f"{plan.trainable:,} of them"
    console.print_result(f"{plan.parameters:,} parameters, {trainable} trainable")
    for line in plan_lines(plan):
        console.print_result(line)
    hints = f", {tables.format_count(len(plan.hints), 'hint')}" if plan.hints else ""
    console.print_result(f"no problems{hints}")


def _document(name: str, plan: TrainingPlan) -> dict[str, Any]:
    return {
        "schema": 1,
        "config": name,
        "parameters": plan.parameters,
        "trainable": plan.trainable,
        "gflops": None if plan.flops is None else plan.flops / 1e9,
        "layers": [
            {"layer": layer.kind, "output": list(layer.shape), "parameters": layer.parameters} for layer in plan.layers
        ],
        "hints": [{"place": hint.place, "hint": hint.message} for hint in plan.hints],
    }
