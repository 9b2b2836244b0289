"""`nntrain check`: is this config right, and what would training it take?"""

from __future__ import annotations

from nntrain.cli.options import ConfigArguments, Json
from nntrain.report import console


def check(arguments: ConfigArguments, json: Json = False) -> None:
    """Check a config without training it: its problems, its layers with shapes and parameters, hints.

    Example: nntrain check my.yaml optimizer.adam.learning_rate=0.01
    """
    from nntrain.cli.plan import data_words, load_plan, work_words
    from nntrain.config.network import layer_table

    plan = load_plan(arguments)
    rows = layer_table(plan.config.model)
    parameters, trainable = sum(row.parameters for row in rows), sum(row.trainable for row in rows)
    console.show_hints(plan.hints)
    if json:
        console.print_json(
            {
                "schema": 1,
                "config": plan.name,
                "parameters": parameters,
                "trainable": trainable,
                "layers": [
                    {"layer": row.kind, "output": list(row.shape), "parameters": row.parameters} for row in rows
                ],
                "hints": [{"place": hint.place, "hint": hint.message} for hint in plan.hints],
            }
        )
        return
    console.show_table(console.layer_table(rows))
    console.result(f"{parameters:,} parameters, {trainable:,} of them trainable")
    console.result(f"data      {data_words(plan.config)}")
    console.result(f"training  {work_words(plan.config)}")
