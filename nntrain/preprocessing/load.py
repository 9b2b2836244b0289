"""Loads a picture in any format of Pillow as grey levels, upright and in working size, or raises a readable error."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import os
import re
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from nntrain.errors import ImageError
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.file_types import describe_unreadable, is_text
from nntrain.preprocessing.filters import Floats
from nntrain.preprocessing.grey import replace_transparency, scale_depth, to_grey
from nntrain.preprocessing.jpeg_scans import count_scans

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {
    ".png": ("PNG",),
    ".jpg": ("JPEG", "MPO"),
    ".jpeg": ("JPEG", "MPO"),
    ".gif": ("GIF",),
    ".bmp": ("BMP",),
    ".webp": ("WEBP",),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".avif": ("AVIF",),
}  # the formats that a suffix may mean
# Pillow would pass an EPS file to Ghostscript, a large program, run on untrusted input; IPTC can contain EPS.
REFUSED_FORMATS = {"EPS": "an EPS file is a program that draws", "IPTC": "an IPTC file contains another file"}

MIN_SIDE = 20  # pixels; below this, digits cannot be distinguished
MAX_PIXELS = 100_000_000
MAX_SCANNED_PIXELS = 2_000_000_000  # of a JPEG: its scans times its pixels; a photo of 100 megapixels may have 20
MAX_ASPECT = 50  # longer to shorter side; beyond this, no digit fits in, and arrays would exceed the memory
MAX_BYTES = 1 << 30  # read from a stream that is not seekable, such as a pipe
WORKING_SIDE = 512  # pixels; larger pictures are reduced to about this, at which a digit of a tenth has 50 pixels
MIN_WORKING_SIDE = WORKING_SIDE // 8  # pixels of width that a long strip keeps

EXIF_ORIENTATION = 0x0112
TRANSPOSE = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}  # EXIF orientation to Pillow's name


Source = Path | bytes | BinaryIO | np.ndarray


def load_levels(source: Source) -> tuple[Floats, tuple[Decision, ...]]:
    """Load a picture from a file, its contents, an open binary stream, or an array of pixels.

    An array has the shape (height, width), or (height, width, channels) with 1, 3 (RGB) or 4 (RGBA) channels; pixels
    are bool, integers from 0, or floats from 0 to 1 or from 0 to 255.
    Returns its grey levels, float32 (height, width), 0 to 255, upright and reduced to working size, and what was done.
    Raises ImageError, whose message does not contain the picture's name, if the picture cannot be read.
    """
    if isinstance(source, np.ndarray):
        return _load_array(source)
    _silence_pillow_log()
    with _open_source(source) as file, warnings.catch_warnings(), _as_image_errors():
        warnings.simplefilter("ignore")
        with _open_image(file) as image:
            _check_size(image.width, image.height)
            _check_format(image.format)
            _check_scans(file, image)
            mislabelled = _mislabelled(source, image.format)
            # libtiff prints its warnings directly, not through Python.
            with _silent_stderr() if image.format == "TIFF" else contextlib.nullcontext():
                levels, decisions = _decode(image)
            return levels, (*mislabelled, *decisions)


@functools.cache
def _silence_pillow_log() -> None:
    """Keep Pillow's log of faulty TIFF files off the screen if logging is not set up."""
    logging.getLogger("PIL").addHandler(logging.NullHandler())


def _load_array(pixels: np.ndarray) -> tuple[Floats, tuple[Decision, ...]]:
    from PIL import Image

    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
        raise ImageError(
            f"the array has the shape {pixels.shape}; a picture has (height, width), or (height, width, 3 or 4)"
        )
    _check_size(pixels.shape[1], pixels.shape[0])
    if pixels.dtype == np.bool_:
        pixels = pixels * np.uint8(255)
    if pixels.dtype == np.uint8:
        return _decode(Image.fromarray(np.ascontiguousarray(pixels)))
    if not (np.issubdtype(pixels.dtype, np.integer) or np.issubdtype(pixels.dtype, np.floating)):
        raise ImageError(f"the array holds {pixels.dtype}; pixels are numbers from 0 to 255")
    if pixels.ndim == 2:
        return _decode(Image.fromarray(pixels.astype(np.float32)))
    levels, _ = scale_depth(pixels.astype(np.float32), fixed_depth=True)  # Pillow has no colours of other depths
    return _decode(Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8)))


# --- opening ---------------------------------------------------------------------------------------------------------


def _open_source(source: Path | bytes | BinaryIO) -> BinaryIO:
    """Return a seekable stream."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, Path):
        return io.BytesIO(_read_all(source))
    try:
        if stat.S_ISDIR(source.stat().st_mode):
            raise ImageError("is a folder, not a picture")
        file = source.open("rb")
        if file.seekable():
            return file
        with file:
            return io.BytesIO(_read_all(file))
    except FileNotFoundError:
        raise ImageError("no such file") from None
    # ValueError: the name contains a NUL.
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot be opened ({_first_line(error)})") from error


def _read_all(stream: BinaryIO) -> bytes:
    try:
        contents = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ImageError(f"cannot be read ({_first_line(error)})") from error
    if len(contents) > MAX_BYTES:
        raise ImageError(f"more than {MAX_BYTES >> 30} GiB of input; a picture may have at most that")
    return contents


def _open_image(file: BinaryIO) -> Image.Image:
    """Open a picture without decoding it; raises ImageError if the file is empty or not a picture."""
    from PIL import Image, UnidentifiedImageError

    head = file.read(16)
    if not head:
        raise ImageError("the file is empty")
    file.seek(0)
    try:
        return Image.open(file)
    except UnidentifiedImageError:
        raise ImageError(describe_unreadable(head)) from None
    except (OSError, ValueError):
        if is_text(head):  # Pillow takes any text that starts with BM for a BMP file
            raise ImageError(describe_unreadable(head)) from None
        raise


# --- checking --------------------------------------------------------------------------------------------------------


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(f"{width}x{height}, {width * height:,} pixels")
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"the picture is too small: {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError(
            f"the picture is too narrow: {width}x{height} pixels; "
            f"its longer side may be at most {MAX_ASPECT} times the shorter"
        )


def _too_large(size: str) -> ImageError:
    return ImageError(f"the picture is too large: {size}; the limit is {MAX_PIXELS:,}")


def _check_format(image_format: str | None) -> None:
    if image_format in REFUSED_FORMATS:
        raise ImageError(f"{REFUSED_FORMATS[image_format]} and is not opened; save the picture as PNG")


def _check_scans(file: BinaryIO, image: Image.Image) -> None:
    """Raise ImageError for a JPEG that takes minutes to decode."""
    if image.format not in ("JPEG", "MPO"):
        return
    most = MAX_SCANNED_PIXELS // (image.width * image.height)
    position = file.tell()
    if count_scans(file, most=most) > most:
        raise ImageError(f"the JPEG has more than {most} scans, which take minutes to decode; save the picture as PNG")
    file.seek(position)


def _mislabelled(source: Path | bytes | BinaryIO, image_format: str | None) -> tuple[Decision, ...]:
    """Return a decision if a file's format differs from the one that its suffix states."""
    if not isinstance(source, Path) or image_format is None:
        return ()
    if image_format in FORMATS.get(source.suffix.lower(), (image_format,)):
        return ()
    return (Decision.of(DecisionKind.MISLABELLED, suffix=source.suffix, format=image_format),)


# --- decoding --------------------------------------------------------------------------------------------------------


def _decode(image: Image.Image) -> tuple[Floats, tuple[Decision, ...]]:
    """Return a picture's grey levels, upright and reduced to working size, and what was done."""
    width, height = image.size
    factor = _reduction(width, height)
    if image.format in ("JPEG", "MPO") and factor > 1:
        # The decoder skips details that the smaller picture does not need: a quarter of the time and memory.
        image.draft(None, (width // factor, height // factor))
    image.load()
    # Read after loading, because Pillow rotates TIFF files itself and then removes the orientation.
    orientation = image.getexif().get(EXIF_ORIENTATION)
    fixed_depth = image.mode not in ("I", "F")
    image = _in_plain_mode(image)
    factor = _reduction(*image.size)
    if factor > 1:
        image = image.reduce(factor)
    decisions: list[Decision] = []
    if orientation in TRANSPOSE:
        image = _transpose(image, TRANSPOSE[orientation])
        decisions.append(Decision(DecisionKind.TURNED_UPRIGHT))
    if image.width * image.height < width * height:
        decisions.append(Decision.of(DecisionKind.REDUCED, width=image.width, height=image.height))
    levels, conversions = _grey_levels(image, fixed_depth=fixed_depth)
    return levels, (*decisions, *conversions)


def _reduction(width: int, height: int) -> int:
    """Return the integer by which to divide both sides; a long strip keeps some of its width."""
    return max(1, min(-(-max(width, height) // WORKING_SIDE), min(width, height) // MIN_WORKING_SIDE))


def _in_plain_mode(image: Image.Image) -> Image.Image:
    """Convert a decoded picture to mode L, RGB, RGBA, I (32 bits) or F (float)."""
    if image.mode == "F":
        return image
    if image.mode.startswith("I"):
        return image.convert("I")
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "L":
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _transpose(image: Image.Image, name: str) -> Image.Image:
    from PIL import Image

    return image.transpose(getattr(Image.Transpose, name))


def _grey_levels(image: Image.Image, *, fixed_depth: bool) -> tuple[Floats, tuple[Decision, ...]]:
    levels = np.asarray(image, dtype=np.float32)
    if image.mode in ("I", "F"):
        return scale_depth(levels, fixed_depth=fixed_depth)
    decisions: tuple[Decision, ...] = ()
    if image.mode == "RGBA":
        levels, decisions = replace_transparency(levels)
    return (levels if levels.ndim == 2 else to_grey(levels)), decisions


# --- errors ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _as_image_errors() -> Iterator[None]:
    """Turn all errors while a picture is decoded into ImageErrors."""
    from PIL import Image

    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        # Pillow's own limit is higher, and only its message contains the size.
        number = re.search(r"\d+", str(error))
        raise _too_large(f"{int(number[0]):,} pixels" if number else "a decompression bomb") from None
    except MemoryError:
        raise ImageError("the picture does not fit into memory") from None
    # On a damaged file, Pillow's plugins may raise nearly any exception, including SyntaxError and struct.error.
    except Exception as error:
        if isinstance(error, OSError) and error.errno:  # an error of the system, not Pillow's
            raise ImageError(f"cannot be read ({_first_line(error)})") from error
        raise ImageError(f"the file is damaged or cut short ({_first_line(error)})") from error


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Discard output of C code on file descriptor 2."""
    try:
        stderr = os.dup(2)
    except OSError:  # closed: nothing can be printed there
        yield
        return
    try:
        with open(os.devnull, "wb") as devnull:
            os.dup2(devnull.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _first_line(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text or type(error).__name__).splitlines()[0].rstrip(". ")
