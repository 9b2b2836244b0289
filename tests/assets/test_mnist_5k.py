"""The 5,000 images that ship with the package."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.data.catalog import DATASETS
from nntrain.data.load import load_dataset


def test_the_images_are_small_and_have_their_licence_beside_them():
    path = DATASETS["mnist_5k"].bundled_path
    assert path.stat().st_size < 1_000_000
    assert "Creative Commons Attribution-Share Alike 3.0" in " ".join(path.with_suffix(".txt").read_text().split())


def test_there_are_400_and_100_images_of_each_digit():
    sample = load_dataset("mnist_5k")
    assert (sample.x_train.shape, sample.x_test.shape) == ((4000, 28, 28), (1000, 28, 28))
    assert (sample.x_train.dtype, sample.y_train.dtype) == (np.uint8, np.uint8)
    assert np.bincount(sample.y_train).tolist() == [400] * 10
    assert np.bincount(sample.y_test).tolist() == [100] * 10


def test_the_images_are_shuffled():
    assert load_dataset("mnist_5k").y_train[:12].tolist() == [8, 1, 3, 9, 1, 5, 8, 2, 6, 8, 4, 7]


def test_the_images_stay_the_same():
    sample = load_dataset("mnist_5k")
    assert sample.fingerprints == {
        "x_train": "e4a629466b5f4c1b40c50c6433650dc0",
        "y_train": "9426dfe269da50af9c5845b7859c0fcb",
        "x_test": "e0f9a7c07031fd5dde92eb9b84fb65e6",
        "y_test": "3398fbfaed3fc86c16ef31f8bd55a8d7",
    }
    assert sample.fingerprint == "b8ef1e555f57c653a9805a6e205ccccf"


def test_no_image_is_in_both_splits():
    sample = load_dataset("mnist_5k")
    assert len({image.tobytes() for image in (*sample.x_train, *sample.x_test)}) == 5000


@pytest.fixture
def mnist(full_mnist, monkeypatch):
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(full_mnist))
    return load_dataset("mnist")


def test_every_image_is_among_the_first_500_of_its_digit_in_mnists_training_set(mnist):
    sample = load_dataset("mnist_5k")
    first = {image.tobytes(): digit for digit in range(10) for image in mnist.x_train[mnist.y_train == digit][:500]}
    for images, labels in ((sample.x_train, sample.y_train), (sample.x_test, sample.y_test)):
        assert [first[image.tobytes()] for image in images] == labels.tolist()


def test_mnist_has_its_published_images(mnist):
    assert (len(mnist.x_train), len(mnist.x_test)) == (60_000, 10_000)
    assert mnist.fingerprints == {
        "x_train": "6510e85a72c3e9475c492d559d3770d2",
        "y_train": "e86ee40d66677c011a9abda399ec8c4d",
        "x_test": "240610fa99e73bfa49df8e7fc24d3206",
        "y_test": "073c3904dfbd3e141ff8aa01cfde6b15",
    }
