"""Data sets in one .npz file."""

from __future__ import annotations

import contextlib
import io
import zipfile

import numpy as np
import pytest

from nntrain.data.load import count_classes, load_dataset
from nntrain.errors import DataError


def bytes_of(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.uint8)


def test_an_npz_is_read_whole(save_npz, arrays):
    path = save_npz()
    dataset = load_dataset(str(path))
    assert (dataset.name, dataset.source) == (str(path), path)
    assert dataset.classes == ("0", "1", "2")
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), array)


def test_a_part_not_asked_for_is_empty(save_npz):
    dataset = load_dataset(str(save_npz()), parts=("test",))
    assert dataset.x_train.shape == (0, 28, 28)
    assert dataset.y_train.shape == (0,)
    assert dataset.x_test.shape == (10, 28, 28)


def test_images_of_a_part_not_asked_for_are_not_read(save_npz):
    path = save_npz(x_train=np.zeros(3))
    assert len(load_dataset(str(path), parts=("test",)).x_test) == 10
    with pytest.raises(DataError, match="train images have the shape 3;"):
        load_dataset(str(path))


def test_classes_are_counted_over_both_parts(save_npz):
    path = str(save_npz(y_test=np.arange(10, dtype=np.int32)))
    assert load_dataset(path, parts=("train",)).classes == tuple("0123456789")
    assert count_classes(path) == 10


def test_labels_of_any_whole_number_type_have_one_fingerprint(save_npz):
    small = load_dataset(str(save_npz()))
    large = load_dataset(str(save_npz(y_train=small.y_train.astype(">i4"))))
    assert large.y_train.dtype == np.int64
    assert large.fingerprints == small.fingerprints


def test_fingerprints_are_the_md5_of_the_bytes(save_npz):
    dataset = load_dataset(str(save_npz(y_test=np.array([0, 1] * 5))))
    # md5 of bytes([0, 1] * 5)
    assert dataset.fingerprints["y_test"] == "3e25942458f8e702f026911f03fd321a"


SHAPED = "have the shape {}; it has to be count x 28 x 28"


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"x_test": None}, "has no x_test; an .npz data set holds x_train, y_train, x_test, y_test"),
        ({"x_test": None, "y_train": None}, "has no y_train and no x_test;"),
        ({"x_train": bytes_of(20, 784)}, SHAPED.format("20 x 784") + "; save x_train.reshape(-1, 28, 28)"),
        ({"x_test": bytes_of(10, 28, 28, 1)}, SHAPED.format("10 x 28 x 28 x 1") + "; save x_test.reshape(-1, 28, 28)"),
        ({"x_train": bytes_of(20, 32, 32)}, SHAPED.format("20 x 32 x 32")),
        ({"x_train": np.zeros((20, 28, 28), np.float32)}, "images are float32; save pixels from 0 to 255 as uint8"),
        ({"y_train": bytes_of(19) + 1}, "train has 20 images but 19 labels; each image takes one label"),
        (
            {"y_train": np.eye(20)},
            "train labels have 2 dimensions; it has to be one whole number an image; save y_train.",
        ),
        ({"y_train": np.zeros(20)}, "train labels are float64; they have to be whole numbers from 0"),
        ({"y_test": np.array(["a"] * 10)}, "test labels are <U1; they have to be whole numbers from 0"),
        ({"y_train": np.arange(20) - 1}, "train labels have to lie from 0 to 999; there is a -1"),
        ({"y_train": np.arange(20) * 100}, "train labels have to lie from 0 to 999; there is a 1900"),
        ({"x_test": bytes_of(0, 28, 28), "y_test": bytes_of(0)}, "test is empty"),
        ({"y_train": bytes_of(20), "y_test": bytes_of(10)}, "all is of one class"),
        ({"y_train": bytes_of(20) + 2}, "train has images of one class alone"),
        ({"x_train": np.array([{}], object)}, "x_train is pickled, and pickles are never loaded; save plain arrays"),
    ],
)
def test_what_is_wrong_with_an_array_is_said(save_npz, other, words):
    path = save_npz(**other)
    with pytest.raises(DataError) as caught:
        load_dataset(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("labels", [np.array(["a"] * 10), np.zeros(0, int), np.full(10, np.nan), np.full(10, -1)])
def test_classes_of_unfit_labels_are_not_counted(save_npz, labels):
    assert count_classes(str(save_npz(y_test=labels))) is None


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x80\x04\x95\x0c\x00\x00\x00."])
def test_a_file_that_is_no_npz_is_one_error(tmp_path, content):
    path = tmp_path / "own.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"own\.npz: damaged or cut short; get the file again"):
        load_dataset(str(path))
    assert count_classes(str(path)) is None


def test_a_file_cut_anywhere_is_one_error(save_npz):
    path = save_npz()
    content = path.read_bytes()
    for length in range(0, len(content), 997):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"own\.npz"):
            load_dataset(str(path))


def test_a_changed_pixel_is_noticed(save_npz):
    path = save_npz()
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"own\.npz: damaged or cut short"):
        load_dataset(str(path))


def test_changed_bytes_never_raise_anything_else(save_npz):
    path = save_npz()
    content = path.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(200):
        changed = bytearray(content)
        # The headers stand at the beginning, the list of members at the end.
        for place in [*random.integers(0, 200, 2), *random.integers(len(content) - 300, len(content), 2)]:
            changed[place] = random.integers(0, 256)
        path.write_bytes(changed)
        # A change that does no harm is none that has to be noticed.
        with contextlib.suppress(DataError):
            load_dataset(str(path))


def test_an_array_that_asks_for_more_than_four_gibibytes_is_refused_unread(save_npz):
    path = save_npz(x_train=None)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 28, 28)})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_train.npy", header.getvalue())
    with pytest.raises(DataError, match="x_train is 1099511627776 x 28 x 28 of uint8, more than 4 GiB"):
        load_dataset(str(path))


def test_an_array_with_more_bytes_than_its_shape_is_an_error(save_npz, arrays):
    path = save_npz(x_train=None)
    member = io.BytesIO()
    np.save(member, arrays["x_train"])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_train.npy", member.getvalue() + b"more")
    with pytest.raises(DataError, match="x_train has more bytes than it says"):
        load_dataset(str(path))


def test_a_file_with_another_ending_is_no_data_set(tmp_path):
    path = tmp_path / "own.csv"
    path.touch()
    with pytest.raises(DataError, match=r"own\.csv: a data set is an \.npz file, a folder of IDX files, or a folder"):
        load_dataset(str(path))
