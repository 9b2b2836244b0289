"""`nntrain evaluate`: a trained run on test images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nntrain.cli.options import Json, Quiet, Require, Requirements, RunArgument, RunsDir, chosen_runs_dir
from nntrain.errors import NntrainError
from nntrain.report import console, tables
from nntrain.runs.folder import PRETRAINED, RunDir
from nntrain.runs.store import find_trained_run

if TYPE_CHECKING:
    import numpy as np

    from nntrain.data.dataset import Dataset
    from nntrain.inference.trained_model import TrainedModel
    from nntrain.results import Scores

Data = Annotated[
    str | None,
    typer.Option(
        "--data", metavar="DATASET", help="Another data set's test images: a name or a path.", show_default=False
    ),
]


def evaluate(
    run: RunArgument = None,
    data: Data = None,
    plots: Annotated[bool, typer.Option("--plots/--no-plots", help="Draw confusion.png and worst.png.")] = True,
    runs_dir: RunsDir = None,
    require: Require = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Score a trained run on all test images: figures, confusion matrix, the worst mistakes.

    Example: nntrain evaluate mlp-1 --require 'accuracy>=0.97'
    """
    from nntrain.data.load import load_dataset
    from nntrain.inference.scoring import score
    from nntrain.inference.trained_model import open_trained_model
    from nntrain.jobs.keras_fallback import load_keras_classifier

    requirements = Requirements(require)
    trained = open_trained_model(find_trained_run(run, chosen_runs_dir(runs_dir)))
    requirements.check_names(name for name, _ in trained.task_spec.metrics)
    dataset = load_dataset(_named(data) or trained.dataset, splits=("test",), download=False)
    _check_data(trained, dataset, named=data is not None, quiet=quiet or json)
    outputs = trained.classifier(load_keras_classifier).predict(dataset.x_test)
    scores = score(outputs, dataset.y_test, trained.task_spec)
    error = _calibration_error(trained, outputs, dataset)
    outputs = trained.calibrate(outputs)
    try:
        pictures = _draw(trained, dataset, outputs, scores, own=data is None) if plots else []
    except NntrainError as failure:
        raise NntrainError(f"{failure}; --no-plots scores without drawing") from None
    if json:
        console.print_json(_document(trained, dataset, scores, error))
    else:
        _show(trained, scores, error, quiet=quiet)
        if pictures and not quiet:
            console.print_message(f"drawn: {', '.join(map(str, pictures))}")
            named = ["--run", trained.run.display_name] if run or runs_dir else []
            console.print_message(f"Next: `{console.next_command('predict', '--test', '0-4', *named)}`")
    requirements.check(scores.metrics)


def _calibration_error(trained: TrainedModel, outputs: np.ndarray, dataset: Dataset) -> float | None:
    """Return how far confidence is from the share of right answers, or None for a regression."""
    from nntrain.inference.calibration import calibration_error

    if trained.task_spec.task == "regression":
        return None
    return calibration_error(trained.calibrate(outputs), dataset.y_test, trained.task_spec)


def _named(data: str | None) -> str | None:
    """Return a data set as config files name it: paths absolute."""
    from nntrain.data.catalog import is_dataset_path

    return str(Path(data).resolve()) if data is not None and is_dataset_path(data) else data


def _check_data(trained: TrainedModel, dataset: Dataset, *, named: bool, quiet: bool) -> None:
    """Say what would make the score mean something else."""
    from nntrain.errors import DataError

    classes = len(trained.task_spec.classes)
    if len(dataset.classes) > classes:
        raise DataError(f"{dataset.name} has {len(dataset.classes)} classes, but {trained.run.name} knows {classes}")
    if quiet:
        return
    if dataset.name == "mnist_5k" and trained.dataset == "mnist":
        console.print_warning("mnist_5k's images are among mnist's training images: the network may have learnt them")
    before = trained.info["data"].get("fingerprints", {})
    changed = any(before.get(name) != dataset.fingerprints.get(name) for name in ("x_test", "y_test"))
    if not named and changed:
        console.print_warning(f"{dataset.source} holds other test images than when {trained.run.name} was trained")


def _draw(trained: TrainedModel, dataset: Dataset, outputs: np.ndarray, scores: Scores, *, own: bool) -> list[Path]:
    from nntrain.inference.scoring import worst_mistakes
    from nntrain.report.plots import draw_confusion, draw_worst

    run, drawn = trained.run, []
    other = "" if own else dataset.name
    if run.is_pretrained:
        # The package's own folder may belong to someone else; pictures go to where the user is.
        run, other = RunDir(Path()), f"{PRETRAINED}-{dataset.name}"
    title = f"{trained.run.name} on {Path(dataset.name).name}'s {scores.images:,} test images"
    if scores.confusion:
        drawn.append(run.plot("confusion", other))
        draw_confusion(scores, drawn[-1], title=title)
    mistakes = worst_mistakes(outputs, dataset.y_test, trained.task_spec)
    drawn.append(run.plot("worst", other))
    draw_worst(dataset.x_test, mistakes, drawn[-1], title=title)
    return drawn


def _document(trained: TrainedModel, dataset: Dataset, scores: Scores, error: float | None) -> dict[str, Any]:
    document = {
        "schema": 1,
        "run": trained.run.display_name,
        "dataset": dataset.name,
        "images": scores.images,
        **scores.metrics,
    }
    if error is not None:
        document["calibration"] = {"error": error, "bins": 15, "temperature": trained.temperature}
    if scores.confusion:
        document["classes"] = [
            {"label": one.label, "precision": one.precision, "recall": one.recall, "f1": one.f1, "support": one.support}
            for one in scores.classes
        ]
        document["confusion"] = [list(row) for row in scores.confusion]
    return document


def _show(trained: TrainedModel, scores: Scores, error: float | None, *, quiet: bool) -> None:
    line = f"{trained.run.display_name}: {tables.format_metrics(scores.metrics)} ({scores.images:,} images)"
    if quiet or not scores.confusion:
        console.print_result(line)
        return
    tables.print_table(tables.confusion_table(scores))
    console.print_result("")
    tables.print_table(tables.class_table(scores))
    console.print_result("")
    if error is not None:
        how = "calibrated" if trained.temperature else "not calibrated"
        console.print_result(
            f"confidence off by {100 * error:.2f} % on average ({how}; calibration error over 15 bins)"
        )
    console.print_result(line)
