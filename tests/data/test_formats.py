"""Which reader reads what is at a path."""

from __future__ import annotations

import pytest

from nntrain.data.formats import open_reader
from nntrain.data.formats.idx import IdxReader
from nntrain.data.formats.npz import NpzReader
from nntrain.data.formats.picture_folder import PictureFolderReader
from nntrain.errors import DataError


def test_an_npz_is_read_by_the_reader_for_it(save_npz):
    assert isinstance(open_reader(save_npz()), NpzReader)


def test_a_folder_of_idx_files_is_read_by_the_reader_for_it(idx_folder):
    reader = open_reader(idx_folder)
    assert isinstance(reader, IdxReader)
    assert reader.path == idx_folder


def test_a_folder_of_qmnists_files_is_read_by_the_same_reader(qmnist_folder):
    assert isinstance(open_reader(qmnist_folder), IdxReader)


def test_a_folder_of_pictures_is_read_by_the_reader_for_it(picture_folder):
    reader = open_reader(picture_folder)
    assert isinstance(reader, PictureFolderReader)
    assert reader.path == picture_folder


def error_of(path):
    with pytest.raises(DataError) as caught:
        open_reader(path)
    return str(caught.value)


def test_a_path_that_does_not_exist_is_an_error(tmp_path):
    assert error_of(tmp_path / "own.npz") == f"{tmp_path / 'own.npz'}: no such file or folder"


def test_a_file_with_another_suffix_is_no_data_set(tmp_path):
    path = tmp_path / "own.csv"
    path.touch()
    assert error_of(path) == (f"{path}: a data set is an .npz file, a folder of IDX files, or a folder of pictures")


@pytest.mark.parametrize("folders", [[], ["train"], ["test"], ["other", "train"]])
def test_a_folder_of_something_else_is_an_error(tmp_path, folders):
    for name in folders:
        (tmp_path / name).mkdir()
    assert error_of(tmp_path) == (
        f"{tmp_path}: has neither IDX files (train-images-idx3-ubyte ...) nor the folders train/<label>/ and "
        "test/<label>/"
    )
