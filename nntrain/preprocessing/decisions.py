"""What was done to a picture: decisions with a kind and parameters, shown as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class DecisionKind(Enum):
    """What can be done to a picture; the value is the sentence shown, its parameters in braces."""

    # Of the file.
    MISLABELLED = "named {suffix}, but the file is {format}: read as {format}"
    TURNED_UPRIGHT = "turned upright, as its EXIF orientation says"
    REDUCED = "reduced to {width}x{height}"
    STRETCHED = "levels from {lowest:.4g} to {highest:.4g}: stretched"
    TRANSPARENT_EDGES = "transparent edges: filled with the background"
    TRANSPARENT_BACKGROUND = "transparent background: replaced by {colour}"
    # Of the background and the ink.
    OUTSIDE_SHEET = "everything outside the sheet: left out"
    OUTSIDE_FRAME = "everything outside the frame: left out"
    RULED_LINES = "ruled lines: removed"
    LIGHT_BACKGROUND = "light background: inverted"
    DARK_BACKGROUND = "dark background: kept"
    UNEVEN_LIGHT = "uneven light: evened out"
    SPECKS = "specks: removed"
    AT_EDGE = "pieces left out at the edge: {count}"
    # Of a digit.
    JOINED = "{count} pieces: joined"
    CROPPED = "cropped to {width}x{height} at ({x}, {y}), centered"
    THICKENED = "thin strokes: thickened"
    THINNED = "thick strokes: thinned"
    # Of an image that needs no preparation.
    ALREADY_MNIST = "already 28x28 as in MNIST: unchanged"
    ALREADY_28X28 = "already 28x28: unchanged"
    # Of the answer.
    DIGITS_IN_A_ROW = "{count} digits in a row: read one by one"


@dataclass(frozen=True)
class Decision:
    """One thing that was done to a picture; `str()` is the sentence shown.

    >>> str(Decision.of(DecisionKind.REDUCED, width=500, height=400))
    'reduced to 500x400'
    """

    kind: DecisionKind
    parameters: tuple[tuple[str, int | float | str], ...] = ()  # names as in the kind's sentence, with their values

    @classmethod
    def of(cls, kind: DecisionKind, **parameters: int | float | str) -> Decision:
        """Return a decision with the parameters that the sentence of its kind names."""
        return cls(kind, tuple(parameters.items()))

    def __str__(self) -> str:
        """Return the sentence shown; raises KeyError if a parameter that it names is missing."""
        return self.kind.value.format(**dict(self.parameters))
