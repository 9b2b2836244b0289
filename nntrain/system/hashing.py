"""MD5 fingerprints, which show whether files, arrays and networks are the same. They do not protect against forgery."""

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
    """Return the MD5 of the concatenated elements of the arrays in C order; shapes and types are not included."""
    digest = hashlib.md5(usedforsecurity=False)
    for array in arrays:
        digest.update(array.data if array.flags.c_contiguous else array.tobytes())
    return digest.hexdigest()
