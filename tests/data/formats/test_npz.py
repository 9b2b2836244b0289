"""A data set in one .npz file."""

from __future__ import annotations

import contextlib
import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from nntrain.data.formats import npz
from nntrain.data.formats.npz import NpzReader
from nntrain.errors import DataError


def read_all(path):
    reader = NpzReader(path)
    return [array for split in ("train", "test") for array in (reader.images(split), reader.labels(split))]


def error_of(path):
    with pytest.raises(DataError) as caught:
        read_all(path)
    return str(caught.value)


def add_member(path, name, content, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "a", compression) as archive:
        archive.writestr(name, content)


def npy_header(shape):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def npy(array):
    member = io.BytesIO()
    np.save(member, array)
    return member.getvalue()


def test_each_split_has_its_images_and_labels(save_npz, arrays):
    reader = NpzReader(save_npz())
    np.testing.assert_array_equal(reader.images("train"), arrays["x_train"])
    np.testing.assert_array_equal(reader.labels("train"), arrays["y_train"])
    np.testing.assert_array_equal(reader.images("test"), arrays["x_test"])
    np.testing.assert_array_equal(reader.labels("test"), arrays["y_test"])
    assert reader.classes() == ("0", "1", "2")


def test_a_compressed_npz_is_read(tmp_path, arrays):
    np.savez_compressed(tmp_path / "own.npz", **arrays)
    np.testing.assert_array_equal(NpzReader(tmp_path / "own.npz").images("test"), arrays["x_test"])


def test_a_header_of_the_second_version_is_read(save_npz, arrays):
    path, member = save_npz(y_test=None), io.BytesIO()
    np.lib.format.write_array(member, arrays["y_test"], version=(2, 0))
    add_member(path, "y_test.npy", member.getvalue())
    np.testing.assert_array_equal(NpzReader(path).labels("test"), arrays["y_test"])


@pytest.mark.parametrize(
    ("missing", "words"),
    [(["x_test"], "has no x_test;"), (["x_test", "y_train"], "has no y_train and no x_test;")],
)
def test_missing_arrays_are_named(save_npz, missing, words):
    path = save_npz(**dict.fromkeys(missing))
    assert error_of(path) == f"{path}: {words} an .npz data set holds x_train, y_train, x_test, y_test"


def test_pickled_arrays_are_never_loaded(save_npz):
    path = save_npz(x_train=np.array([{}], object))
    assert error_of(path) == f"{path}: x_train is pickled, and pickles are never loaded; save plain arrays"


def test_a_compression_that_numpy_never_uses_is_refused(save_npz, arrays):
    path = save_npz(x_train=None)
    add_member(path, "x_train.npy", npy(arrays["x_train"]), zipfile.ZIP_BZIP2)
    assert error_of(path) == f"{path}: x_train has a compression that NumPy never uses; save it with np.savez"


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x80\x04\x95\x0c\x00\x00\x00."])
def test_a_file_that_is_no_npz_is_an_error(tmp_path, content):
    path = tmp_path / "own.npz"
    path.write_bytes(content)
    assert error_of(path) == f"{path}: damaged or cut short; get the file again"


def test_a_file_cut_anywhere_is_an_error(save_npz):
    path = save_npz()
    content = path.read_bytes()
    for length in range(0, len(content), 997):
        path.write_bytes(content[:length])
        assert error_of(path).startswith(f"{path}: ")


def test_a_changed_pixel_is_noticed(save_npz):
    path = save_npz()
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    assert error_of(path) == f"{path}: damaged or cut short; get the file again"


def test_changed_bytes_never_raise_anything_else(save_npz):
    path = save_npz()
    content = path.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(200):
        changed = bytearray(content)
        # The headers are at the beginning, the list of members is at the end.
        for index in [*random.integers(0, 200, 2), *random.integers(len(content) - 300, len(content), 2)]:
            changed[index] = random.integers(0, 256)
        path.write_bytes(changed)
        # A change that does no harm need not be noticed.
        with contextlib.suppress(DataError):
            read_all(path)


def test_an_array_of_more_than_four_gibibytes_is_refused_before_it_is_read(save_npz):
    path = save_npz(x_train=None)
    add_member(path, "x_train.npy", npy_header((2**40, 28, 28)))
    assert error_of(path) == (
        f"{path}: x_train is 1099511627776 x 28 x 28 of uint8, more than 4 GiB; save fewer images"
    )


def test_a_header_of_gigabytes_is_refused_before_it_is_read(save_npz):
    path = save_npz(x_train=None)
    with zipfile.ZipFile(path, "a") as archive, archive.open("x_train.npy", "w") as member:
        member.write(b"\x93NUMPY\x02\x00" + (200_000_000).to_bytes(4, "little") + b" " * 200_000_000)
    tracemalloc.start()
    assert error_of(path) == f"{path}: damaged, or not a data set; get the file again"
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_an_array_of_just_the_limit_in_bytes_is_read(save_npz, monkeypatch):
    path = save_npz(y_train=np.arange(20, dtype=np.int32))
    monkeypatch.setattr(npz, "MAX_BYTES", 80)
    assert len(NpzReader(path).labels("train")) == 20
    monkeypatch.setattr(npz, "MAX_BYTES", 79)
    with pytest.raises(DataError, match="y_train is 20 of int32, more than 4 GiB"):
        NpzReader(path).labels("train")


def test_an_array_with_more_bytes_than_its_shape_is_an_error(save_npz, arrays):
    path = save_npz(x_train=None)
    add_member(path, "x_train.npy", npy(arrays["x_train"]) + b"more")
    assert error_of(path) == f"{path}: x_train has more bytes than its header states; get the file again"
