"""Counts the scans of a JPEG file, each of which a decoder applies to the whole picture.

A progressive JPEG has about ten. A tiny file may hold thousands, and keep a decoder busy for minutes, which cannot be
stopped. The structure of the file is described in ITU-T T.81, section B.1.
"""

from __future__ import annotations

import os
import re
from typing import BinaryIO

# A byte 0xff starts a marker, except before 0 (the byte itself), the restart markers in a scan, and as padding.
MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
END_OF_IMAGE, START_OF_SCAN = 0xD9, 0xDA
CHUNK = 1 << 16  # bytes


def count_scans(file: BinaryIO, *, most: int) -> int:
    """Return the number of scans of the first picture in a JPEG file, or `most` + 1 if there are more."""
    file.seek(2)  # after the marker of the start
    scans = 0
    while scans <= most:
        marker = _next_marker(file)
        if marker is None or marker == END_OF_IMAGE:
            break
        scans += marker == START_OF_SCAN
        length = int.from_bytes(file.read(2), "big")
        file.seek(max(0, length - 2), os.SEEK_CUR)
    return scans


def _next_marker(file: BinaryIO) -> int | None:
    """Return the code of the next marker and place the file after it, or None if there is none."""
    while chunk := file.read(CHUNK):
        if found := MARKER.search(chunk):
            file.seek(found.end() - len(chunk), os.SEEK_CUR)
            return chunk[found.end() - 1]
        if chunk.endswith(b"\xff") and len(chunk) > 1:
            file.seek(-1, os.SEEK_CUR)  # the marker's code is in the next chunk
    return None
