"""Any picture of a digit as a network that learned from MNIST knows it: 28x28, light ink on dark, centred.

MNIST's makers cropped each digit, fitted it into 20x20 pixels with its proportions kept, and moved its centre of mass
into the middle of 28x28 (LeCun et al. 1998, Gradient-based learning applied to document recognition, III-A). Before
that come the steps that their scans did not need: light and shadow are evened out, ink is told from ground, specks are
removed, and strokes too thin or too thick for the fit are mended.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import os
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from nntrain.errors import ImageError

if TYPE_CHECKING:
    from PIL import Image

Floats: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Pixels: TypeAlias = npt.NDArray[np.uint8]

SIDE = 28  # pixels of an MNIST image
FORMATS = {
    ".png": ("PNG",),
    ".jpg": ("JPEG", "MPO"),
    ".jpeg": ("JPEG", "MPO"),
    ".gif": ("GIF",),
    ".bmp": ("BMP",),
    ".webp": ("WEBP",),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
}

FIT = 20  # pixels of the longer side of its ink
MIN_SIDE = 20  # pixels; below, a digit cannot be told
MAX_PIXELS = 100_000_000
MAX_ASPECT = 50  # longer to shorter side; beyond lies no digit, but arrays that would not fit into memory
MAX_BYTES = 1 << 30  # read from what cannot be searched: a pipe

WORKING_SIDE = 512  # pixels; a large picture is reduced to about this, which leaves a digit of a tenth of it 50 pixels
FINE = 4  # strokes are judged and mended at this many times the final size
THIN, THICK = 1.5, 4.5  # pixels: 95 % of MNIST's digits have a mean stroke of 1.5 to 4.5
UNEVEN = 24.0  # levels of 255 between the darkest and the lightest ground
WINDOW, NARROW_WINDOW = 0.5, 0.2  # of the shorter side; strokes are narrower than these
SMALLEST = 6  # pixels of the longer side of a digit; less is a speck
FAINTEST = 6.0  # levels of 255 between ink and ground; less is the grain of paper

TRANSPOSE = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}  # EXIF orientation to Pillow's name


@dataclass(frozen=True)
class Picture:
    """A picture as the network sees it, and what was done to it."""

    pixels: Pixels  # (28, 28), light ink on dark, centred as MNIST's
    decisions: tuple[str, ...]  # in words, in order: "light ground: inverted"


def read_picture(source: Path | bytes | BinaryIO, *, name: str | None = None, digit: bool = True) -> Picture:
    """Read a picture of one digit and prepare it as MNIST was made; an image of MNIST passes unchanged.

    For a network of other things (`digit` is false) every picture of 28 x 28 pixels passes: so its data set was read.

    `source` is a file, its contents, or an open binary stream; `name` stands for it in errors. Takes what Pillow opens,
    of several frames the first, from 20 pixels a side to 100 megapixels. Raises ImageError, a sentence that begins with
    the name, if the picture cannot be read or shows no ink.
    """
    name = name or (str(source) if isinstance(source, Path) else "picture")
    try:
        decisions: list[str] = []
        levels = _decode(source, decisions)
        if not digit and levels.shape == (SIDE, SIDE):
            return Picture(np.clip(np.rint(levels), 0, 255).astype(np.uint8), (*decisions, "already 28x28: unchanged"))
        return Picture(_prepare(levels, decisions), tuple(decisions))
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error.__cause__


def is_mnist(pixels: np.ndarray) -> bool:
    """Tell whether pixels are laid out as MNIST's: all of its 70,000 images are.

    They are uint8 (28, 28) and reach 254 or 255; the longer side of the ink is 20 pixels, rarely 19; its centre of mass
    lies between 13.48 and 14.50, counted from 0, in both directions.
    """
    if pixels.shape != (SIDE, SIDE) or pixels.dtype != np.uint8 or pixels.max() < 254:
        return False
    top, bottom, left, right = _box(pixels > 0)
    if max(bottom - top, right - left) not in (FIT - 1, FIT):
        return False
    return all(13.475 < centre < 14.505 for centre in _centre_of_mass(pixels))


# Reading


def _decode(source: Path | bytes | BinaryIO, decisions: list[str]) -> Floats:
    """Give the picture's grey levels, 0 to 255, upright and reduced to working size."""
    from PIL import Image, UnidentifiedImageError

    # Pillow logs some faults of TIFF files, which Python prints where no one has set up logging.
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with _opened(source) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = file.read(16)
        if not head:
            raise ImageError("the file is empty")
        file.seek(0)
        try:
            with Image.open(file) as image:
                _check_size(image.width, image.height)
                if image.format == "EPS":
                    # Pillow would hand it to Ghostscript, a whole program run on a stranger's input.
                    raise ImageError("EPS is a drawing program, not a picture; save it as PNG")
                if isinstance(source, Path) and image.format not in FORMATS.get(source.suffix.lower(), (image.format,)):
                    decisions.append(f"named {source.suffix}, holds {image.format}: read as {image.format}")
                # libtiff prints what it finds wrong, past Python.
                with _silent_stderr() if image.format == "TIFF" else contextlib.nullcontext():
                    return _levels(image, decisions)
        except ImageError:
            raise
        except UnidentifiedImageError:
            raise ImageError(_what_else(head)) from None
        except Image.DecompressionBombError as error:
            # Pillow's own limit is higher, and its message the one place that tells the size.
            found = re.search(r"\d+", str(error))
            raise _too_large(f"{int(found[0]):,} pixels" if found else "a decompression bomb") from None
        except MemoryError:
            raise ImageError("the picture does not fit into memory") from None
        # A damaged file makes Pillow's plugins raise nearly anything, SyntaxError and struct.error included.
        except Exception as error:
            raise ImageError(f"the file is damaged or cut short ({_first_line(error)})") from error


def _opened(source: Path | bytes | BinaryIO) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, Path):
        return io.BytesIO(_read_all(source))
    try:
        if stat.S_ISDIR(source.stat().st_mode):
            raise ImageError("a folder, not a picture")
        file = source.open("rb")
        if file.seekable():
            return file
        with file:
            return io.BytesIO(_read_all(file))
    except FileNotFoundError:
        raise ImageError("there is no such file") from None
    # ValueError: a NUL in the name.
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot be opened ({_first_line(error)})") from error


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Send what C code writes to file descriptor 2 nowhere."""
    try:
        kept = os.dup(2)
    except OSError:  # closed: nothing can be printed there
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _read_all(stream: BinaryIO) -> bytes:
    try:
        contents = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(f"cannot be read ({_first_line(error)})") from error
    if len(contents) > MAX_BYTES:
        raise ImageError(f"more than {MAX_BYTES >> 30} GiB were sent, which is no picture of a digit")
    return contents


def _first_line(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__).splitlines()[0].rstrip(". ")


def _what_else(head: bytes) -> str:
    """Say what a file that is no readable picture holds, by its first bytes."""
    pictures = {b"\x89PNG": "PNG", b"\xff\xd8": "JPEG", b"GIF8": "GIF", b"RIFF": "WebP", b"BM": "BMP", b"II*": "TIFF"}
    others = {
        b"%PDF": "a PDF document",
        b"PK\x03\x04": "a ZIP archive",
        b"\x1f\x8b": "a gzip archive",
        b"\x93NUMPY": "a NumPy array",
        b"<": "HTML, XML or SVG text",
    }
    for magic, kind in pictures.items():
        if head.startswith(magic):
            return f"the file is damaged or cut short: it begins as {kind} and cannot be read on"
    for magic, kind in others.items():
        if head.startswith(magic):
            return f"not a picture: the file holds {kind}"
    text = all(9 <= byte < 127 for byte in head)
    return f"not a picture: the file holds {'text' if text else 'no kind of picture that is known here'}"


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(f"{width}x{height}, {width * height:,} pixels")
    if min(width, height) < MIN_SIDE:
        raise ImageError(f"the picture is too small: {width}x{height} pixels, at least {MIN_SIDE} a side are needed")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError(f"the picture is too narrow for a digit: {width}x{height} pixels")


def _too_large(size: str) -> ImageError:
    return ImageError(f"the picture is too large: {size}; the limit is {MAX_PIXELS:,}")


def _reduction(width: int, height: int) -> int:
    """The whole number by which both sides are divided; a long strip keeps some of its width."""
    return max(1, min(-(-max(width, height) // WORKING_SIDE), min(width, height) // (WORKING_SIDE // 8)))


def _levels(image: Image.Image, decisions: list[str]) -> Floats:
    from PIL import Image

    width, height = image.size
    factor = _reduction(width, height)
    if image.format in ("JPEG", "MPO") and factor > 1:
        # The decoder skips what a smaller picture does not need: a quarter of the time and memory.
        image.draft(None, (width // factor, height // factor))
    image.load()
    # After loading: Pillow turns TIFF files itself, and then drops the mark.
    orientation = image.getexif().get(0x0112)
    deep = image.mode.startswith(("I", "F"))
    if deep:
        image = image if image.mode == "F" else image.convert("I")
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode != "L":
        image = image.convert("L" if image.mode == "1" else "RGB")
    factor = _reduction(*image.size)
    if factor > 1:
        image = image.reduce(factor)
    if orientation in TRANSPOSE:
        image = image.transpose(getattr(Image.Transpose, TRANSPOSE[orientation]))
        decisions.append("turned upright as its EXIF says")
    levels = np.asarray(image, dtype=np.float32)
    if deep:
        return _from_depth(levels)
    if image.mode == "RGBA":
        levels = _without_alpha(levels, decisions)
    return levels if levels.ndim == 2 else _grey(levels)


def _from_depth(levels: Floats) -> Floats:
    """Bring 16-bit, 32-bit or float levels to 0 to 255; the depth is the smallest usual one that holds them all."""
    finite = np.isfinite(levels)
    if not finite.any():
        raise ImageError("the picture holds no finite values")
    levels = np.where(finite, levels, np.median(levels[finite]))
    levels -= min(0.0, float(levels.min()))
    highest = float(levels.max())
    depth = next((depth for depth in (1, 255, 1023, 4095, 16383, 65535) if highest <= depth), highest)
    return (levels * (255 / depth)).astype(np.float32)


def _without_alpha(levels: Floats, decisions: list[str]) -> Floats:
    """Lay a picture with transparency on the ground that its ink contrasts with."""
    colour, alpha = levels[..., :3], levels[..., 3:] / 255
    if alpha.min() == 1:
        return colour
    if alpha.max() < 8 / 255:
        raise ImageError("the picture is blank: all of it is transparent")
    weights = alpha[..., 0]
    opaque = _grey(colour)[weights > 0.5 * weights.max()]
    low, high = np.percentile(opaque, (5, 95))
    if high - low > 64 and (weights > 0.5).mean() > 0.5:
        # A sheet with its own ground, cut out: the transparent rest is taken for more of the same.
        ground = np.median(colour[weights > 0.5], axis=0)
        decisions.append("transparent edges: filled with the ground")
    else:
        black = bool(opaque.mean() > 127)
        ground = np.full(3, 0 if black else 255, dtype=np.float32)
        decisions.append(f"ink on transparency: laid on {'black' if black else 'white'}")
    return np.asarray(colour * alpha + ground * (1 - alpha), dtype=np.float32)


def _grey(colour: Floats) -> Floats:
    """Luma (ITU-R BT.601), or the one channel that tells ink from ground where luma does not, as for red on green."""
    luma = np.asarray(colour @ np.array([0.299, 0.587, 0.114], dtype=np.float32))
    spread = _spread(luma)
    if spread < 64:
        channels = [colour[..., index] for index in range(3)]
        widest = max(channels, key=_spread)
        if _spread(widest) > max(2 * spread, 64):
            return np.ascontiguousarray(widest)
    return luma


def _spread(levels: Floats) -> float:
    low, high = np.percentile(levels, (0.5, 99.5))
    return float(high - low)


# Preparing


def _prepare(levels: Floats, decisions: list[str]) -> Pixels:
    if levels.shape == (SIDE, SIDE):
        for pixels, ground in ((levels, "dark"), (255 - levels, "light")):
            exact = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
            if is_mnist(exact):
                decisions += ["light ground: inverted"] if ground == "light" else []
                decisions.append("already 28x28 as MNIST's: unchanged")
                return exact
    if levels.max() - levels.min() < FAINTEST:
        raise _blank()
    light = _ground_is_light(levels)
    decisions.append("light ground: inverted" if light else "dark ground: kept")
    levels = 255 - levels if light else levels
    found = _find(levels, WINDOW)
    if found is None:
        raise _blank()
    if _meets_edge(found.mask):
        # Where the edge of a shadow was taken for ink, a narrower window follows it.
        narrow = _find(levels, NARROW_WINDOW)
        found = found if narrow is None or _meets_edge(narrow.mask) else narrow
    if found.uneven:
        decisions.append("uneven light: evened out")
    if found.specks:
        decisions.append("specks: removed")
    return _centre(_fit(found, decisions))


@dataclass(frozen=True)
class _Found:
    """The ink of a picture whose ground is dark."""

    height: Floats  # of each pixel above its ground
    threshold: float  # of height
    mask: Mask  # where the digit's ink is
    uneven: bool  # the ground was
    specks: bool  # ink that is not the digit's was left out


def _find(levels: Floats, window: float) -> _Found | None:
    """Tell ink from ground, as seen through a window of that share of the shorter side; None where there is no ink."""
    ground = _ground(levels, window)
    # Light on paper multiplies: in shadow ink differs less from its ground, in proportion to what the paper reflects.
    reach = np.maximum(255 - ground, 32)
    height = _box_blur(levels, round(min(levels.shape) / 250)) - ground
    height *= float(np.percentile(reach, 90)) / reach
    middle, noise = _grain(height)
    height -= middle
    floor = max(FAINTEST, 5 * noise)
    stands_out = height > floor
    if not stands_out.any():
        return None
    # Half of the height that most of the ink reaches. Otsu's threshold would split the grain where ink is scarce.
    threshold = max(floor, 0.5 * float(np.percentile(height[stands_out], 85)))
    mask, specks = _without_specks(height > threshold, height)
    top, bottom, left, right = _box(mask)
    longer = max(bottom - top, right - left)
    # Grain that was joined by chance is thinner than a line, and dust is smaller than any digit that could be read.
    if longer < max(SMALLEST, 0.03 * min(levels.shape)) or mask.sum() < longer:
        return None
    low, high = np.percentile(ground, (2, 98))
    return _Found(height, threshold, mask, bool(high - low > UNEVEN), specks)


def _meets_edge(mask: Mask) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _ground_is_light(levels: Floats) -> bool:
    """Tell whether the ground is lighter than the ink: the side of Otsu's threshold on which most of the edge lies.

    Where light falls unevenly, the edge says little until a smooth surface through the picture is taken away.
    """
    even = levels - _surface(levels)
    threshold = _otsu(even)
    margin = max(1, min(levels.shape) // 20)
    edge = np.ones(levels.shape, dtype=bool)
    edge[margin:-margin, margin:-margin] = False
    light = even > threshold
    # The edge counts twice as much as the whole: ink can reach it, and strokes can fill half of a close crop.
    return bool(light[edge].mean() + 0.5 * light.mean() > 0.75)


def _surface(levels: Floats) -> Floats:
    """A surface of second degree through the picture, fitted again without what lies far from it: the ink."""
    height, width = levels.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij", sparse=True)
    step = max(1, round((levels.size / 4000) ** 0.5))
    rows, columns = (axis.ravel() for axis in np.broadcast_arrays(y[::step], x[:, ::step]))
    terms = np.stack([np.ones_like(rows), rows, columns, rows * rows, rows * columns, columns * columns])
    targets = levels[::step, ::step].ravel()
    kept = np.ones(targets.shape)
    for _ in range(5):
        weighted = terms * kept
        fit = np.linalg.lstsq(weighted @ terms.T, weighted @ targets, rcond=None)[0]
        rest = np.abs(targets - fit @ terms)
        kept = (rest <= 2 * np.median(rest) + 1).astype(np.float64)
    surface = fit[0] + fit[1] * y + fit[2] * x + fit[3] * y * y + fit[4] * y * x + fit[5] * x * x
    return np.asarray(surface, dtype=np.float32)


def _grain(height: Floats) -> tuple[float, float]:
    """Middle and spread of the ground: what lies below Otsu's threshold, without what lies three spreads off."""
    threshold = _otsu(height)
    low, high = height[height <= threshold], height[height > threshold]
    # Halves of one normal distribution lie 1.3 of their spreads apart: then grain was split, not ink from ground.
    parted = high.size > 0 and high.mean() - low.mean() > 1.8 * (high.std() + low.std())
    ground = low if parted else height
    for _ in range(6):
        middle = float(np.median(ground))
        spread = float(np.sqrt(np.mean((ground - middle) ** 2)))
        ground = ground[np.abs(ground - middle) <= 3 * spread + 1]
    return middle, spread


def _blank() -> ImageError:
    return ImageError("the picture is blank: no ink stands out from the ground")


def _ground(levels: Floats, share: float) -> Floats:
    """The dark ground beneath light ink: what is left when all that is narrower than a window is taken off.

    An opening (Serra 1982) by a window of that share of the shorter side. The smooth part of the light goes first,
    because an opening cuts off a slope where the picture ends.
    """
    surface = _surface(levels)
    opened = _box_blur(levels - surface, max(1, min(levels.shape) // 100))
    window = max(5, round(share * min(levels.shape)))
    for smallest in (True, False):
        for axis in (0, 1):
            opened = _running_extreme(opened, window, axis=axis, smallest=smallest)
    return surface + opened


def _running_extreme(levels: Floats, window: int, *, axis: int, smallest: bool) -> Floats:
    """Smallest or largest value in a window about each pixel, at a cost that does not depend on the window.

    van Herk 1992: running extremes forwards and backwards within blocks of the window's length, then one of each.
    """
    extreme = np.minimum if smallest else np.maximum
    lines = np.moveaxis(levels, axis, -1)
    length = lines.shape[-1]
    window = min(window, 2 * length - 1) | 1
    half = window // 2
    blocks = -(-(length + 2 * half) // window)
    outside = np.float32(np.inf if smallest else -np.inf)
    padded = np.full((*lines.shape[:-1], blocks * window), outside, dtype=np.float32)
    padded[..., half : half + length] = lines
    parts = padded.reshape(*lines.shape[:-1], blocks, window)
    forwards = extreme.accumulate(parts, axis=-1).reshape(padded.shape)
    backwards = extreme.accumulate(parts[..., ::-1], axis=-1)[..., ::-1].reshape(padded.shape)
    result = extreme(backwards[..., :length], forwards[..., window - 1 : window - 1 + length])
    return np.moveaxis(result, -1, axis)


def _box_blur(levels: Floats, radius: int) -> Floats:
    return np.asarray(_mean_along(_mean_along(levels, radius, 0), radius, 1))


def _mean_along(levels: Floats, radius: int, axis: int) -> Floats:
    padding = [(0, 0), (0, 0)]
    padding[axis] = (radius + 1, radius)
    sums = np.cumsum(np.pad(levels, padding, mode="edge"), axis=axis, dtype=np.float64)
    width = 2 * radius + 1
    high = np.take(sums, np.arange(width, sums.shape[axis]), axis=axis)
    low = np.take(sums, np.arange(0, sums.shape[axis] - width), axis=axis)
    return ((high - low) / width).astype(np.float32)


def _otsu(levels: Floats) -> float:
    """The threshold that parts levels into the two classes of least spread (Otsu 1979)."""
    low, high = float(levels.min()), float(levels.max())
    counts, edges = np.histogram(levels, bins=256, range=(low, high if high > low else low + 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between[:-1]))])


def _without_specks(mask: Mask, ink: Floats) -> tuple[Mask, bool]:
    """Keep the parts that belong to the digit: the heaviest, and those of some weight beside it."""
    # Broken strokes hold together across small gaps.
    gap = max(1, round(0.015 * min(mask.shape)))
    labels, count = _components(_grown_square(mask, 2 * gap + 1))
    labels = np.where(mask, labels, 0)
    weights = np.bincount(labels.ravel(), weights=ink.ravel(), minlength=count + 1)[1:]
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    contact = np.bincount(edges, minlength=count + 1)[1:]
    # What runs along the edge is a shadow, a fold or a neighbour, unless nothing else comes near its weight.
    rank = weights * np.select([contact == 0, contact < 0.25 * min(mask.shape)], [1.0, 0.3], 0.05)
    main = int(rank.argmax())
    keep = (rank >= 0.06 * rank[main]) & ((contact == 0) | (np.arange(count) == main))
    return np.concatenate(([False], keep))[labels], bool(count > keep.sum())


def _components(mask: Mask) -> tuple[npt.NDArray[np.intp], int]:
    """Number the connected parts of a mask from 1, diagonal neighbours counted in; 0 is the ground.

    Runs of each row are joined to the runs they meet in the row before, until no number changes.
    """
    height, width = mask.shape
    flat = np.zeros((height, width + 2), dtype=np.int8)
    flat[:, 1:-1] = mask
    steps = np.diff(flat, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    if rows.size == 0:
        return np.zeros(mask.shape, dtype=np.intp), 0
    # One line of numbers holds all rows, so that one search finds the runs above: those that end no earlier than a run
    # starts, up to those that start no later than it ends.
    stride = width + 4
    above_starts, above_ends = (rows + 1) * stride + starts, (rows + 1) * stride + ends
    first = np.searchsorted(above_ends, rows * stride + starts)
    last = np.searchsorted(above_starts, rows * stride + ends, side="right")
    meetings = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(rows.size), meetings)
    upper = np.arange(meetings.sum()) - np.repeat(np.cumsum(meetings) - meetings, meetings) + np.repeat(first, meetings)
    number = np.arange(rows.size)
    while True:
        smallest = np.minimum(number[lower], number[upper])
        before = number.copy()
        np.minimum.at(number, number[lower], smallest)
        np.minimum.at(number, number[upper], smallest)
        number = number[number]
        if np.array_equal(number, before):
            break
    values, number = np.unique(number, return_inverse=True)
    labels = np.zeros(height * width + 1, dtype=np.intp)
    np.add.at(labels, rows * width + starts, number + 1)
    np.add.at(labels, rows * width + ends, -(number + 1))
    return np.cumsum(labels)[:-1].reshape(height, width), len(values)


def _fit(found: _Found, decisions: list[str]) -> Floats:
    """The ink within its box, fitted into 20x20 with its proportions kept, 0 to 1, strokes mended."""
    mask = found.mask
    # The threshold stands at a half, and the border of the strokes keeps its shades.
    share = np.where(_grown_square(mask, 3), np.clip(found.height / (2 * found.threshold), 0, 1), 0).astype(np.float32)
    top, bottom, left, right = _box(mask)
    share, mask = share[top:bottom, left:right], mask[top:bottom, left:right]
    scale = FINE * FIT / max(mask.shape)
    hair = 2 / scale - _stroke_width(mask)
    if hair > 0 and scale < 1:
        # Averaged with the ground around it, a hair line would fall below the threshold.
        share = np.pad(mask, 1 + int(hair)).astype(np.float32)
        share = _grown_square(share > 0, 1 + round(hair)).astype(np.float32)
    fine = _resize(np.pad(share, 1), FINE * FIT)
    strokes = _mended(np.pad(fine > 0.5 * fine.max(), FINE), decisions)
    top, bottom, left, right = _box(strokes)
    return np.clip(_resize(strokes[top:bottom, left:right].astype(np.float32), FIT), 0, 1)


def _mended(strokes: Mask, decisions: list[str]) -> Mask:
    """Bring strokes, at FINE times their final size, to a width that MNIST's have."""
    width = _stroke_width(strokes) / FINE
    if width < THIN:
        decisions.append("thin strokes: thickened")
        return _grown(strokes, FINE * (THIN + 0.3 - width) / 2)
    if width > THICK:
        thinner = ~_grown(~strokes, FINE * (width - THICK) / 2)
        # Thinning must not take a digit apart.
        if thinner.any() and _components(thinner)[1] == _components(strokes)[1]:
            decisions.append("thick strokes: thinned")
            return thinner
    return strokes


def _grown(mask: Mask, radius: float) -> Mask:
    """Grow a mask by a disc of that radius; what lies beyond the edge is False."""
    reach = int(np.ceil(radius))
    height, width = mask.shape
    padded = np.pad(mask, reach)
    grown = mask.copy()
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            if row * row + column * column <= radius * radius:
                grown |= padded[reach + row : reach + row + height, reach + column : reach + column + width]
    return grown


def _grown_square(mask: Mask, window: int) -> Mask:
    grown = mask.astype(np.float32)
    for axis in (0, 1):
        grown = _running_extreme(grown, window, axis=axis, smallest=False)
    return grown > 0.5


def _stroke_width(mask: Mask) -> float:
    """Mean width of the strokes in pixels: twice the area over the outline's length."""
    padded = np.pad(mask, 1).astype(np.int8)
    steps = np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum()
    # Steps of a grid run 4/pi times as far as the outline that they follow, averaged over its directions.
    return 2 * float(mask.sum()) / (np.pi / 4 * max(1, int(steps)))


def _resize(levels: Floats, longer: int) -> Floats:
    """Scale so that the longer side is that long, keeping proportions; every pixel of the source is averaged in."""
    from PIL import Image

    height, width = levels.shape
    scale = longer / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)


def _centre(ink: Floats) -> Pixels:
    """Put the ink into 28x28 with its centre of mass in the middle, as far as no ink is lost."""
    height, width = ink.shape
    row, column = _centre_of_mass(ink)
    # Half a pixel off either way is the nearest that whole pixels come; of two equal ones, the upper and left.
    top = min(max(math.ceil(SIDE / 2 - row - 0.5), 0), SIDE - height)
    left = min(max(math.ceil(SIDE / 2 - column - 0.5), 0), SIDE - width)
    pixels = np.zeros((SIDE, SIDE), dtype=np.uint8)
    pixels[top : top + height, left : left + width] = np.rint(255 * ink / ink.max())
    return pixels


def _centre_of_mass(levels: npt.NDArray[Any]) -> tuple[float, float]:
    weights = levels.astype(np.float64)
    total = weights.sum()
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    return float(rows @ np.arange(rows.size) / total), float(columns @ np.arange(columns.size) / total)


def _box(mask: Mask) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of what is True, the ends exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
