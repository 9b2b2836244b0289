"""The data sets known by name, and where each is looked for."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nntrain
from nntrain.data.catalog import (
    DATASETS,
    cached_path,
    dataset_path,
    find_dataset,
    has_mnist_digits,
    is_dataset_path,
)
from nntrain.errors import UsageError

CHOICES = f"{', '.join(DATASETS)}, or give a path (with a suffix or a slash)"


def test_each_row_has_the_name_that_it_is_found_by():
    assert [info.name for info in DATASETS.values()] == list(DATASETS)


def test_each_row_has_its_title_and_its_numbers_of_images():
    assert {info.name: (info.title, info.training_images, info.test_images) for info in DATASETS.values()} == {
        "mnist": ("MNIST", 60_000, 10_000),
        "fashion_mnist": ("Fashion-MNIST", 60_000, 10_000),
        "kmnist": ("Kuzushiji-MNIST", 60_000, 10_000),
        "qmnist": ("QMNIST", 60_000, 60_000),
        "mnist_5k": ("MNIST-5k", 4_000, 1_000),
    }


def test_the_classes_are_digits_clothes_or_characters():
    assert DATASETS["mnist"].classes == DATASETS["qmnist"].classes == DATASETS["mnist_5k"].classes
    assert DATASETS["mnist"].classes == tuple("0123456789")
    assert DATASETS["kmnist"].classes == ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    assert DATASETS["fashion_mnist"].classes == (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )


def test_a_row_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DATASETS["mnist"].name = "other"


def test_each_data_set_is_downloaded_or_ships_with_nntrain():
    for info in DATASETS.values():
        assert bool(info.origins) == (info.cache_name is not None) == (info.bundled_path is None)


def test_mnist_comes_from_its_published_origins():
    origins = DATASETS["mnist"].origins
    assert [origin.base_url for origin in origins] == [
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ]
    assert origins[0].files == {"mnist.npz": "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}
    assert origins[1].files == {
        "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
    }
    assert origins[2].files == origins[1].files


def test_fashion_mnist_comes_from_its_published_origins():
    origins = DATASETS["fashion_mnist"].origins
    assert [origin.base_url for origin in origins] == [
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ]
    assert origins[0].files == {
        "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
    }
    assert origins[1].files == origins[0].files


def test_kmnist_comes_from_its_published_origin():
    (origin,) = DATASETS["kmnist"].origins
    assert origin.base_url == "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
    assert origin.files == {
        "train-images-idx3-ubyte.gz": "sha256:51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        "train-labels-idx1-ubyte.gz": "sha256:e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        "t10k-images-idx3-ubyte.gz": "sha256:edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        "t10k-labels-idx1-ubyte.gz": "sha256:20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    }


def test_qmnist_comes_from_its_published_origin():
    (origin,) = DATASETS["qmnist"].origins
    assert origin.base_url == "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"
    assert origin.files == {
        "qmnist-train-images-idx3-ubyte.gz": "md5:ed72d4157d28c017586c42bc6afe6370",
        "qmnist-train-labels-idx2-int.gz": "md5:0058f8dd561b90ffdd0f734c6a30e5e4",
        "qmnist-test-images-idx3-ubyte.gz": "md5:1394631089c404de565df7b7aeaf9412",
        "qmnist-test-labels-idx2-int.gz": "md5:5b5b05890a5e13444e108efe57b788aa",
    }


@pytest.mark.parametrize("name", DATASETS)
def test_each_origin_has_a_checksum_for_each_file(name):
    for origin in DATASETS[name].origins:
        assert origin.base_url.startswith("http")
        assert origin.base_url.endswith("/")
        for checksum in origin.files.values():
            assert re.fullmatch(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", checksum)


@pytest.mark.parametrize(
    ("name", "fingerprint", "expected"),
    [
        ("mnist", None, True),
        ("qmnist", None, True),
        ("mnist_5k", None, True),
        ("fashion_mnist", None, False),
        ("kmnist", None, False),
        ("/home/me/copy.npz", "6510e85a72c3e9475c492d559d3770d2", True),
        ("/home/me/copy.npz", "e4a629466b5f4c1b40c50c6433650dc0", True),
        ("/home/me/other.npz", "0" * 32, False),
        ("/home/me/other.npz", None, False),
    ],
)
def test_digits_like_mnists_are_known_by_name_or_by_their_training_images(name, fingerprint, expected):
    assert has_mnist_digits(name, fingerprint) == expected


def test_the_5000_images_are_found_inside_the_package():
    assert find_dataset("mnist_5k") == Path(nntrain.__file__).parent / "assets" / "mnist_5k.npz"


def test_the_data_folder_goes_before_the_cache(cached_mnist, data_dir):
    assert find_dataset("mnist") == cached_mnist
    shutil.copy(cached_mnist, data_dir / "mnist.npz")
    assert find_dataset("mnist") == data_dir / "mnist.npz"


def test_a_data_set_that_is_nowhere_is_not_found(home):
    assert find_dataset("mnist") is None


def test_the_cache_is_keras_own(home):
    assert cached_path("mnist") == home / "datasets" / "mnist.npz"
    assert cached_path("fashion_mnist") == home / "datasets" / "fashion-mnist"


def test_a_data_set_that_ships_has_no_place_in_the_cache():
    with pytest.raises(ValueError, match="mnist_5k is not downloaded"):
        cached_path("mnist_5k")


def test_without_keras_home_the_cache_is_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cached_path("mnist") == tmp_path / ".keras" / "datasets" / "mnist.npz"


@pytest.mark.parametrize("name", ["own.npz", "own/", "../own", "..", ".", "~", "~/own", "c:\\own"])
def test_a_name_with_a_suffix_or_a_slash_is_a_path(name):
    assert is_dataset_path(name)


@pytest.mark.parametrize("name", ["mnist", "mnist_5k", "own", ""])
def test_a_name_without_either_is_no_path(name):
    assert not is_dataset_path(name)


def test_a_path_in_the_home_folder_is_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert dataset_path("~/own.npz") == Path("/home/me/own.npz")


def test_a_path_of_an_unknown_user_stays_as_it_is():
    assert dataset_path("~nobody-of-this-name/own") == Path("~nobody-of-this-name/own")


def test_a_path_is_found_if_it_exists(tmp_path):
    (tmp_path / "own.npz").touch()
    assert find_dataset(str(tmp_path / "own.npz")) == tmp_path / "own.npz"
    assert find_dataset(str(tmp_path / "other.npz")) is None


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("minst", "mnist"),
        ("MNIST", "mnist"),
        ("fashion-mnist", "fashion_mnist"),
        ("k-mnist", "kmnist"),
        ("mnist5k", "mnist_5k"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_likely_one(name, guess):
    with pytest.raises(UsageError) as caught:
        find_dataset(name)
    assert str(caught.value) == f"no data set '{name}'; did you mean '{guess}'? Choose from {CHOICES}"


@pytest.mark.parametrize("name", ["xyz", "cifar10"])
def test_a_name_like_no_other_is_answered_without_a_guess(name):
    with pytest.raises(UsageError) as caught:
        find_dataset(name)
    assert str(caught.value) == f"no data set '{name}'; choose from {CHOICES}"


def test_the_catalog_loads_nothing_heavy():
    unwanted = ["numpy", "tensorflow", "keras", "pydantic", "rich", "yaml", "PIL", "pooch", "requests"]
    code = f"import sys, nntrain.data.catalog; print([name for name in {unwanted} if name in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "[]\n"


def test_a_folder_without_a_slash_is_offered_as_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shapes28").mkdir()
    with pytest.raises(UsageError, match=r"^no data set 'shapes28'; did you mean the path `shapes28/`\?$"):
        dataset_path("shapes28")
