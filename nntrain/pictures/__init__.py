"""Any picture of digits as a network that learned from MNIST knows them: 28x28, light ink on dark, centred.

MNIST's makers cropped each digit, fitted it into 20x20 pixels with its proportions kept, and moved its centre of mass
into the middle of 28x28 (LeCun et al. 1998, Gradient-based learning applied to document recognition, III-A). Before
that come the steps that their scans did not need: light and shadow are evened out (ink.py), digits in a row are parted
(digits.py), and strokes too thin or too thick for the fit are mended (fitting.py). A picture can be prepared again
without what lies round a sheet or frame (frames.py), and without the lines of ruled paper (lines.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nntrain.errors import ImageError
from nntrain.pictures.digits import Candidate, Digit, candidates
from nntrain.pictures.filters import Floats, Pixels
from nntrain.pictures.fitting import SIDE, is_mnist
from nntrain.pictures.frames import LEFT_OUT, enclosed, inked_sheet
from nntrain.pictures.ink import Ink, find_ink
from nntrain.pictures.lines import without_lines
from nntrain.pictures.reading import read_levels

__all__ = ["SIDE", "Candidate", "Digit", "Picture", "is_mnist", "prepare", "read_picture", "read_pixels", "unchanged"]


@dataclass(frozen=True)
class Picture:
    """A picture made ready for a network, and what was done to it."""

    levels: Floats = field(repr=False)  # grey, 0 to 255, upright, of working size
    candidates: tuple[Candidate, ...]  # what may be a digit; a picture of one digit has one
    atoms: int  # the pieces that the candidates are made of
    decisions: tuple[str, ...]  # in words, in order: "light ground: inverted"
    ink: Ink | None = field(default=None, repr=False)  # None for what passed unchanged
    read: tuple[str, ...] = ()  # the decisions that its levels come of, before any about its ink

    @property
    def unchanged(self) -> bool:
        """Whether it was an image as MNIST's are, or inverted."""
        return self.ink is None

    @property
    def nbytes(self) -> int:
        """How much memory its arrays take, about."""
        ink = 0 if self.ink is None else self.ink.height.nbytes + self.ink.labels.nbytes
        masks = sum(one.digit.source[1].nbytes for one in self.candidates if one.digit.source is not None)
        return self.levels.nbytes + ink + masks

    @property
    def whole(self) -> Digit:
        """All of its ink as one digit, or the widest share of it that may be one."""
        return max(self.candidates, key=lambda one: one.last - one.first).digit

    @property
    def pixels(self) -> Pixels:
        """What the network sees, (28, 28), where the picture is of one digit."""
        return self.whole.pixels

    def within(self) -> Picture | None:
        """Return the picture prepared without what lies round a sheet or frame; None where it shows none with ink."""
        if self.ink is None or any(one.startswith(LEFT_OUT) for one in self.read):
            return None
        found = enclosed(self.levels, self.ink)
        return None if found is None else self._again(*found)

    def without_lines(self) -> Picture | None:
        """Return the picture prepared without the lines of ruled paper; None where it shows none, or nothing beside."""
        levels = None if self.ink is None else without_lines(self.levels, self.ink)
        return None if levels is None else self._again(levels, "lines across the paper: taken out")

    def _again(self, levels: Floats, decision: str) -> Picture | None:
        try:
            return prepare(levels, [*self.read, decision])
        except ImageError:
            return None


def read_picture(source: Path | bytes | BinaryIO, *, name: str | None = None) -> Picture:
    """Read a picture of digits and prepare it as MNIST was made; an image of MNIST passes unchanged.

    `source` is a file, its contents, or an open binary stream; `name` stands for it in errors. Takes what Pillow opens,
    of several frames the first, from 20 pixels a side to 100 megapixels. Raises ImageError, a sentence that begins with
    the name, if the picture cannot be read or shows no ink.
    """
    name = name or (str(source) if isinstance(source, Path) else "picture")
    try:
        decisions: list[str] = []
        return prepare(read_levels(source, decisions), decisions)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error.__cause__


def read_pixels(source: Path | bytes | BinaryIO, *, name: str | None = None) -> Picture:
    """Read a picture for a network of other things than digits: of 28 x 28 pixels it passes, so its data set was read.

    A picture of another size is prepared as a digit is.
    """
    name = name or (str(source) if isinstance(source, Path) else "picture")
    try:
        decisions: list[str] = []
        levels = read_levels(source, decisions)
        if levels.shape != (SIDE, SIDE):
            return prepare(levels, decisions)
        return _passed(levels, _rounded(levels), [*decisions, "already 28x28: unchanged"])
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error.__cause__


def unchanged(pixels: Pixels) -> Picture:
    """Return an image, uint8 (28, 28), that is to be answered as it is."""
    return _passed(pixels.astype(np.float32), pixels, [])


def prepare(levels: Floats, decisions: list[str] | None = None) -> Picture:
    """Prepare grey levels, 0 to 255, of a picture that stands upright; `decisions` are those of its reading."""
    decisions = list(decisions or ())
    if levels.shape == (SIDE, SIDE):
        for exact, ground in ((_rounded(levels), "dark"), (_rounded(255 - levels), "light")):
            if is_mnist(exact):
                decisions += ["light ground: inverted"] if ground == "light" else []
                return _passed(levels, exact, [*decisions, "already 28x28 as MNIST's: unchanged"])
    levels, ink = _read_ink(levels, decisions)
    read = tuple(decisions)
    found, atoms = candidates(ink)
    decisions += ink.decisions()
    if len(found) == 1:
        decisions += found[0].digit.decisions
    return Picture(levels, found, atoms, tuple(decisions), ink, read)


def _read_ink(levels: Floats, decisions: list[str]) -> tuple[Floats, Ink]:
    """Find the ink, on the sheet where one hides it or is taken for it; returns the grey levels it was found in."""
    try:
        ink = find_ink(levels)
    except ImageError:
        # A sheet that fills most of the picture hides its ink: what lies round it seems to be all there is.
        sheet = enclosed(levels)
        if sheet is None:
            raise
        decisions.append(sheet[1])
        return sheet[0], find_ink(sheet[0])
    sheet = inked_sheet(levels, ink)
    if sheet is not None:
        with contextlib.suppress(ImageError):  # an empty one is a bold stroke, if it is anything
            ink = find_ink(sheet[0])
            decisions.append(sheet[1])
            return sheet[0], ink
    return levels, ink


def _passed(levels: Floats, pixels: Pixels, decisions: list[str]) -> Picture:
    return Picture(levels, (Candidate(0, 1, Digit(pixels)),), 1, tuple(decisions))


def _rounded(levels: Floats) -> Pixels:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
