"""The formats a data set may have on disk: an .npz file, a folder of IDX files, a folder of pictures.

A reader returns a split's images and labels, not yet validated, or raises a DataError that names the file it cannot
read. Pickles and arrays larger than MAX_BYTES are never loaded.
"""

from __future__ import annotations

from pathlib import Path

from nntrain.data.formats.idx import IDX_FILES, IdxReader, has_idx_files
from nntrain.data.formats.npz import NpzReader
from nntrain.data.formats.picture_folder import PictureFolderReader
from nntrain.data.formats.reader import Reader, readable
from nntrain.errors import DataError

__all__ = ["Reader", "open_reader"]


def open_reader(path: Path) -> Reader:
    """Return the reader for the format of a path; raises DataError if the format is not supported."""
    with readable(path):
        path.stat()
    if path.is_file():
        if path.suffix != ".npz":
            raise DataError(f"{path}: a data set is an .npz file, a folder of IDX files, or a folder of pictures")
        return NpzReader(path)
    if has_idx_files(path):
        return IdxReader(path)
    if (path / "train").is_dir() and (path / "test").is_dir():
        return PictureFolderReader(path)
    raise DataError(
        f"{path}: has neither IDX files ({IDX_FILES['x_train']} ...) nor the folders train/<label>/ and test/<label>/"
    )
