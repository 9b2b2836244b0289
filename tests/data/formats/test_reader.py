"""What the readers of all formats have in common."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from nntrain.data.formats.reader import MAX_BYTES, classes_of_labels, readable
from nntrain.errors import DataError

PATH = Path("own.npz")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(), "no such file or folder"),
        (zipfile.BadZipFile(), "damaged or cut short; get the file again"),
        (zlib.error(), "damaged or cut short; get the file again"),
        (EOFError(), "damaged or cut short; get the file again"),
        (struct.error(), "damaged or cut short; get the file again"),
        (PermissionError(13, "Permission denied"), "cannot be read: Permission denied"),
        (OSError("unknown"), "cannot be read: unknown"),
        (ValueError(), "damaged, or not a data set; get the file again"),
        (KeyError(), "damaged, or not a data set; get the file again"),
        (TypeError(), "damaged, or not a data set; get the file again"),
        (OverflowError(), "damaged, or not a data set; get the file again"),
        (
            MemoryError(),
            "needs more memory than there is, or is damaged; close other programs, or get the file again",
        ),
        (RecursionError(), "damaged, or not a data set; get the file again"),
        (SyntaxError(), "damaged, or not a data set; get the file again"),
        (tokenize.TokenError(), "damaged, or not a data set; get the file again"),
    ],
)
def test_whatever_goes_wrong_is_one_error_that_names_the_file(error, words):
    with pytest.raises(DataError) as caught, readable(PATH):
        raise error
    assert str(caught.value) == f"own.npz: {words}"


def test_a_bug_is_not_taken_for_a_damaged_file():
    with pytest.raises(AttributeError), readable(PATH):
        raise AttributeError


def test_warnings_are_kept_to_itself(recwarn):
    import warnings

    with readable(PATH):
        warnings.warn("a header that Python 2 wrote", UserWarning, stacklevel=1)
    assert len(recwarn) == 0


def test_an_array_may_take_four_gibibytes():
    assert MAX_BYTES == 4_294_967_296


class Labels:
    """A reader that has nothing but labels."""

    path = PATH

    def __init__(self, train, test):
        self._labels = {"train": np.array(train), "test": np.array(test)}

    def labels(self, split):
        return self._labels[split]


@pytest.mark.parametrize(("train", "test"), [([0, 2], [1]), ([0, 1], [2])])
def test_classes_are_numbered_up_to_the_largest_label_of_both_splits(train, test):
    assert classes_of_labels(Labels(train, test)) == ("0", "1", "2")


def test_classes_of_invalid_labels_are_an_error():
    with pytest.raises(DataError, match=r"own\.npz: test has the label -1"):
        classes_of_labels(Labels([0, 1], [-1]))
