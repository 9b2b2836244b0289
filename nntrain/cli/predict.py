"""`nntrain predict`: recognize the digits in pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from nntrain.cli.options import Json, Quiet, RunsDir, chosen_runs_dir
from nntrain.errors import ImageError, UsageError


def predict_command(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PICTURE]...", help="Picture files, folders of pictures, or - for stdin.", show_default=False
        ),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            "--test",
            metavar="N or A-B",
            help="Recognize test images instead, by index (the first is 0), and show their labels.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="A run's name or folder, or pretrained. Default: the latest complete run, or else pretrained.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="Show the K most probable classes.")] = 1,
    show: Annotated[
        bool, typer.Option("--show", help="Show what the network sees, in the terminal: images of 28x28 pixels.")
    ] = False,
    steps: Annotated[
        Path | None,
        typer.Option(
            "--steps",
            metavar="OUT.png",
            help="Draw the steps from each picture to its answer into this file.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="DATASET",
            help="With --test: use the test images of another data set, given by its name or path.",
            show_default=False,
        ),
    ] = None,
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Recognize the digits in pictures: photos, scans or drawings, dark on light or light on dark.

    Example: nntrain predict photo.jpg scans/ --top 3
    """
    if bool(pictures) == bool(test):
        raise UsageError(
            "give either pictures (`nntrain predict photo.png`) or test images (`nntrain predict --test 0-4`)"
        )
    if data is not None and not test:
        raise UsageError("--data names where test images come from; add --test, for example --test 0-4")
    indices = _index_range(test) if test else None
    keep_pictures = 0
    if steps is not None:
        from nntrain.report.recognition_strip import MAX_ROWS, check_writable

        check_writable(steps)
        keep_pictures = MAX_ROWS

    from nntrain.inference.pipeline import Recognition
    from nntrain.inference.trained_model import open_trained_model
    from nntrain.jobs.predict import predict, predict_test_images
    from nntrain.preprocessing.parallel import PictureFailure
    from nntrain.report import console, predictions
    from nntrain.runs.store import find_trained_run

    model = open_trained_model(find_trained_run(run, chosen_runs_dir(runs_dir)))
    results: list[Recognition | PictureFailure] = []
    if indices is not None:
        results += predict_test_images(indices, model, data=data, keep_pictures=keep_pictures)
    else:
        results += predict(pictures or [], model, keep_pictures=keep_pictures)
    recognitions = [result for result in results if isinstance(result, Recognition)]
    failures = [result for result in results if isinstance(result, PictureFailure)]
    if json:
        console.print_json(predictions.json_document(model, recognitions, failures))
    else:
        predictions.show(model, recognitions, top=top, show_images=show, quiet=quiet)
    if steps is not None and recognitions:
        predictions.draw_steps(model, recognitions, steps)
        if not (quiet or json):
            console.print_message(f"drawn: {steps}")
    for failure in failures:
        console.show_error(ImageError(failure.error))
    if failures:
        raise typer.Exit(ImageError.exit_code)


def _index_range(text: str) -> range:
    """Return the indices of a `--test` value such as 3 or 0-4."""
    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text)
    if match is None:
        raise UsageError(f"--test {text}: write a number or a range, for example --test 0-4")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise UsageError(f"--test {text}: the range ends before it begins")
    return range(first, last + 1)
