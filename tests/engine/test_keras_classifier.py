"""Predictions by Keras, and the model.keras files that are refused."""

from __future__ import annotations

import io
import zipfile

import h5py
import numpy as np
import pytest

from nntrain.errors import RunError
from nntrain.runs.folder import RunDir
from nntrain.system.hashing import fingerprint_arrays

resource = pytest.importorskip("resource")  # Windows has none
pytestmark = pytest.mark.tensorflow

IMAGES = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)


@pytest.fixture(scope="module")
def config(load_text):
    """Return a config whose network has a dropout, whose random state is stored too."""
    return load_text("model=[dense: 4, dropout: 0.5, dense: {units: 10, activation: softmax}]")


@pytest.fixture(scope="module")
def network(config):
    """Return a network that is not trained."""
    from nntrain.engine.build import build_network
    from nntrain.engine.export import plain_network

    return plain_network(config, build_network(config))


@pytest.fixture
def run(network, tmp_path):
    """Return a run folder with the network."""
    from nntrain.engine.export import save_keras

    run = RunDir(tmp_path)
    save_keras(network, run)
    return run


@pytest.fixture
def load(config, network):
    """Return a function that loads a run's classifier."""
    from nntrain.engine.keras_classifier import load_classifier

    fingerprint = fingerprint_arrays(network.get_weights())
    return lambda run, fingerprint=fingerprint: load_classifier(run, config, fingerprint=fingerprint)


def replace_members(path, **members):
    """Replace members of a .keras archive, or add them."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**contents, **members}.items():
            archive.writestr(name, content)


def weights_with(path, change):
    """Return the archive's weights file after a change."""
    with zipfile.ZipFile(path) as archive:
        file = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(file, "r+") as weights:
        change(weights)
    return file.getvalue()


def test_the_loaded_network_gives_the_saved_ones_outputs(run, load, network):
    outputs = load(run).predict(IMAGES)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, network(IMAGES.astype(np.float32)), rtol=1e-5)


def test_images_are_predicted_in_batches(run, load, monkeypatch):
    classifier = load(run)
    expected = classifier.predict(IMAGES)
    monkeypatch.setattr("nntrain.engine.keras_classifier.BATCH_SIZE", 2)
    np.testing.assert_allclose(classifier.predict(IMAGES), expected, rtol=1e-5)


def test_no_images_have_no_outputs(run, load):
    assert load(run).predict(IMAGES[:0]).shape == (0, 10)


def test_a_missing_file_is_reported(tmp_path, load):
    with pytest.raises(RunError, match=r"model\.keras: missing"):
        load(RunDir(tmp_path))


@pytest.mark.parametrize("kept", [0, 100, -100])
def test_a_damaged_file_is_reported(run, load, kept):
    run.model_path.write_bytes(run.model_path.read_bytes()[:kept])
    with pytest.raises(RunError, match=r"model\.keras: damaged, or not the network of "):
        load(run)


def test_other_weights_are_refused(run, load):
    with pytest.raises(RunError, match="these are not the weights of the finished training"):
        load(run, fingerprint="0" * 32)


@pytest.mark.parametrize(
    ("change", "stored"),
    [
        (lambda weights: weights.create_dataset("layers/more", data=np.zeros(3)), 5),
        (lambda weights: weights.__delitem__(next(name for name in visited(weights) if "seed" not in name)), 3),
    ],
    ids=["one more", "one fewer"],
)
def test_a_different_number_of_weight_arrays_is_refused(run, load, change, stored):
    replace_members(run.model_path, **{"model.weights.h5": weights_with(run.model_path, change)})
    with pytest.raises(RunError, match=rf"holds {stored} weight arrays, but its config's network has 4"):
        load(run)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("layers/dense/vars/0", "holds a weight array of 16000000 x 32 numbers"),
        ("layers/dropout/seed_generator/vars/0", "damaged"),
    ],
)
def test_an_array_that_takes_no_space_in_the_file_is_refused_before_it_takes_memory(run, load, name, message):
    def enlarge(weights):
        if name in weights:
            del weights[name]
        weights.create_dataset(name, (16_000_000, 32), "f4")

    replace_members(run.model_path, **{"model.weights.h5": weights_with(run.model_path, enlarge)})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RunError, match=message):
        load(run)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # kilobytes


def test_the_optimizers_state_may_have_any_shape_because_it_is_not_read(run, load):
    def enlarge(weights):
        del weights["optimizer/vars/2"]
        weights.create_dataset("optimizer/vars/2", (16_000_000, 32), "f4")

    replace_members(run.model_path, **{"model.weights.h5": weights_with(run.model_path, enlarge)})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load(run)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # kilobytes


def visited(weights):
    """Return the names of all data sets of an HDF5 file."""
    names = []
    weights.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return names


def test_weights_that_are_in_another_file_are_refused(run, load):
    def link(weights):
        weights.create_dataset("layers/more", (3,), "f4", external=[("/etc/passwd", 0, 12)])

    replace_members(run.model_path, **{"model.weights.h5": weights_with(run.model_path, link)})
    with pytest.raises(RunError, match=r"model\.keras: damaged"):
        load(run)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("other.bin", 20_000_000, r"other\.bin would unpack to 20,000,000 bytes, more than 10,012,760"),
        ("../evil.txt", 1, r"'\.\./evil\.txt' points outside of the archive"),
        ("/evil.txt", 1, r"'/evil\.txt' points outside of the archive"),
    ],
)
def test_an_archive_that_unpacks_to_too_much_or_elsewhere_is_refused(run, load, name, size, message):
    replace_members(run.model_path, **{name: bytes(size)})
    with pytest.raises(RunError, match=message):
        load(run)


def test_an_archive_of_many_large_files_is_refused(run, load):
    replace_members(run.model_path, **{f"{number}.bin": bytes(9_000_000) for number in range(3)})
    with pytest.raises(RunError, match=r"would unpack to more than 20,025,520 bytes"):
        load(run)
