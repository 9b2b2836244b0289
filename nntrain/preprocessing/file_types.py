"""Explains, by its first bytes, why Pillow cannot open a file."""

from __future__ import annotations

import re

PICTURES = {
    rb"\x89PNG": "PNG",
    rb"\xff\xd8\xff": "JPEG",
    rb"GIF8": "GIF",
    rb"RIFF....WEBP": "WebP",
    rb"BM....\0\0\0\0": "BMP",
    rb"II\*\0|MM\0\*": "TIFF",
    rb"....ftypavi[fs]": "AVIF",
}  # formats that Pillow opens, by patterns of their first bytes
OTHERS = {
    rb"%PDF": "a PDF document",
    rb"PK\x03\x04": "a ZIP archive",
    rb"\x1f\x8b": "a gzip archive",
    rb"\x93NUMPY": "a NumPy array",
    rb"<": "HTML, XML or SVG text",
    rb"RIFF|....ftyp": "sound or video",
}
HEIC = rb"....ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)"


def describe_unreadable(head: bytes) -> str:
    """Return a sentence on why a file that starts with these bytes, up to 16, cannot be read as a picture."""
    if re.match(HEIC, head, re.DOTALL):
        return "an HEIC photo, the format of iPhones, cannot be read; save it as JPEG"
    picture = _match(PICTURES, head)
    if picture == "AVIF" and not _pillow_reads_avif():
        return "an AVIF picture, which the installed Pillow cannot read; save it as JPEG"
    if picture is not None:
        return f"the file is damaged or cut short: it starts as {picture} does but cannot be read"
    other = _match(OTHERS, head) or ("text" if is_text(head) else None)
    if other is not None:
        return f"not a picture: the file contains {other}"
    return "not a picture: the file is of an unknown type"


def is_text(head: bytes) -> bool:
    """Return whether bytes may be ASCII text."""
    return all(9 <= byte < 127 for byte in head)


def _match(patterns: dict[bytes, str], head: bytes) -> str | None:
    return next((name for pattern, name in patterns.items() if re.match(pattern, head, re.DOTALL)), None)


def _pillow_reads_avif() -> bool:
    from PIL import features

    return bool(features.check("avif"))
