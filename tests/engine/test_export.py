"""The two formats that a network is saved in, which have to agree."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from nntrain.errors import NntrainError
from nntrain.inference.litert import LiteRTClassifier
from nntrain.runs.folder import RunDir

pytestmark = pytest.mark.tensorflow

IMAGES = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)


@pytest.fixture(scope="module")
def network(load_text):
    """Return a network that is not trained."""
    from nntrain.engine.build import build_network

    return build_network(load_text("model.0.dense.units=4"))


@pytest.fixture
def run(tmp_path):
    """Return an empty run folder."""
    return RunDir(tmp_path)


@pytest.fixture
def exported(network, monkeypatch):
    """Replace the conversion, which takes seconds: model.tflite holds the word "network"."""
    monkeypatch.setattr(
        type(network), "export", lambda self, path, **_: Path(path).write_text("network"), raising=False
    )


def outputs_of(monkeypatch, outputs):
    """Have LiteRT give these outputs."""
    classifier = type("Classifier", (), {"__init__": lambda self, path: None, "predict": lambda self, images: outputs})
    monkeypatch.setattr("nntrain.engine.export.LiteRTClassifier", classifier)


def test_model_tflite_gives_the_networks_outputs(network, run, capfd):
    from nntrain.engine.export import save_tflite

    assert save_tflite(network, run, IMAGES) is None
    expected = np.asarray(network(IMAGES.astype(np.float32)))
    np.testing.assert_allclose(LiteRTClassifier(run.tflite_path).predict(IMAGES), expected, atol=1e-6)
    assert "Saved artifact" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(("difference", "agrees"), [(9e-6, True), (1.2e-5, False), (np.nan, False), (-1.2e-5, False)])
def test_outputs_may_differ_by_rounding_alone(network, run, exported, monkeypatch, difference, agrees):
    from nntrain.engine.export import save_tflite

    outputs_of(monkeypatch, np.asarray(network(IMAGES.astype(np.float32))) + np.float32(difference))
    reason = save_tflite(network, run, IMAGES)
    assert (reason is None) == agrees == run.tflite_path.exists()
    assert agrees or reason.startswith("its outputs differ from Keras's by ")


def test_outputs_above_1_may_differ_in_proportion(load_text, run, monkeypatch):
    from nntrain.engine.export import _compare_outputs

    outputs_of(monkeypatch, np.float32([[1000.005]]))
    _compare_outputs(lambda images, training: np.float32([[1000.0]]), run.tflite_path, IMAGES)
    with pytest.raises(ValueError, match=r"by 1\.5e-05"):
        _compare_outputs(lambda images, training: np.float32([[999.99]]), run.tflite_path, IMAGES)


def test_a_network_that_cannot_be_converted_is_a_reason(network, run, monkeypatch):
    from nntrain.engine.export import save_tflite

    def fail(self, path, **_):
        raise NotImplementedError("no such operation\nand a page about it")

    monkeypatch.setattr(type(network), "export", fail, raising=False)
    assert save_tflite(network, run, IMAGES) == "no such operation"
    assert list(run.path.iterdir()) == []


def test_a_file_that_litert_cannot_read_is_a_reason(network, run, exported):
    from nntrain.engine.export import save_tflite

    assert "LiteRT cannot read it" in save_tflite(network, run, IMAGES)
    assert not run.tflite_path.exists()


def test_a_full_disk_is_an_error(network, run, exported, monkeypatch):
    from nntrain.engine.export import save_tflite

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    outputs_of(monkeypatch, np.asarray(network(IMAGES.astype(np.float32))))
    monkeypatch.setattr("nntrain.system.files.sync_file", full)
    with pytest.raises(NntrainError, match=r"model\.tflite: cannot be written: No space left on device"):
        save_tflite(network, run, IMAGES)


def test_model_keras_is_read_by_keras_alone(network, run):
    import keras

    from nntrain.engine.export import save_keras

    save_keras(network, run)
    loaded = keras.models.load_model(run.model_path)
    assert type(loaded) is keras.Sequential
    assert np.array_equal(loaded(IMAGES.astype(np.float32)), network(IMAGES.astype(np.float32)))


def test_what_is_saved_computes_in_float32_without_the_faster_layers(load_text):
    import keras

    from nntrain.engine.build import XLA_TRAINING_LAYERS, build_layers
    from nntrain.engine.export import plain_network

    config = load_text("model=[dense: 4, dropout: 0.5, batch_normalization, dense: {units: 10, activation: softmax}]")
    layers = build_layers(config, dtype="mixed_bfloat16", classes=XLA_TRAINING_LAYERS)
    trained = keras.Sequential([keras.Input((28, 28)), *layers])
    plain = plain_network(config, trained)
    assert {layer.compute_dtype for layer in plain.layers} == {"float32"}
    assert {type(layer).__module__.partition(".")[0] for layer in plain.layers} == {"keras"}
    for array, expected in zip(plain.get_weights(), trained.get_weights(), strict=True):
        assert np.array_equal(array, expected)
