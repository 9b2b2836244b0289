"""Loading a data set by name or path."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from nntrain.data.catalog import find_dataset
from nntrain.data.download import fetch_dataset
from nntrain.data.load import class_names, load_dataset
from nntrain.errors import DataError, UsageError


def test_a_data_set_is_loaded_with_both_splits(save_npz, arrays):
    path = save_npz()
    dataset = load_dataset(str(path))
    assert (dataset.name, dataset.source, dataset.classes) == (str(path), path, ("0", "1", "2"))
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), array)


def test_a_split_that_is_not_asked_for_is_empty(save_npz):
    dataset = load_dataset(str(save_npz()), splits=("test",))
    assert (dataset.x_train.shape, dataset.x_train.dtype) == ((0, 28, 28), np.uint8)
    assert (dataset.y_train.shape, dataset.y_train.dtype) == ((0,), np.uint8)
    assert dataset.x_test.shape == (10, 28, 28)
    assert load_dataset(str(save_npz()), splits=("train",)).y_test.shape == (0,)


def test_images_of_a_split_that_is_not_asked_for_are_not_read(save_npz):
    path = save_npz(x_train=np.zeros(3))
    assert len(load_dataset(str(path), splits=("test",)).x_test) == 10
    with pytest.raises(DataError, match="train images have the shape 3,"):
        load_dataset(str(path))


def test_classes_are_counted_over_both_splits(save_npz):
    path = str(save_npz(y_test=np.arange(10, dtype=np.int32)))
    assert load_dataset(path, splits=("train",)).classes == tuple("0123456789")
    assert class_names(path) == tuple("0123456789")


def test_the_data_sets_known_by_name_have_ten_classes_wherever_they_are():
    assert [len(class_names(name)) for name in ("mnist", "fashion_mnist", "kmnist", "qmnist", "mnist_5k")] == [10] * 5


def test_a_data_set_known_by_name_has_its_classes_whatever_the_file_holds(cached_mnist):
    assert load_dataset("mnist").classes == tuple("0123456789")


def test_fashion_mnist_has_its_names(data_dir, save_npz):
    shutil.copy(save_npz(), data_dir / "fashion_mnist.npz")
    assert load_dataset("fashion_mnist").classes[:3] == ("T-shirt/top", "Trouser", "Pullover")


def error_of(name, kind=DataError, **arguments):
    with pytest.raises(kind) as caught:
        load_dataset(name, **arguments)
    return str(caught.value)


@pytest.mark.parametrize("label", [10, 14])
def test_a_label_beyond_the_classes_is_an_error(data_dir, save_npz, label):
    path = data_dir / "mnist.npz"
    shutil.copy(save_npz(y_test=np.arange(10) + label - 9), path)
    assert error_of("mnist") == f"{path}: test has the label {label}, but the data set has 10 classes"


def test_a_data_set_of_one_class_is_an_error(save_npz):
    path = save_npz(y_train=np.zeros(20, int), y_test=np.zeros(10, int))
    assert error_of(str(path)) == f"{path}: has only one class; at least two are needed"


def test_two_classes_are_enough(save_npz):
    path = save_npz(y_train=np.arange(20) % 2, y_test=np.ones(10, int))
    assert load_dataset(str(path)).classes == ("0", "1")


def test_training_images_of_one_class_are_an_error(save_npz):
    path = save_npz(y_train=np.full(20, 2))
    assert error_of(str(path)) == f"{path}: train has images of only one class; at least two are needed"
    assert len(load_dataset(str(path), splits=("test",)).y_test) == 10


def test_an_error_of_the_checks_names_file_and_split(save_npz):
    path = save_npz(y_test=np.arange(10) - 1)
    assert error_of(str(path)) == f"{path}: test has the label -1; labels must be from 0 to 999"


@pytest.mark.parametrize("labels", [np.array(["a"] * 10), np.zeros(0, int), np.full(10, np.nan), np.full(10, -1)])
def test_classes_of_invalid_labels_are_not_counted(save_npz, labels):
    assert class_names(str(save_npz(y_test=labels))) is None


def test_a_damaged_file_in_the_data_folder_is_named_and_stays(data_dir):
    path = data_dir / "mnist.npz"
    path.write_bytes(b"text")
    assert error_of("mnist") == f"{path}: damaged or cut short; get the file again"
    assert path.read_bytes() == b"text"


def test_a_damaged_file_in_the_cache_is_an_error_with_the_way_to_get_it_again(cached_mnist):
    cached_mnist.write_bytes(cached_mnist.read_bytes()[:5000])
    assert error_of("mnist") == (
        f"{cached_mnist}: damaged or cut short; get the file again. "
        f"Delete {cached_mnist} and run `nntrain data fetch mnist`"
    )


def test_a_download_that_keras_did_not_finish_is_an_error(home):
    folder = home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    (folder / "train-labels-idx1-ubyte.gz").touch()
    assert error_of("fashion_mnist") == (
        f"{folder}: has no train-images-idx3-ubyte (or train-images-idx3-ubyte.gz); all four IDX files are needed. "
        f"Delete {folder} and run `nntrain data fetch fashion_mnist`"
    )


def test_a_missing_data_set_is_not_downloaded_unless_that_is_allowed(home):
    assert error_of("mnist", download=False).splitlines() == [
        "MNIST not found. Download it: `nntrain data fetch mnist`",
        f"  or run that command on another computer and copy the file it prints to {home / 'datasets' / 'mnist.npz'}",
        "  or put mnist.npz into a folder and set NNTRAIN_DATA_DIR to that folder",
    ]


@pytest.mark.parametrize("name", ["gone.npz", "gone/", "../gone", "~/gone.npz", "~nobody-of-this-name/gone", "a\0.npz"])
def test_a_path_that_does_not_exist_is_a_data_error(home, monkeypatch, name):
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("HOME", str(home.parent))
    assert find_dataset(name) is None
    assert class_names(name) is None
    for read in (load_dataset, fetch_dataset):
        with pytest.raises(DataError):
            read(name)


def test_an_unknown_name_is_a_usage_error():
    assert error_of("minst", UsageError).startswith("no data set 'minst'; did you mean 'mnist'?")
    assert class_names("minst") is None


def test_a_relative_path_is_read_from_the_working_folder(save_npz, monkeypatch):
    monkeypatch.chdir(save_npz().parent)
    assert find_dataset("own.npz") is not None
    assert len(load_dataset("own.npz").x_test) == 10


def test_data_loads_without_tensorflow_pydantic_rich_or_what_only_some_formats_need():
    unwanted = ["tensorflow", "keras", "pydantic", "rich", "yaml", "PIL", "pooch", "requests", "nntrain.config"]
    modules = "nntrain.data.load, nntrain.data.download"
    code = f"import sys, {modules}; print([name for name in {unwanted} if name in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "[]\n"
