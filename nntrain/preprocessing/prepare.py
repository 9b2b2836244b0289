"""Prepares pictures of digits in MNIST's format: 28x28, light ink on a dark background, centered.

MNIST's makers cropped each digit, fitted it into 20x20 pixels with its proportions kept, and moved its centre of mass
to the middle of 28x28 (LeCun et al. 1998, Gradient-based learning applied to document recognition, III-A). Other
pictures need more steps, one module each:

1. load: reads a file as grey levels, upright, in working size;
2. binarize: evens out light and shadow, and separates ink from background;
3. page: if a sheet of paper was taken for ink, or hides its own ink, uses only what is on the sheet;
4. segment: separates digits in a row, as candidates among which the network chooses;
5. normalize: fits each digit as MNIST's were, and corrects strokes that are too thin or too thick.

A picture can be prepared again without what lies outside a sheet or frame (page), and without the lines of ruled paper
(ruled_lines).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from nntrain.errors import ImageError
from nntrain.preprocessing.binarize import Ink, find_ink
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Floats, Pixels
from nntrain.preprocessing.load import Source, load_levels
from nntrain.preprocessing.normalize import has_mnist_layout
from nntrain.preprocessing.page import Enclosed, find_sheet_or_frame, find_sheet_taken_for_ink
from nntrain.preprocessing.ruled_lines import remove_ruled_lines
from nntrain.preprocessing.segment import Candidate, Digit, find_candidates
from nntrain.task import IMAGE_SHAPE


@dataclass(frozen=True)
class PictureRegion:
    """Where to search for ink: a picture, or the inside of a sheet or frame in it, with or without ruled lines."""

    levels: Floats = field(repr=False)  # (height, width), grey, 0 to 255
    decisions: tuple[Decision, ...] = ()  # what was done to obtain it
    corner: tuple[int, int] | None = None  # row and column of the region in the picture, or None for all of it

    def enclosed(self, enclosed: Enclosed) -> PictureRegion:
        """Return the inside of a sheet or frame in this region as a region."""
        row, column = self.corner or (0, 0)
        corner = row + enclosed.corner[0], column + enclosed.corner[1]
        return PictureRegion(enclosed.levels, (*self.decisions, enclosed.decision), corner)

    def find_ink(self) -> Ink:
        """Find the region's ink; raises ImageError if there is none."""
        return replace(find_ink(self.levels), corner=self.corner or (0, 0))


@dataclass(frozen=True)
class PreparedPicture:
    """A picture prepared for a network, and what was done to it."""

    levels: Floats = field(repr=False)  # (height, width), grey, 0 to 255, upright, of working size
    candidates: tuple[Candidate, ...]  # what may be a digit; a picture of one digit has one
    atom_count: int  # the number of pieces that candidates are composed of
    decisions: tuple[Decision, ...]  # what was done, in order
    ink: Ink | None = field(default=None, repr=False)  # None for an image that was not prepared
    region: PictureRegion | None = field(default=None, repr=False)  # where the ink was found

    @property
    def unchanged(self) -> bool:
        """Whether the image was not changed, or only inverted."""
        return self.ink is None

    @property
    def nbytes(self) -> int:
        """About how much memory the arrays take, in bytes."""
        ink = 0 if self.ink is None else self.ink.contrast.nbytes + self.ink.labels.nbytes
        region = 0 if self.region is None or self.region.levels is self.levels else self.region.levels.nbytes
        sources = (candidate.digit.source for candidate in self.candidates)
        return self.levels.nbytes + region + ink + sum(source[1].nbytes for source in sources if source is not None)

    @property
    def whole(self) -> Digit:
        """All of the ink as one digit, or the widest part that may be one."""
        return max(self.candidates, key=lambda candidate: candidate.last - candidate.first).digit

    @property
    def image(self) -> Pixels:
        """The network's input, (28, 28), if the picture shows one digit."""
        return self.whole.image


def read_picture(source: Source, *, name: str | None = None) -> PreparedPicture:
    """Read a picture of digits and prepare it in MNIST's format; an image of MNIST is not changed.

    `source` is a file, its contents, an open binary stream, or an array of pixels (see `load_levels`); `name` is what
    errors call it. The picture may have any format that Pillow opens, from 20 pixels per side to 100 megapixels; of
    several frames, the first is read.

    Raises ImageError, whose message starts with the name, if the picture cannot be read or shows no ink.
    """
    with _errors_named(source, name):
        return prepare(*load_levels(source))


def read_pixels(source: Source, *, name: str | None = None) -> PreparedPicture:
    """Read a picture for a network that classifies other objects than digits; 28x28 pixels are not changed.

    A picture of a different size is prepared as a digit is. Arguments and errors are as for `read_picture`.
    """
    with _errors_named(source, name):
        levels, decisions = load_levels(source)
        if levels.shape != IMAGE_SHAPE:
            return prepare(levels, decisions)
        return _passed(levels, _to_pixels(levels), (*decisions, Decision(DecisionKind.ALREADY_28X28)))


def unchanged(image: Pixels) -> PreparedPicture:
    """Return an image, uint8 (28, 28), as a prepared picture, without changing it."""
    return _passed(image.astype(np.float32), image, ())


def prepare(levels: Floats, decisions: Sequence[Decision] = ()) -> PreparedPicture:
    """Prepare the grey levels of an upright picture, float32 (height, width), 0 to 255, at least 20 pixels per side.

    `decisions` are those made while it was loaded. Raises ImageError if it shows no ink, or too many pieces of ink.
    """
    if levels.shape == IMAGE_SHAPE:
        image, inverted = _to_pixels(levels), _to_pixels(255 - levels)
        already = Decision(DecisionKind.ALREADY_MNIST)
        if has_mnist_layout(image):
            return _passed(levels, image, (*decisions, already))
        if has_mnist_layout(inverted):
            return _passed(levels, inverted, (*decisions, Decision(DecisionKind.LIGHT_BACKGROUND), already))
    return _prepare_region(levels, PictureRegion(levels, tuple(decisions)))


def within_sheet(picture: PreparedPicture) -> PreparedPicture | None:
    """Return the picture prepared from the inside of a sheet or frame, or None if there is none with ink."""
    if picture.ink is None or picture.region is None or picture.region.corner is not None:
        return None
    enclosed = find_sheet_or_frame(picture.region.levels, picture.ink)
    return None if enclosed is None else _prepare_again(picture, picture.region.enclosed(enclosed))


def without_ruled_lines(picture: PreparedPicture) -> PreparedPicture | None:
    """Return the picture prepared without the lines of ruled paper, or None if it has none, or no other ink."""
    if picture.ink is None or picture.region is None:
        return None
    levels = remove_ruled_lines(picture.region.levels, picture.ink)
    if levels is None:
        return None
    decisions = (*picture.region.decisions, Decision(DecisionKind.RULED_LINES))
    return _prepare_again(picture, replace(picture.region, levels=levels, decisions=decisions))


def _prepare_again(picture: PreparedPicture, region: PictureRegion) -> PreparedPicture | None:
    try:
        return _prepare_region(picture.levels, region)
    except ImageError:
        return None


def _prepare_region(levels: Floats, region: PictureRegion) -> PreparedPicture:
    """Find digits in a region of a picture; `levels` are those of the whole picture, kept to show it."""
    region, ink = _find_ink_on_sheet(region)
    candidates, atom_count = find_candidates(ink)
    decisions = (*region.decisions, *ink.decisions)
    if len(candidates) == 1:
        decisions += candidates[0].digit.decisions
    return PreparedPicture(levels, candidates, atom_count, decisions, ink, region)


def _find_ink_on_sheet(region: PictureRegion) -> tuple[PictureRegion, Ink]:
    """Find the ink, on a sheet if the sheet hides it or was taken for it; returns the ink's region and the ink."""
    try:
        ink = region.find_ink()
    except ImageError:
        # A sheet that fills most of the picture hides its ink: only its surroundings seem to stand out.
        sheet = find_sheet_or_frame(region.levels)
        if sheet is None:
            raise
        region = region.enclosed(sheet)
        return region, region.find_ink()
    sheet = find_sheet_taken_for_ink(region.levels, ink)
    if sheet is not None:
        within = region.enclosed(sheet)
        with contextlib.suppress(ImageError):  # without ink on it, it may be a bold stroke
            return within, within.find_ink()
    return region, ink


def _passed(levels: Floats, image: Pixels, decisions: tuple[Decision, ...]) -> PreparedPicture:
    return PreparedPicture(levels, (Candidate(0, 1, Digit(image)),), 1, decisions)


def _to_pixels(levels: Floats) -> Pixels:
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


@contextlib.contextmanager
def _errors_named(source: Source, name: str | None) -> Iterator[None]:
    """Prefix the message of an ImageError with the picture's name."""
    try:
        yield
    except ImageError as error:
        name = name or (str(source) if isinstance(source, Path) else "picture")
        raise ImageError(f"{name}: {error}") from error.__cause__
