"""`nntrain check`: is this config right, and what would training it take?"""

from __future__ import annotations

from nntrain.cli.options import ConfigArguments, Json
from nntrain.report import console, tables


def check(arguments: ConfigArguments, json: Json = False) -> None:
    """Check a config without training it: its problems, its layers with shapes and parameters, hints.

    Example: nntrain check my.yaml optimizer.adam.learning_rate=0.01
    """
    from nntrain.config.model_summary import summarize_layers
    from nntrain.jobs.plan import data_words, load_plan, work_words

    plan = load_plan(arguments)
    rows = summarize_layers(plan.config.model)
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
    tables.print_table(tables.layer_table(rows))
    console.print_result(f"{parameters:,} parameters, {trainable:,} of them trainable")
    console.print_result(f"data      {data_words(plan.config)}")
    console.print_result(f"training  {work_words(plan.config)}")
