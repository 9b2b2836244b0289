"""From a file to grey levels: whatever Pillow opens, upright, of working size; faults in one sentence each."""

from __future__ import annotations

import contextlib
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
from nntrain.preprocessing.filters import Floats

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
}
# Pillow would hand EPS to Ghostscript, a whole program run on a stranger's input, and IPTC can hold an EPS.
REFUSED = {"EPS": "a drawing program, not a picture", "IPTC": "an envelope around a picture, which is not opened"}

MIN_SIDE = 20  # pixels; below, a digit cannot be told
MAX_PIXELS = 100_000_000
MAX_ASPECT = 50  # longer to shorter side; beyond lies no digit, but arrays that would not fit into memory
SMALL_PART = 0.1  # of a depth
ROUNDING = 1e-6  # of a value: smaller differences are float32's
MAX_BYTES = 1 << 30  # read from what cannot be searched: a pipe
WORKING_SIDE = 512  # pixels; a large picture is reduced to about this, which leaves a digit of a tenth of it 50 pixels

TRANSPOSE = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}  # EXIF orientation to Pillow's name


def read_levels(source: Path | bytes | BinaryIO, decisions: list[Decision]) -> Floats:
    """Give the picture's grey levels, 0 to 255, upright and reduced to working size."""
    from PIL import Image

    # Pillow logs some faults of TIFF files, which Python prints where no one has set up logging.
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with _opened(source) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = b""
        try:
            head = file.read(16)
            if not head:
                raise ImageError("the file is empty")
            file.seek(0)
            with _recognized(file, head) as image:
                _check_size(image.width, image.height)
                if image.format in REFUSED:
                    raise ImageError(f"{image.format} is {REFUSED[image.format]}; save it as PNG")
                if isinstance(source, Path) and image.format not in FORMATS.get(source.suffix.lower(), (image.format,)):
                    decisions.append(
                        Decision.of(DecisionKind.MISLABELLED, suffix=source.suffix, format=image.format or "")
                    )
                # libtiff prints what it finds wrong, past Python.
                with _silent_stderr() if image.format == "TIFF" else contextlib.nullcontext():
                    return _levels(image, decisions)
        except ImageError:
            raise
        except Image.DecompressionBombError as error:
            # Pillow's own limit is higher, and its message the one place that tells the size.
            found = re.search(r"\d+", str(error))
            raise _too_large(f"{int(found[0]):,} pixels" if found else "a decompression bomb") from None
        except MemoryError:
            raise ImageError("the picture does not fit into memory") from None
        # A damaged file makes Pillow's plugins raise nearly anything, SyntaxError and struct.error included.
        except Exception as error:
            if isinstance(error, OSError) and error.errno:  # the system's, not Pillow's
                raise ImageError(f"cannot be read ({_first_line(error)})") from error
            raise ImageError(f"the file is damaged or cut short ({_first_line(error)})") from error


def _recognized(file: BinaryIO, head: bytes) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(file)
    except UnidentifiedImageError:
        raise ImageError(_what_else(head)) from None
    except (OSError, ValueError):
        if _is_text(head):  # two letters are enough for Pillow to take it for a BMP
            raise ImageError(_what_else(head)) from None
        raise


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
    """Say what a file that is no readable picture holds, by its first 16 bytes."""
    from PIL import features

    pictures = {
        rb"\x89PNG": "PNG",
        rb"\xff\xd8\xff": "JPEG",
        rb"GIF8": "GIF",
        rb"RIFF....WEBP": "WebP",
        rb"BM....\0\0\0\0": "BMP",
        rb"II\*\0|MM\0\*": "TIFF",
        rb"....ftypavi[fs]": "AVIF",
    }
    others = {
        rb"%PDF": "a PDF document",
        rb"PK\x03\x04": "a ZIP archive",
        rb"\x1f\x8b": "a gzip archive",
        rb"\x93NUMPY": "a NumPy array",
        rb"<": "HTML, XML or SVG text",
        rb"RIFF|....ftyp": "sound or video",
    }
    if re.match(rb"....ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", head, re.DOTALL):
        return "an HEIC photo, as iPhones take them, which is not read here; save it as JPEG"
    for magic, kind in pictures.items():
        if re.match(magic, head, re.DOTALL):
            if kind == "AVIF" and not features.check("avif"):
                return "an AVIF picture, which the Pillow installed here does not read; save it as JPEG"
            return f"the file is damaged or cut short: it begins as {kind} and cannot be read on"
    for magic, kind in others.items():
        if re.match(magic, head, re.DOTALL):
            return f"not a picture: the file holds {kind}"
    return f"not a picture: the file holds {'text' if _is_text(head) else 'no kind of picture that is known here'}"


def _is_text(head: bytes) -> bool:
    return all(9 <= byte < 127 for byte in head)


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


def _levels(image: Image.Image, decisions: list[Decision]) -> Floats:
    from PIL import Image

    width, height = image.size
    factor = _reduction(width, height)
    if image.format in ("JPEG", "MPO") and factor > 1:
        # The decoder skips what a smaller picture does not need: a quarter of the time and memory.
        image.draft(None, (width // factor, height // factor))
    image.load()
    # After loading: Pillow turns TIFF files itself, and then drops the mark.
    orientation = image.getexif().get(0x0112)
    deep, agreed = image.mode.startswith(("I", "F")), image.mode not in ("I", "F")
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
        decisions.append(Decision(DecisionKind.TURNED_UPRIGHT))
    if image.width * image.height < width * height:
        decisions.append(Decision.of(DecisionKind.REDUCED, width=image.width, height=image.height))
    levels = np.asarray(image, dtype=np.float32)
    if deep:
        return _from_depth(levels, decisions, agreed=agreed)
    if image.mode == "RGBA":
        levels = _without_alpha(levels, decisions)
    return levels if levels.ndim == 2 else _grey(levels)


def _from_depth(levels: Floats, decisions: list[Decision], *, agreed: bool) -> Floats:
    """Bring 16-bit, 32-bit or float levels to 0 to 255; the depth is the smallest usual one that holds them all.

    32-bit and float files have no agreed scale: where they use a small part of that depth, it is the part they use.
    """
    finite = np.isfinite(levels)
    if not finite.any():
        raise ImageError("the picture holds no finite values")
    # In double precision: the difference of two floats may be no float.
    exact = np.where(finite, levels, np.median(levels[finite])).astype(np.float64)
    least, most = float(exact.min()), float(exact.max())
    lowest = min(0.0, least)
    depth = next((depth for depth in (1, 255, 1023, 4095, 16383, 65535) if most - lowest <= depth), most - lowest)
    if not agreed and ROUNDING * max(abs(least), abs(most)) < most - least < SMALL_PART * depth:
        decisions.append(Decision.of(DecisionKind.STRETCHED, lowest=least, highest=most))
        lowest, depth = least, most - least
    return ((exact - lowest) * (255 / depth)).astype(np.float32)


def _without_alpha(levels: Floats, decisions: list[Decision]) -> Floats:
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
        decisions.append(Decision(DecisionKind.TRANSPARENT_EDGES))
    else:
        black = bool(opaque.mean() > 127)
        ground = np.full(3, 0 if black else 255, dtype=np.float32)
        decisions.append(Decision.of(DecisionKind.TRANSPARENT_BACKGROUND, colour="black" if black else "white"))
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
