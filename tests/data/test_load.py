"""Which file a name stands for, and what is said where there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from nntrain.data import catalog
from nntrain.data.catalog import DATASETS, find_dataset
from nntrain.data.download import fetch_dataset
from nntrain.data.load import count_classes, load_dataset
from nntrain.errors import DataError, UsageError


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("NNTRAIN_OFFLINE", "1")


@pytest.fixture
def cached(home, save_npz):
    """Small data in Keras's cache, as mnist.npz."""
    path = home / "datasets" / "mnist.npz"
    path.parent.mkdir(parents=True)
    return save_npz().rename(path)


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(folder))
    return folder


def test_three_data_sets_are_known_by_name():
    assert list(DATASETS) == ["mnist", "fashion_mnist", "mnist_5k"]
    assert [count_classes(name) for name in DATASETS] == [10, 10, 10]


def test_the_data_folder_goes_before_the_cache(cached, data_dir):
    assert find_dataset("mnist") == cached
    shutil.copy(cached, data_dir / "mnist.npz")
    assert find_dataset("mnist") == data_dir / "mnist.npz"


def test_keras_home_is_found_in_the_users_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = tmp_path / ".keras" / "datasets" / "mnist.npz"
    path.parent.mkdir(parents=True)
    path.touch()
    assert find_dataset("mnist") == path


def test_a_name_of_ten_classes_has_ten_whatever_the_file_holds(cached):
    assert load_dataset("mnist").classes == tuple("0123456789")


def test_fashion_has_its_names(data_dir, save_npz):
    shutil.copy(save_npz(), data_dir / "fashion_mnist.npz")
    assert load_dataset("fashion_mnist").classes[:3] == ("T-shirt/top", "Trouser", "Pullover")


def test_a_label_beyond_the_names_is_an_error(data_dir, save_npz):
    shutil.copy(save_npz(y_test=np.arange(10) + 5), data_dir / "mnist.npz")
    with pytest.raises(DataError, match="test has the label 14, but mnist has 10 classes"):
        load_dataset("mnist")


def test_a_damaged_file_in_the_data_folder_is_named_and_stays(data_dir):
    path = data_dir / "mnist.npz"
    path.write_bytes(b"text")
    with pytest.raises(DataError) as caught:
        load_dataset("mnist")
    assert str(caught.value) == f"{path}: damaged or cut short; get the file again"
    assert path.read_bytes() == b"text"


def test_a_damaged_file_in_the_cache_says_how_to_get_it_again(cached):
    cached.write_bytes(cached.read_bytes()[:5000])
    with pytest.raises(DataError) as caught:
        load_dataset("mnist")
    assert str(caught.value) == (
        f"{cached}: damaged or cut short; get the file again. Delete {cached} and run `nntrain data fetch mnist`"
    )


def test_an_interrupted_download_of_keras_is_named(home):
    folder = home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    (folder / "train-labels-idx1-ubyte.gz").touch()
    with pytest.raises(DataError, match="has no train-images-idx3-ubyte") as caught:
        load_dataset("fashion_mnist")
    assert str(caught.value).endswith(f"Delete {folder} and run `nntrain data fetch fashion_mnist`")


def test_offline_the_error_names_every_way_out(offline, home):
    with pytest.raises(DataError) as caught:
        load_dataset("mnist")
    assert str(caught.value).splitlines() == [
        "mnist is not here, and NNTRAIN_OFFLINE is set. Ways out:",
        "  put mnist.npz into a folder and set NNTRAIN_DATA_DIR to that folder",
        f"  or put it where Keras keeps it: {home / 'datasets' / 'mnist.npz'}",
        "  or run `nntrain data fetch mnist` where there is a network, and copy what it prints",
        "  or learn from the 5,000 images of MNIST that ship with nntrain: data.dataset=mnist_5k",
    ]


def test_offline_what_is_here_is_read(offline, cached):
    assert fetch_dataset("mnist") == cached
    assert len(load_dataset("mnist").x_train) == 20


@pytest.mark.parametrize(
    ("name", "guess"),
    [("minst", "mnist"), ("MNIST", "mnist"), ("fashion-mnist", "fashion_mnist"), ("mnist5k", "mnist_5k")],
)
def test_a_misspelt_name_is_answered_with_the_likely_one(name, guess):
    with pytest.raises(UsageError) as caught:
        load_dataset(name)
    assert str(caught.value) == (
        f"no data set '{name}'; did you mean '{guess}'? There are mnist, fashion_mnist, mnist_5k; "
        "a path has a suffix or a slash"
    )
    assert count_classes(name) is None


def test_a_name_like_no_other_is_answered_without_a_guess():
    with pytest.raises(UsageError, match=r"^no data set 'xyz'\. There are mnist, fashion_mnist, mnist_5k; a path"):
        find_dataset("xyz")


@pytest.mark.parametrize("name", ["gone.npz", "gone/", "../gone", "~/gone.npz", "~nobody-of-this-name/gone", "a\0.npz"])
def test_a_path_that_is_not_there_is_a_data_error(home, monkeypatch, name):
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("HOME", str(home.parent))
    assert find_dataset(name) is None
    assert count_classes(name) is None
    for read in (load_dataset, fetch_dataset):
        with pytest.raises(DataError):
            read(name)


def test_a_relative_path_is_read_from_the_working_folder(save_npz, monkeypatch):
    monkeypatch.chdir(save_npz().parent)
    assert find_dataset("own.npz") is not None
    assert len(load_dataset("own.npz").x_test) == 10


def test_origins_are_the_published_ones():
    assert [origin.base for origin in catalog.ORIGINS["mnist"]] == [
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ]
    assert catalog.ORIGINS["mnist"][0].files == {
        "mnist.npz": "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
    }


def test_data_loads_without_tensorflow_pydantic_rich_or_what_only_some_need():
    unwanted = ["tensorflow", "keras", "pydantic", "rich", "yaml", "PIL", "pooch", "requests", "nntrain.config"]
    modules = "nntrain.data.load, nntrain.data.download"
    code = f"import sys, {modules}; sys.exit(str([name for name in {unwanted} if name in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""
