"""`nntrain data`: the data sets, where each was found, what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nntrain.cli.command import Command, Group
from nntrain.errors import DataError, UsageError
from nntrain.report import console, tables

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from nntrain.data.dataset import Dataset

app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    help="List the data sets, look into one, or download one.\n\nExample: nntrain data show mnist_5k",
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else.")]
Name = Annotated[str, typer.Argument(metavar="DATASET", help="mnist, fashion_mnist, mnist_5k, or a path.")]


@app.callback()
def data(context: typer.Context, json: Json = False) -> None:
    """List the data sets: where each was found, how many images, and their fingerprint."""
    if context.invoked_subcommand is not None:
        return
    from nntrain.data.catalog import DATASETS

    listed = [_summary(name, info.description) for name, info in DATASETS.items()]
    if json:
        console.print_json({"schema": 1, "datasets": listed})
        return
    made = tables.new_table("data set", "training", "test", "fingerprint", "found", right=["training", "test"])
    for one in listed:
        counts = [f"{one[part]:,}" if one[part] is not None else "" for part in ("training", "test")]
        where = one["source"] or one["problem"] or f"not here: {console.next_command('data', 'fetch', one['name'])}"
        made.add_row(*tables.cells(one["name"], *counts, (one["fingerprint"] or "")[:12], where))
    tables.print_table(made)


def _summary(name: str, what: str) -> dict[str, Any]:
    from nntrain.data.catalog import find_dataset
    from nntrain.data.load import load_dataset

    summary: dict[str, Any] = {"name": name, "about": what, "source": None, "training": None, "test": None}
    summary.update(fingerprint=None, problem=None)
    if find_dataset(name) is None:
        return summary
    try:
        dataset = load_dataset(name, download=False)
    except DataError as error:
        return {**summary, "problem": str(error)}
    return {
        **summary,
        "source": str(dataset.source),
        "training": len(dataset.x_train),
        "test": len(dataset.x_test),
        "fingerprint": dataset.fingerprint,
    }


@app.command(cls=Command)
def fetch(name: Name) -> None:
    """Download a data set to Keras's cache, unless it is here already.

    Example: nntrain data fetch mnist
    """
    from nntrain.data.catalog import DATASETS, find_dataset

    if name not in DATASETS:
        raise UsageError(f"no data set '{name}' to download; there are {', '.join(DATASETS)}")
    found = find_dataset(name)
    if found is not None:
        console.print_result(f"{found} (already here)")
        return
    console.print_result(str(download(name, quiet=False)))


def download(name: str, *, quiet: bool) -> Path:
    """Download a data set with a progress bar on stderr; returns where it is."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from nntrain.data.download import fetch_dataset

    bar = Progress(
        TextColumn(f"downloading {name}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console.err(),
        transient=True,
        disable=quiet or not console.err().is_terminal,
    )
    if not quiet and not console.err().is_terminal:
        console.print_message(f"downloading {name}")
    with bar:
        task = bar.add_task(name, total=None)
        return fetch_dataset(
            name, on_download=lambda done, total: bar.update(task, completed=done, total=total or None)
        )


@app.command(cls=Command)
def show(name: Name, json: Json = False) -> None:
    """Print a data set's shapes, pixel range, counts a class, and one image with its label and one-hot form.

    Example: nntrain data show mnist
    """
    from pathlib import Path

    from nntrain.data.catalog import is_dataset_path
    from nntrain.data.load import load_dataset

    dataset = load_dataset(str(Path(name).resolve()) if is_dataset_path(name) else name, download=False)
    if json:
        console.print_json(_document(dataset))
        return
    for part, images, labels in _parts(dataset):
        shape = " x ".join(map(str, images.shape))
        console.print_result(
            f"{part:<9} {shape} {images.dtype}, pixels {images.min()} to {images.max()}; {len(labels):,} labels"
        )
    counts = tables.new_table("class", "training", "test", right=["training", "test"])
    for label, word in enumerate(dataset.classes):
        counts.add_row(*tables.cells(word, *(f"{int((labels == label).sum()):,}" for _, _, labels in _parts(dataset))))
    tables.print_table(counts)
    label = int(dataset.y_train[0])
    console.print_result("the first training image:")
    console.print_result(picture(dataset.x_train[0]))
    one_hot = [int(index == label) for index in range(len(dataset.classes))]
    console.print_result(f"label {label} ({dataset.classes[label]}), one-hot {one_hot}")


def _parts(dataset: Dataset) -> list[tuple[str, np.ndarray, np.ndarray]]:
    return [("training", dataset.x_train, dataset.y_train), ("test", dataset.x_test, dataset.y_test)]


def _document(dataset: Dataset) -> dict[str, Any]:
    label = int(dataset.y_train[0])
    return {
        "schema": 1,
        "name": dataset.name,
        "source": str(dataset.source),
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "parts": {
            part: {
                "shape": list(images.shape),
                "pixels": [int(images.min()), int(images.max())],
                "counts": [int((labels == one).sum()) for one in range(len(dataset.classes))],
            }
            for part, images, labels in _parts(dataset)
        },
        "example": {
            "label": label,
            "one_hot": [int(index == label) for index in range(len(dataset.classes))],
            "pixels": dataset.x_train[0].tolist(),
        },
    }


def picture(pixels: np.ndarray) -> str:
    """Draw a uint8 picture (28, 28) with characters, two pixels above each other in one."""
    shades = " .:-=+*#%@"
    rows = pixels.astype(int).reshape(pixels.shape[0] // 2, 2, pixels.shape[1]).mean(axis=1)
    return "\n".join("".join(shades[int(value * 9.999 / 255)] for value in row) for row in rows)
