"""Data sets from Python."""

from __future__ import annotations

import pytest

import nntrain
from nntrain.errors import DataError


def test_a_data_set_has_its_arrays_and_classes():
    dataset = nntrain.load_dataset("mnist_5k")
    assert (dataset.x_train.shape, dataset.y_test.shape, dataset.classes[7]) == ((4000, 28, 28), (1000,), "7")
    assert repr(dataset) == "Dataset(mnist_5k: 4,000 training and 1,000 test images, 10 classes)"


def test_a_path_is_relative_to_the_current_folder(tiny_data, monkeypatch):
    monkeypatch.chdir(tiny_data.parent)
    assert len(nntrain.load_dataset("./tiny.npz").x_train) == len(nntrain.load_dataset(tiny_data).x_train) == 250
    with pytest.raises(DataError, match=r"none\.npz: no such file or folder"):
        nntrain.load_dataset("none.npz")


def test_known_data_sets_are_listed(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    datasets = {dataset.name: dataset for dataset in nntrain.list_datasets()}
    assert datasets["mnist_5k"].training == 4000
