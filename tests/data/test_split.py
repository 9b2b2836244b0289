"""Which training images are set aside for validation."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.data.split import validation_split
from nntrain.errors import DataError

ALTERNATING = np.arange(10) % 2


def split(labels, fraction, *, stratify=False, seed=0):
    train, validation = validation_split(np.asarray(labels), fraction, stratify=stratify, seed=seed)
    return train.tolist(), validation.tolist()


def test_the_last_fraction_is_set_aside():
    assert split(ALTERNATING, 0.2) == ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])


@pytest.mark.parametrize(
    ("images", "fraction", "training"), [(11, 0.2, 8), (60_000, 0.2, 48_000), (10, 0.3, 7), (100, 0.1, 90)]
)
def test_the_cut_is_where_keras_cuts(images, fraction, training):
    train, validation = split(np.arange(images) % 2, fraction)
    assert (len(train), len(validation)) == (training, images - training)


@pytest.mark.parametrize("stratify", [False, True])
def test_without_a_fraction_all_images_are_trained_on(stratify):
    assert split(ALTERNATING, 0, stratify=stratify) == ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [])


def test_stratified_the_fraction_is_of_every_class():
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    train, validation = split(labels, 0.2, stratify=True)
    assert np.bincount(labels[validation]).tolist() == [20, 10, 2]
    assert sorted(train + validation) == list(range(160))
    assert (train, validation) == (sorted(train), sorted(validation))


def test_stratified_images_are_drawn_by_the_seed():
    assert split(ALTERNATING, 0.4, stratify=True, seed=1)[1] == [0, 1, 7, 8]
    assert split(ALTERNATING, 0.4, stratify=True, seed=2)[1] == [1, 4, 5, 8]


def error_of(labels, fraction, *, stratify=False):
    with pytest.raises(DataError) as caught:
        split(labels, fraction, stratify=stratify)
    return str(caught.value)


def test_validation_images_that_lack_a_class_are_an_error_with_the_remedy():
    assert error_of([0, 1, 2, 0, 1, 2, 0, 0, 0, 0], 0.4) == (
        "fit.validation_split 0.4 leaves no validation images of class 1, 2; `fit.stratify: true` splits every class"
    )


def test_training_images_that_lack_a_class_are_an_error():
    assert error_of([0, 0, 0, 0, 7, 0], 0.5).startswith(
        "fit.validation_split 0.5 leaves no training images of class 7;"
    )


def test_a_class_too_small_to_be_split_is_an_error():
    assert error_of([0] * 10 + [1], 0.2, stratify=True) == (
        "fit.validation_split 0.2 leaves no validation images of class 1; the class has too few images"
    )


def test_a_fraction_that_leaves_no_training_image_is_an_error():
    assert "leaves no training images of class 0, 1;" in error_of([0, 1], 0.9)


def test_up_to_ten_missing_classes_are_named():
    assert "of class 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;" in error_of([*range(20)] + [0] * 10, 0.2)
