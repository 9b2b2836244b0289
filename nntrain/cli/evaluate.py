"""`nntrain evaluate`: evaluate a run on test images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nntrain.cli.options import Json, Quiet, Require, RunsDir

if TYPE_CHECKING:
    from nntrain.jobs.evaluate import Evaluation

EvaluatedRun = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]",
        help="A run's name or folder, or pretrained. Default: the latest complete run, or else pretrained.",
        show_default=False,
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DATASET",
        help="Use the test images of another data set, given by its name or path.",
        show_default=False,
    ),
]
Plots = Annotated[
    bool,
    typer.Option(
        "--plots/--no-plots",
        help="Draw confusion.png and worst.png into the run's folder; for pretrained, into the current one.",
    ),
]


def evaluate_command(
    run: EvaluatedRun = None,
    data: Data = None,
    plots: Plots = True,
    runs_dir: RunsDir = None,
    require: Require = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Evaluate a run on all test images: print its metrics and confusion matrix, and plot its worst mistakes.

    Example: nntrain evaluate mlp-1 --require 'accuracy>=0.97'
    """
    from nntrain.jobs.evaluate import evaluate
    from nntrain.jobs.listener import SILENT, JobListener
    from nntrain.jobs.requirements import Requirements
    from nntrain.report import console

    requirements = Requirements.parse(require or ())
    evaluation = evaluate(
        run,
        data=data,
        plots=plots,
        runs_dir=runs_dir,
        requirements=requirements,
        listener=SILENT if quiet else JobListener(on_note=console.print_warning),
    )
    if json:
        console.print_json(_document(evaluation))
    else:
        _show(evaluation, quiet=quiet)
        if evaluation.plots and not quiet:
            console.print_message(f"drawn: {', '.join(map(str, evaluation.plots))}")
            run_option = ["--run", evaluation.run.display_name] if run or runs_dir else []
            console.print_message(f"Next: `{console.next_command('predict', '--test', '0-4', *run_option)}`")
    requirements.check(evaluation.scores.metrics)


def _document(evaluation: Evaluation) -> dict[str, Any]:
    scores = evaluation.scores
    document = {
        "schema": 1,
        "run": evaluation.run.display_name,
        "dataset": evaluation.dataset,
        "images": scores.images,
        **scores.metrics,
    }
    if evaluation.calibration_error is not None:
        document["calibration"] = {
            "error": evaluation.calibration_error,
            "bins": 15,
            "temperature": evaluation.temperature,
        }
    if scores.confusion:
        document["classes"] = [
            {
                "label": score.label,
                "precision": score.precision,
                "recall": score.recall,
                "f1": score.f1,
                "support": score.support,
            }
            for score in scores.classes
        ]
        document["confusion"] = [list(row) for row in scores.confusion]
    return document


def _show(evaluation: Evaluation, *, quiet: bool) -> None:
    from nntrain.report import console, tables

    scores = evaluation.scores
    line = f"{evaluation.run.display_name}: {tables.format_metrics(scores.metrics)} ({scores.images:,} images)"
    if scores.confusion and not quiet:
        tables.print_table(tables.confusion_table(scores))
        console.print_result("")
        tables.print_table(tables.class_table(scores))
        console.print_result("")
        if evaluation.calibration_error is not None:
            calibrated = "calibrated" if evaluation.temperature else "not calibrated"
            console.print_result(
                f"confidence is off by {100 * evaluation.calibration_error:.2f} % on average "
                f"({calibrated}; expected calibration error over 15 bins)"
            )
    console.print_result(line)
