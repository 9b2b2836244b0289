"""`nntrain data`: the data sets, where they are on disk, and what they contain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nntrain.cli.command import Command, Group
from nntrain.cli.options import Json

if TYPE_CHECKING:
    import numpy as np

    from nntrain.jobs.data import DatasetDescription, DatasetSummary

app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",
    help="List the data sets, with where each is on disk; or describe one, or download one.\n\nExample: nntrain data",
)
Name = Annotated[str, typer.Argument(metavar="DATASET", help="A name that `nntrain data` lists, or a path.")]
SHADES = " .:-=+*#%@"


@app.callback()
def list_command(context: typer.Context, json: Json = False) -> None:
    """List the data sets, with their number of images, fingerprint and location."""
    if context.invoked_subcommand is not None:
        return
    from nntrain.jobs.data import list_datasets
    from nntrain.report import console, tables

    datasets = list_datasets()
    if json:
        console.print_json({"schema": 1, "datasets": [_summary_document(dataset) for dataset in datasets]})
        return
    table = tables.new_table("data set", "training", "test", "fingerprint", "found", right=["training", "test"])
    for dataset in datasets:
        table.add_row(*tables.cells(*_cells(dataset)))
    tables.print_table(table)


def _summary_document(dataset: DatasetSummary) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "about": dataset.about,
        "source": None if dataset.source is None else str(dataset.source),
        "training": dataset.training,
        "test": dataset.test,
        "fingerprint": dataset.fingerprint,
        "problem": dataset.problem,
    }


def _cells(dataset: DatasetSummary) -> tuple[object, ...]:
    from nntrain.report import console

    training, test = ("" if count is None else f"{count:,}" for count in (dataset.training, dataset.test))
    fetch = f"not found; download it: {console.next_command('data', 'fetch', dataset.name)}"
    return dataset.name, training, test, (dataset.fingerprint or "")[:12], dataset.source or dataset.problem or fetch


@app.command("fetch", cls=Command)
def fetch_command(name: Name) -> None:
    """Download a data set to Keras's cache, unless it is already on disk.

    Example: nntrain data fetch mnist
    """
    from nntrain.jobs.data import fetch_dataset
    from nntrain.jobs.listener import JobListener
    from nntrain.report import console
    from nntrain.report.progress import download_bar

    fetched = fetch_dataset(name, listener=JobListener(downloading=download_bar))
    console.print_result(str(fetched.path) if fetched.downloaded else f"{fetched.path} (already on disk)")


@app.command("show", cls=Command)
def show_command(name: Name, json: Json = False) -> None:
    """Print a data set's shapes, pixel ranges, counts per class, and one image with its label and one-hot vector.

    Example: nntrain data show mnist
    """
    from nntrain.jobs.data import describe_dataset
    from nntrain.report import console

    dataset = describe_dataset(name)
    if json:
        console.print_json(_document(dataset))
    else:
        _show(dataset)


def _show(dataset: DatasetDescription) -> None:
    from nntrain.report import console, tables

    for part in dataset.parts:
        shape = " x ".join(f"{length:,}" for length in part.shape)
        lowest, highest = part.pixels
        console.print_result(
            f"{part.name:<9} {shape} {part.dtype}, pixels {lowest} to {highest}; {sum(part.counts):,} labels"
        )
    counts = tables.new_table("class", "training", "test", right=["training", "test"])
    for index, class_name in enumerate(dataset.classes):
        counts.add_row(*tables.cells(class_name, *(f"{part.counts[index]:,}" for part in dataset.parts)))
    tables.print_table(counts)
    console.print_result("the first training image:")
    for row in draw_characters(dataset.image):
        console.print_result(row)
    label, name = str(dataset.label), dataset.classes[dataset.label]
    named = label if name == label else f"{label} ({name})"
    console.print_result(f"label {named}, one-hot {list(dataset.one_hot)}")


def _document(dataset: DatasetDescription) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": dataset.name,
        "source": str(dataset.source),
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "parts": {
            part.name: {"shape": list(part.shape), "pixels": list(part.pixels), "counts": list(part.counts)}
            for part in dataset.parts
        },
        "example": {"label": dataset.label, "one_hot": list(dataset.one_hot), "pixels": dataset.image.tolist()},
    }


def draw_characters(image: np.ndarray) -> list[str]:
    """Return the rows of characters that draw a uint8 image; a character stands for two pixels, one above the other."""
    rows = image.astype(int).reshape(image.shape[0] // 2, 2, image.shape[1]).mean(axis=1)
    return ["".join(SHADES[int(value * len(SHADES) / 256)] for value in row) for row in rows]
