"""MD5 fingerprints: they tell files, arrays and networks apart. They do not protect against forgery."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def fingerprint(content: bytes) -> str:
    """Return the MD5 of bytes, 32 hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def fingerprint_arrays(arrays: Iterable[np.ndarray]) -> str:
    """Return the MD5 of the arrays' elements in C order, one array after the other; shapes and types do not count."""
    digest = hashlib.md5(usedforsecurity=False)
    for array in arrays:
        digest.update(array.data if array.flags.c_contiguous else array.tobytes())
    return digest.hexdigest()
