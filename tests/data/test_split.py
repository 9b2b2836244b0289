"""What is kept back for validation."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.data.split import validation_split
from nntrain.errors import DataError

ALTERNATING = np.arange(10) % 2


def split(labels, fraction, *, stratify=False, seed=0):
    learnt, held_out = validation_split(np.asarray(labels), fraction, stratify=stratify, seed=seed)
    return learnt.tolist(), held_out.tolist()


def test_the_last_fraction_is_kept_back():
    assert split(ALTERNATING, 0.2) == ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])


@pytest.mark.parametrize(
    ("images", "fraction", "learnt"), [(11, 0.2, 8), (60_000, 0.2, 48_000), (10, 0.3, 7), (100, 0.1, 90)]
)
def test_the_cut_is_where_keras_cuts(images, fraction, learnt):
    parts = split(np.arange(images) % 2, fraction)
    assert [len(part) for part in parts] == [learnt, images - learnt]


def test_without_a_fraction_all_is_learnt():
    assert split(ALTERNATING, 0) == ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [])
    assert split(ALTERNATING, 0.0, stratify=True)[1] == []


def test_stratified_the_fraction_is_of_every_class():
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    learnt, held_out = split(labels, 0.2, stratify=True)
    assert np.bincount(labels[held_out]).tolist() == [20, 10, 2]
    assert sorted(learnt + held_out) == list(range(160))
    assert (learnt, held_out) == (sorted(learnt), sorted(held_out))


def test_stratified_images_are_drawn_by_the_seed():
    assert split(ALTERNATING, 0.4, stratify=True, seed=1)[1] == [0, 1, 7, 8]
    assert split(ALTERNATING, 0.4, stratify=True, seed=2)[1] == [1, 4, 5, 8]


def test_a_validation_part_that_lacks_a_class_names_it_and_the_remedy():
    with pytest.raises(DataError) as caught:
        split([0, 1, 2, 0, 1, 2, 0, 0, 0, 0], 0.4)
    assert str(caught.value) == (
        "fit.validation_split 0.4 leaves the validation part without class 1, 2 (4 images); "
        "draw it by class with `fit.stratify: true`"
    )


def test_a_training_part_that_lacks_a_class_names_it():
    with pytest.raises(DataError, match="leaves the training part without class 7"):
        split([0, 0, 0, 0, 7, 0], 0.5)


def test_a_class_too_small_to_be_divided_is_an_error():
    with pytest.raises(
        DataError, match=r"validation part without class 1 \(2 images\); it has too few images for this"
    ):
        split([0] * 10 + [1], 0.2, stratify=True)


def test_a_fraction_of_nothing_is_an_error():
    with pytest.raises(DataError, match="leaves the training part without class 0, 1"):
        split([0, 1], 0.9)
