"""A data set in memory, and its checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nntrain.data.dataset import Dataset, numbered_classes, validate_images, validate_labels, validate_split
from nntrain.errors import DataError

SOURCE = Path("own.npz")


def images(*shape, dtype=np.uint8):
    return np.zeros(shape, dtype)


def dataset(**arrays):
    empty = {"x_train": images(0, 28, 28), "y_train": images(0), "x_test": images(0, 28, 28), "y_test": images(0)}
    return Dataset("own.npz", SOURCE, **{**empty, **arrays}, classes=("0", "1"))


def test_fingerprints_are_the_md5_of_the_bytes_of_each_array_that_is_not_empty():
    # The MD5 of bytes([0, 1] * 5), and of 784 zeros.
    assert dataset(x_test=images(1, 28, 28), y_test=np.array([0, 1] * 5, np.uint8)).fingerprints == {
        "x_test": "56ddc7efc29d7dfb0d59d10321298727",
        "y_test": "3e25942458f8e702f026911f03fd321a",
    }


def test_labels_of_any_integer_type_have_one_fingerprint():
    labels = np.array([0, 255] * 5)
    small, large = dataset(y_train=labels.astype(np.uint8)), dataset(y_train=labels.astype(">i4"))
    assert large.fingerprints == small.fingerprints


def test_labels_above_255_keep_their_type_in_the_fingerprint():
    # The MD5 of the 8 bytes 0, 1, 0, 0, 0, 0, 0, 0.
    assert dataset(y_train=np.array([256], "<i8")).fingerprints == {"y_train": "9b24fbdcc370e26515bda5a47275cd76"}


def test_the_fingerprint_of_all_is_the_md5_of_the_fingerprints_in_order():
    # The MD5 of the two fingerprints of the first test, one after the other.
    all_of_them = dataset(x_test=images(1, 28, 28), y_test=np.array([0, 1] * 5, np.uint8))
    assert all_of_them.fingerprint == "5b51e449ebb740b6cb12aa3702ad7f94"


def test_images_and_labels_that_fit_are_returned():
    pixels, labels = images(3, 28, 28), np.array([0, 1, 2], np.uint8)
    valid_pixels, valid_labels = validate_split(pixels, labels, "train", SOURCE)
    assert valid_pixels is pixels
    assert valid_labels is labels


def test_labels_of_other_integer_types_become_int64():
    labels = validate_labels(np.array([0, 999], np.int16), "train", SOURCE)
    assert labels.dtype == np.int64
    assert labels.tolist() == [0, 999]


def error_of(pixels, labels, split="train"):
    with pytest.raises(DataError) as caught:
        validate_split(pixels, labels, split, SOURCE)
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((20, 784), "20 x 784, expected count x 28 x 28; save x_train.reshape(-1, 28, 28)"),
        ((20, 28, 28, 1), "20 x 28 x 28 x 1, expected count x 28 x 28; save x_train.reshape(-1, 28, 28)"),
        ((20, 1, 28, 28), "20 x 1 x 28 x 28, expected count x 28 x 28; save x_train.reshape(-1, 28, 28)"),
        ((20, 32, 32), "20 x 32 x 32, expected count x 28 x 28"),
        ((20, 28, 28, 3), "20 x 28 x 28 x 3, expected count x 28 x 28"),
        ((20,), "20, expected count x 28 x 28"),
    ],
)
def test_images_of_another_shape_are_refused_with_the_remedy(shape, words):
    assert error_of(images(*shape), np.arange(20)) == f"own.npz: train images have the shape {words}"


def test_images_of_another_type_are_refused():
    with pytest.raises(DataError) as caught:
        validate_images(images(20, 28, 28, dtype=np.float32), "test", SOURCE)
    assert str(caught.value) == "own.npz: test images are float32; save pixels from 0 to 255 as uint8"


def test_each_image_needs_a_label():
    assert error_of(images(2000, 28, 28), np.arange(999)) == "own.npz: train has 2,000 images but 999 labels"


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (
            np.eye(20),
            "labels have 2 dimensions, expected one integer per image; if they are one-hot, save y_test.argmax(axis=1)",
        ),
        (np.zeros((2, 2, 2), int), "labels have 3 dimensions, expected one integer per image"),
        (np.zeros(20), "labels are float64, expected integers from 0"),
        (np.array(["a"] * 20), "labels are <U1, expected integers from 0"),
        (np.zeros(0, int), "has no images"),
        (np.arange(20) - 1, "has the label -1; labels must be from 0 to 999"),
        (np.arange(20) * 100, "has the label 1900; labels must be from 0 to 999"),
        (np.array([0, 1000]), "has the label 1000; labels must be from 0 to 999"),
        (np.array([-1, 1000]), "has the label -1; labels must be from 0 to 999"),
    ],
)
def test_labels_that_are_no_numbers_of_classes_are_refused(labels, words):
    assert error_of(images(20, 28, 28), labels, "test") == f"own.npz: test {words}"


def test_classes_without_names_are_numbered():
    assert numbered_classes(3) == ("0", "1", "2")
