"""Data sets: found, downloaded, listed, described."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from nntrain.data.catalog import DATASETS
from nntrain.errors import DataError, UsageError
from nntrain.jobs.data import (
    DatasetSummary,
    FetchedDataset,
    absolute_dataset,
    describe_dataset,
    ensure_dataset,
    fetch_dataset,
    list_datasets,
)


@pytest.fixture(autouse=True)
def _nothing_is_cached(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)


@pytest.fixture
def downloads(monkeypatch, tmp_path):
    """Replace downloads; returns the names that are asked for."""
    names = []

    def download(name, on_download, by_command):
        names.append(name)
        on_download(3, 9)
        return tmp_path / f"{name}.npz"

    monkeypatch.setattr("nntrain.data.download.fetch_dataset", download)
    return names


def test_what_is_on_the_disk_is_not_downloaded(downloads, tiny_data):
    ensure_dataset("mnist_5k")
    ensure_dataset(str(tiny_data))
    assert downloads == []


def test_what_is_missing_is_downloaded_with_progress(downloads, recorder):
    ensure_dataset("mnist", listener=recorder.listener())
    assert downloads == ["mnist"]
    assert recorder.downloads == ["mnist begins", "3 of 9", "mnist ends"]


def test_a_path_that_is_missing_is_refused(downloads, tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.npz: no such file or folder$"):
        ensure_dataset(f"{tmp_path}/nowhere.npz")
    assert downloads == []


def test_fetching_tells_whether_it_was_downloaded(downloads, tmp_path):
    assert fetch_dataset("mnist") == FetchedDataset(tmp_path / "mnist.npz", downloaded=True)
    fetched = fetch_dataset("mnist_5k")
    assert (fetched.path.name, fetched.downloaded, downloads) == ("mnist_5k.npz", False, ["mnist"])


def test_fetching_an_unknown_name_lists_the_known_ones(downloads):
    with pytest.raises(UsageError) as error:
        fetch_dataset("cifar10")
    assert str(error.value) == f"no data set 'cifar10' to download; choose from {', '.join(DATASETS)}"


def test_the_list_has_every_name_with_what_was_found():
    datasets = {dataset.name: dataset for dataset in list_datasets()}
    assert list(datasets) == list(DATASETS)
    mnist, fashion, sample = (datasets[name] for name in ("mnist", "fashion_mnist", "mnist_5k"))
    assert (mnist.name, mnist.source, mnist.training, mnist.problem) == ("mnist", None, None, None)
    assert (fashion.name, fashion.fingerprint) == ("fashion_mnist", None)
    assert (sample.name, sample.training, sample.test) == ("mnist_5k", 4_000, 1_000)
    assert sample.fingerprint.startswith("b8ef1e555f57")
    assert sample.source.name == "mnist_5k.npz"


def test_a_data_set_that_is_damaged_is_listed_with_its_problem(monkeypatch, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"no archive")
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(tmp_path))
    summary = list_datasets()[0]
    assert "mnist.npz" in summary.problem
    assert summary == DatasetSummary("mnist", "70,000 handwritten digits", problem=summary.problem)


def test_a_description_counts_images_by_class(tiny_data):
    dataset = describe_dataset(str(tiny_data))
    training, test = dataset.parts
    assert (training.name, training.shape, training.dtype, training.pixels) == (
        "training",
        (250, 28, 28),
        "uint8",
        (0, 255),
    )
    assert (test.name, test.shape, sum(test.counts), len(test.counts)) == ("test", (100, 28, 28), 100, 10)
    assert sum(training.counts) == 250
    assert dataset.source == tiny_data


def test_a_description_shows_the_first_training_image(tiny_data):
    dataset = describe_dataset(str(tiny_data))
    with np.load(tiny_data) as arrays:
        assert (dataset.image == arrays["x_train"][0]).all()
        assert dataset.label == arrays["y_train"][0]
    assert dataset.one_hot == tuple(int(index == dataset.label) for index in range(10))


def test_classes_that_one_part_lacks_count_as_zero(tmp_path):
    images, labels = np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 2, 2])
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels, x_test=images[:2], y_test=labels[:2])
    training, test = describe_dataset(str(tmp_path / "own.npz")).parts
    assert (training.counts, test.counts) == ((1, 1, 2), (1, 1, 0))


def test_a_path_is_made_absolute_and_a_name_is_kept(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert absolute_dataset("mnist") == "mnist"
    assert absolute_dataset("own.npz") == str(tmp_path / "own.npz")


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_links_in_a_circle_are_an_error(tmp_path):
    (tmp_path / "loop.npz").symlink_to("loop.npz")
    path = absolute_dataset(str(tmp_path / "loop.npz"))
    with pytest.raises(DataError, match="Too many levels of symbolic links"):
        describe_dataset(path)
    with pytest.raises(DataError, match=r"loop\.npz: a link that leads nowhere"):
        ensure_dataset(path)
