"""The code that the readers of all formats share."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from nntrain.data.dataset import SPLITS, Split, numbered_classes, validate_labels
from nntrain.errors import DataError

MAX_BYTES = 4 * 2**30  # per array


class Reader(Protocol):
    """A data set on disk."""

    path: Path

    def labels(self, split: Split) -> np.ndarray:
        """Return a split's labels."""
        ...

    def images(self, split: Split) -> np.ndarray:
        """Return a split's images."""
        ...

    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes, by label."""
        ...


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn all errors while a file is read into a DataError that names it."""
    import tokenize
    import warnings

    try:
        with warnings.catch_warnings():
            # NumPy warns about headers written by Python 2, but reads them.
            warnings.simplefilter("ignore")
            yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such file or folder") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, struct.error):
        raise DataError(f"{path}: damaged or cut short; get the file again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise DataError(
            f"{path}: needs more memory than there is, or is damaged; close other programs, or get the file again"
        ) from None
    # NumPy parses an array's header as Python tokens and literals, which may raise any of these.
    except (
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        RuntimeError,
        SyntaxError,
        tokenize.TokenError,
    ):
        raise DataError(f"{path}: damaged, or not a data set; get the file again") from None


def classes_of_labels(reader: Reader) -> tuple[str, ...]:
    """Return "0", "1", and so on up to the largest label; raises DataError for invalid labels."""
    largest = max(int(validate_labels(reader.labels(split), split, reader.path).max()) for split in SPLITS)
    return numbered_classes(largest + 1)
