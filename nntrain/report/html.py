"""Results as HTML for notebooks: tables, images and lists. All text is escaped; there are no scripts."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape as escape_html
from io import BytesIO
from pathlib import Path

import numpy as np

from nntrain.report.tables import format_ratio
from nntrain.results import Scores
from nntrain.system.control_characters import escape_controls
from nntrain.system.files import read_limited

MAX_ROWS = 200  # of a table; the rest is counted
MAX_PICTURE_BYTES = 50_000_000
IMAGE_SCALE = 3  # a pixel of a 28x28 image takes as many pixels of the screen


def escape(text: str) -> str:
    """Return text as HTML; control characters are shown as escapes."""
    return escape_html(escape_controls(text))


def block(title: str, *parts: str) -> str:
    """Return a title and the parts below it; parts are HTML."""
    return f"<div><strong>{escape(title)}</strong>{''.join(parts)}</div>"


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: Iterable[str] = ()) -> str:
    """Return a table; the columns in `numbers` are aligned to the right. Cells that are `Html` are not escaped."""
    aligned = set(numbers)
    styles = ["text-align: right" if column in aligned else "text-align: left" for column in columns]
    head = "".join(f'<th style="{style}">{escape(name)}</th>' for style, name in zip(styles, columns, strict=True))
    body = "".join(f"<tr>{_cells(row, styles)}</tr>" for row in rows[:MAX_ROWS])
    more = f"<p>and {len(rows) - MAX_ROWS:,} more</p>" if len(rows) > MAX_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def confusion(scores: Scores) -> str:
    """Return the confusion matrix: a row per true class, a column per answer."""
    labels = [score.label for score in scores.classes]
    rows = [(label, *counts) for label, counts in zip(labels, scores.confusion, strict=True)]
    return table(("true \\ answer", *labels), rows, numbers=labels)


def classes(scores: Scores) -> str:
    """Return a table of the precision, recall and F1 of each class."""
    columns = ("class", "precision", "recall", "f1", "images")
    rows = [
        (score.label, *map(format_ratio, ratios), score.support)
        for score, ratios in zip(scores.classes, scores.class_ratios(), strict=True)
    ]
    return table(columns, rows, numbers=columns[1:])


class Html(str):
    """Text that is HTML already."""


def _cells(row: Sequence[object], styles: Sequence[str]) -> str:
    texts = [value if isinstance(value, Html) else escape(str(value)) for value in row]
    return "".join(f'<td style="{style}">{text}</td>' for style, text in zip(styles, texts, strict=True))


def items(texts: Sequence[str]) -> str:
    """Return a list of texts, or nothing if there are none."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def shape(sizes: Sequence[int]) -> str:
    """Return a shape as text: "28 x 28"."""
    return " x ".join(map(str, sizes))


def pixels(image: np.ndarray, *, title: str) -> Html:
    """Return an image, uint8 (height, width), enlarged; `title` is its text for those who cannot see it."""
    from PIL import Image

    png = BytesIO()
    Image.fromarray(image).save(png, "PNG")
    height, width = (IMAGE_SCALE * side for side in image.shape)
    return _image(png.getvalue(), title, f'width="{width}" height="{height}" style="image-rendering: pixelated"')


def picture(path: Path, *, title: str) -> Html:
    """Return a PNG file as an image inside the text, or nothing if it cannot be read."""
    try:
        return _image(read_limited(path, max_bytes=MAX_PICTURE_BYTES), title, 'style="max-width: 100%"')
    except (OSError, ValueError):
        return Html("")


def _image(png: bytes, title: str, attributes: str) -> Html:
    data = base64.b64encode(png).decode()
    return Html(f'<img alt="{escape(title)}" src="data:image/png;base64,{data}" {attributes}>')
