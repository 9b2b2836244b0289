"""A data set in four IDX files."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from nntrain.data.formats import idx
from nntrain.data.formats.idx import IdxReader, has_idx_files
from nntrain.errors import DataError

FILES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


def read_all(folder):
    reader = IdxReader(folder)
    return [array for split in ("train", "test") for array in (reader.images(split), reader.labels(split))]


def error_of(folder):
    with pytest.raises(DataError) as caught:
        read_all(folder)
    return str(caught.value)


def compress(folder, *names):
    for name in names:
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()


def test_each_split_has_its_images_and_labels(idx_folder, arrays):
    reader = IdxReader(idx_folder)
    np.testing.assert_array_equal(reader.images("train"), arrays["x_train"])
    np.testing.assert_array_equal(reader.labels("train"), arrays["y_train"])
    np.testing.assert_array_equal(reader.images("test"), arrays["x_test"])
    np.testing.assert_array_equal(reader.labels("test"), arrays["y_test"])
    assert reader.classes() == ("0", "1", "2")


def test_gzipped_files_are_read(idx_folder, arrays):
    compress(idx_folder, *FILES)
    np.testing.assert_array_equal(IdxReader(idx_folder).images("test"), arrays["x_test"])


@pytest.mark.parametrize("name", FILES)
def test_a_folder_with_one_of_the_files_is_a_folder_of_idx_files(tmp_path, name):
    assert not has_idx_files(tmp_path)
    (tmp_path / f"{name}.gz").touch()
    assert has_idx_files(tmp_path)
    (tmp_path / f"{name}.gz").rename(tmp_path / name)
    assert has_idx_files(tmp_path)


def test_a_missing_file_is_named(idx_folder):
    (idx_folder / "t10k-labels-idx1-ubyte").unlink()
    assert error_of(idx_folder) == (
        f"{idx_folder}: has no t10k-labels-idx1-ubyte (or t10k-labels-idx1-ubyte.gz); all four IDX files are needed"
    )


CUT_SHORT = "damaged or cut short; get the file again"
WRONG_MAGIC = "not an IDX file of bytes in 1 dimension (wrong magic number); get the file again"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", CUT_SHORT),
        (b"\x00\x00\x08", CUT_SHORT),
        (b"\x00\x00\x08\x01\x00\x00", CUT_SHORT),
        (b"\x00\x00\x08\x03" + b"\x00\x00\x00\x14" * 3, WRONG_MAGIC),
        (b"\x00\x00\x0d\x01\x00\x00\x00\x14", WRONG_MAGIC),
        (b"\x00\x01\x08\x01\x00\x00\x00\x14", WRONG_MAGIC),
        (
            b"\x00\x00\x08\x01\x00\x00\x00\x14" + b"\x01" * 19,
            "damaged: its header states 20 bytes, but it has 19; get the file again",
        ),
        (
            b"\x00\x00\x08\x01\x00\x00\x00\x14" + b"\x01" * 21,
            "damaged: its header states 20 bytes, but it has more; get the file again",
        ),
    ],
)
def test_a_damaged_file_is_an_error(idx_folder, content, words):
    path = idx_folder / "train-labels-idx1-ubyte"
    path.write_bytes(content)
    assert error_of(idx_folder) == f"{path}: {words}"


def test_a_file_of_labels_in_place_of_images_is_an_error(idx_folder):
    path = idx_folder / "t10k-images-idx3-ubyte"
    path.write_bytes((idx_folder / "t10k-labels-idx1-ubyte").read_bytes())
    assert error_of(idx_folder) == (
        f"{path}: not an IDX file of bytes in 3 dimensions (wrong magic number); get the file again"
    )


def test_a_file_that_states_a_huge_size_is_refused_before_it_is_read(idx_folder):
    path = idx_folder / "train-images-idx3-ubyte"
    path.write_bytes(struct.pack(">HBB3I", 0, 8, 3, 2**31, 28, 28))
    assert error_of(idx_folder) == (
        f"{path}: its header states 1,683,627,180,032 bytes, more than 4 GiB; get the file again"
    )


def test_a_file_of_just_the_limit_is_read(idx_folder, monkeypatch):
    monkeypatch.setattr(idx, "MAX_BYTES", 20)
    assert len(IdxReader(idx_folder).labels("train")) == 20
    monkeypatch.setattr(idx, "MAX_BYTES", 19)
    with pytest.raises(DataError, match="its header states 20 bytes, more than 4 GiB"):
        IdxReader(idx_folder).labels("train")


@pytest.mark.parametrize("length", [0, 5, 30, -9, -4])
def test_a_gzip_file_that_is_cut_is_named(idx_folder, length):
    compress(idx_folder, "t10k-images-idx3-ubyte")
    path = idx_folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:length])
    assert error_of(idx_folder) == f"{path}: {CUT_SHORT}"


QMNIST_FILES = [
    "qmnist-train-images-idx3-ubyte",
    "qmnist-train-labels-idx2-int",
    "qmnist-test-images-idx3-ubyte",
    "qmnist-test-labels-idx2-int",
]


def test_qmnists_labels_are_the_first_of_its_integers(qmnist_folder, arrays):
    reader = IdxReader(qmnist_folder)
    assert reader.labels("train").dtype == np.int64
    np.testing.assert_array_equal(reader.labels("train"), arrays["y_train"])
    np.testing.assert_array_equal(reader.labels("test"), arrays["y_test"])
    np.testing.assert_array_equal(reader.images("test"), arrays["x_test"])
    assert reader.classes() == ("0", "1", "2")


def test_qmnists_labels_are_read_as_its_documentation_describes_them(qmnist_folder):
    numbers = [7, 4, 2599, 10, 37, 281_769, 0, 0, 300, 0, 0, 0, 48, 0, 0, 0]
    content = bytes.fromhex("00000c02 00000002 00000008") + b"".join(n.to_bytes(4, "big") for n in numbers)
    (qmnist_folder / "qmnist-train-labels-idx2-int").write_bytes(content)
    assert IdxReader(qmnist_folder).labels("train").tolist() == [7, 300]


def test_qmnists_files_may_be_gzipped(qmnist_folder, arrays):
    compress(qmnist_folder, *QMNIST_FILES)
    np.testing.assert_array_equal(IdxReader(qmnist_folder).labels("train"), arrays["y_train"])


@pytest.mark.parametrize("name", QMNIST_FILES)
def test_a_folder_with_one_of_qmnists_files_is_a_folder_of_idx_files(tmp_path, name):
    (tmp_path / f"{name}.gz").touch()
    assert has_idx_files(tmp_path)


def test_a_missing_file_of_qmnist_is_named(qmnist_folder):
    (qmnist_folder / "qmnist-test-labels-idx2-int").unlink()
    assert error_of(qmnist_folder) == (
        f"{qmnist_folder}: has no qmnist-test-labels-idx2-int (or qmnist-test-labels-idx2-int.gz); "
        "all four IDX files are needed"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\x00\x00\x08\x02" + bytes(8),
            "not an IDX file of integers in 2 dimensions (wrong magic number); get the file again",
        ),
        (
            struct.pack(">4B2I", 0, 0, 12, 2, 20, 8) + bytes(639),
            "damaged: its header states 640 bytes, but it has 639; get the file again",
        ),
        (
            struct.pack(">4B2I", 0, 0, 12, 2, 2**31, 8),
            "its header states 68,719,476,736 bytes, more than 4 GiB; get the file again",
        ),
    ],
)
def test_damaged_labels_of_qmnist_are_an_error(qmnist_folder, content, words):
    path = qmnist_folder / "qmnist-train-labels-idx2-int"
    path.write_bytes(content)
    assert error_of(qmnist_folder) == f"{path}: {words}"


def test_labels_of_qmnist_without_columns_are_no_labels(qmnist_folder):
    path = qmnist_folder / "qmnist-train-labels-idx2-int"
    path.write_bytes(struct.pack(">4B2I", 0, 0, 12, 2, 20, 0))
    assert IdxReader(qmnist_folder).labels("train").shape == (0,)
