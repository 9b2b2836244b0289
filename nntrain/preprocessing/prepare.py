"""Any picture of digits as a network that learned from MNIST knows them: 28x28, light ink on dark, centred.

MNIST's makers cropped each digit, fitted it into 20x20 pixels with its proportions kept, and moved its centre of mass
into the middle of 28x28 (LeCun et al. 1998, Gradient-based learning applied to document recognition, III-A). Before
that come the steps that their scans did not need: light and shadow are evened out (ink.py), digits in a row are parted
(digits.py), and strokes too thin or too thick for the fit are mended (fitting.py). A sheet of paper that was taken for
ink, or hides its own, is looked into at once (frames.py). A picture can be prepared again without what lies round a
sheet or frame, and without the lines of ruled paper (lines.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nntrain.errors import ImageError
from nntrain.preprocessing.binarize import Ink, find_ink
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Floats, Pixels
from nntrain.preprocessing.load import read_levels
from nntrain.preprocessing.normalize import SIDE, is_mnist
from nntrain.preprocessing.page import Enclosed, enclosed, inked_sheet
from nntrain.preprocessing.ruled_lines import without_lines
from nntrain.preprocessing.segment import Candidate, Digit, candidates

__all__ = [
    "SIDE",
    "Candidate",
    "Digit",
    "PreparedPicture",
    "is_mnist",
    "prepare",
    "read_picture",
    "read_pixels",
    "unchanged",
]


@dataclass(frozen=True)
class PictureRegion:
    """What ink is looked for in: a picture, or what a sheet or frame in it encloses, or without its paper's lines."""

    levels: Floats = field(repr=False)  # grey, 0 to 255
    decisions: tuple[Decision, ...] = ()  # how it came about
    corner: tuple[int, int] | None = None  # of what is enclosed: where it lies in the picture, row and column

    def part(self, found: Enclosed) -> PictureRegion:
        """Return what is enclosed in it."""
        top, left = self.corner or (0, 0)
        corner = top + found.corner[0], left + found.corner[1]
        return PictureRegion(found.levels, (*self.decisions, found.decision), corner)


@dataclass(frozen=True)
class PreparedPicture:
    """A picture made ready for a network, and what was done to it."""

    levels: Floats = field(repr=False)  # grey, 0 to 255, upright, of working size
    candidates: tuple[Candidate, ...]  # what may be a digit; a picture of one digit has one
    atom_count: int  # the pieces that the candidates are made of
    decisions: tuple[Decision, ...]  # in order
    ink: Ink | None = field(default=None, repr=False)  # None for what passed unchanged
    region: PictureRegion | None = field(default=None, repr=False)  # where the ink was found

    @property
    def unchanged(self) -> bool:
        """Whether it was an image as MNIST's are, or inverted."""
        return self.ink is None

    @property
    def nbytes(self) -> int:
        """How much memory its arrays take, about."""
        ink = 0 if self.ink is None else self.ink.contrast.nbytes + self.ink.labels.nbytes
        page = 0 if self.region is None or self.region.levels is self.levels else self.region.levels.nbytes
        masks = sum(one.digit.source[1].nbytes for one in self.candidates if one.digit.source is not None)
        return self.levels.nbytes + page + ink + masks

    @property
    def whole(self) -> Digit:
        """All of its ink as one digit, or the widest share of it that may be one."""
        return max(self.candidates, key=lambda one: one.last - one.first).digit

    @property
    def image(self) -> Pixels:
        """What the network sees, (28, 28), where the picture is of one digit."""
        return self.whole.image

    def within(self) -> PreparedPicture | None:
        """Return the picture prepared without what lies round a sheet or frame; None where it shows none with ink."""
        if self.ink is None or self.region is None or self.region.corner is not None:
            return None
        found = enclosed(self.region.levels, self.ink)
        return None if found is None else self._again(self.region.part(found))

    def without_lines(self) -> PreparedPicture | None:
        """Return the picture prepared without the lines of ruled paper; None where it shows none, or nothing beside."""
        if self.ink is None or self.region is None:
            return None
        levels = without_lines(self.region.levels, self.ink)
        if levels is None:
            return None
        decisions = (*self.region.decisions, Decision(DecisionKind.RULED_LINES))
        return self._again(PictureRegion(levels, decisions, self.region.corner))

    def _again(self, page: PictureRegion) -> PreparedPicture | None:
        try:
            return _prepared(self.levels, page)
        except ImageError:
            return None


def read_picture(source: Path | bytes | BinaryIO, *, name: str | None = None) -> PreparedPicture:
    """Read a picture of digits and prepare it as MNIST was made; an image of MNIST passes unchanged.

    `source` is a file, its contents, or an open binary stream; `name` stands for it in errors. Takes what Pillow opens,
    of several frames the first, from 20 pixels a side to 100 megapixels. Raises ImageError, a sentence that begins with
    the name, if the picture cannot be read or shows no ink.
    """
    name = name or (str(source) if isinstance(source, Path) else "picture")
    try:
        decisions: list[Decision] = []
        return prepare(read_levels(source, decisions), decisions)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error.__cause__


def read_pixels(source: Path | bytes | BinaryIO, *, name: str | None = None) -> PreparedPicture:
    """Read a picture for a network of other things than digits: of 28 x 28 pixels it passes, so its data set was read.

    A picture of another size is prepared as a digit is.
    """
    name = name or (str(source) if isinstance(source, Path) else "picture")
    try:
        decisions: list[Decision] = []
        levels = read_levels(source, decisions)
        if levels.shape != (SIDE, SIDE):
            return prepare(levels, decisions)
        return _passed(levels, _rounded(levels), [*decisions, Decision(DecisionKind.ALREADY_28X28)])
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error.__cause__


def unchanged(pixels: Pixels) -> PreparedPicture:
    """Return an image, uint8 (28, 28), that is to be answered as it is."""
    return _passed(pixels.astype(np.float32), pixels, [])


def prepare(levels: Floats, decisions: list[Decision] | None = None) -> PreparedPicture:
    """Prepare grey levels, 0 to 255, of a picture that stands upright; `decisions` are those of its reading."""
    decisions = list(decisions or ())
    if levels.shape == (SIDE, SIDE):
        for exact, ground in ((_rounded(levels), "dark"), (_rounded(255 - levels), "light")):
            if is_mnist(exact):
                decisions += [Decision(DecisionKind.LIGHT_BACKGROUND)] if ground == "light" else []
                return _passed(levels, exact, [*decisions, Decision(DecisionKind.ALREADY_MNIST)])
    return _prepared(levels, PictureRegion(levels, tuple(decisions)))


def _prepared(levels: Floats, page: PictureRegion) -> PreparedPicture:
    """Find digits on a page of a picture."""
    page, ink = _inked(page)
    found, atoms = candidates(ink)
    decisions = [*page.decisions, *ink.decisions()]
    if len(found) == 1:
        decisions += found[0].digit.decisions
    return PreparedPicture(levels, found, atoms, tuple(decisions), ink, page)


def _inked(page: PictureRegion) -> tuple[PictureRegion, Ink]:
    """Find the ink, on the sheet where one hides it or is taken for it; returns the page that it was found on."""
    try:
        ink = _ink(page)
    except ImageError:
        # A sheet that fills most of the picture hides its ink: what lies round it seems to be all there is.
        sheet = enclosed(page.levels)
        if sheet is None:
            raise
        page = page.part(sheet)
        return page, _ink(page)
    sheet = inked_sheet(page.levels, ink)
    if sheet is not None:
        part = page.part(sheet)
        with contextlib.suppress(ImageError):  # an empty one is a bold stroke, if it is anything
            return part, _ink(part)
    return page, ink


def _ink(page: PictureRegion) -> Ink:
    return replace(find_ink(page.levels), corner=page.corner or (0, 0))


def _passed(levels: Floats, pixels: Pixels, decisions: list[Decision]) -> PreparedPicture:
    return PreparedPicture(levels, (Candidate(0, 1, Digit(pixels)),), 1, tuple(decisions))


def _rounded(levels: Floats) -> Pixels:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
