"""The two formats that a network is saved in, which have to agree."""

from __future__ import annotations

import errno
import logging
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nntrain.errors import NntrainError
from nntrain.inference.litert import LiteRTClassifier
from nntrain.inference.scoring import score
from nntrain.runs.folder import RunDir
from nntrain.runs.keras_config import IMPLIED
from nntrain.runs.metadata import make_task_spec

pytestmark = pytest.mark.tensorflow

IMAGES = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)


@pytest.fixture(scope="module")
def config(load_text):
    """Return the config of the network."""
    return load_text("model.0.dense.units=4")


@pytest.fixture(scope="module")
def network(config):
    """Return a network that is not trained."""
    return untrained(config)


def untrained(config):
    """Return a config's network as it is saved, with its initial weights."""
    from nntrain.engine.build import build_network
    from nntrain.engine.export import plain_network

    return plain_network(config, build_network(config))


def saved_and_loaded(network, run):
    """Return a network after saving, as Keras alone loads it; pytest turns any warning into an error."""
    import keras

    from nntrain.engine.export import save_keras

    save_keras(network, run)
    return keras.saving.load_model(run.model_path)


def one_hot(labels):
    """Return labels as the loss of these networks takes them."""
    return np.eye(10, dtype=np.float32)[labels]


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


def test_saving_leaves_logging_as_it_was(network, run, monkeypatch):
    from nntrain.engine.export import save_tflite

    monkeypatch.setattr(logging.root, "handlers", [])  # as in a script; pytest has handlers
    save_tflite(network, run, IMAGES)
    assert logging.root.handlers == []


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

    loaded = saved_and_loaded(network, run)
    assert type(loaded) is keras.Sequential
    assert np.array_equal(loaded(IMAGES.astype(np.float32)), network(IMAGES.astype(np.float32)))


def test_model_keras_names_no_argument_that_older_versions_of_keras_do_not_know(network, run):
    saved_and_loaded(network, run)
    with zipfile.ZipFile(run.model_path) as archive:
        config = archive.read("config.json").decode()
    assert '"Dense"' in config
    assert [name for name in (*IMPLIED, "DTypePolicy", "jit_compile") if f'"{name}"' in config] == []


def test_the_loaded_network_scores_at_once_what_nntrain_does(config, network, run, tiny):
    loaded = saved_and_loaded(network, run)
    scores = loaded.evaluate(tiny.x_test, one_hot(tiny.y_test), verbose=0, return_dict=True)
    outputs = np.asarray(network(tiny.x_test.astype(np.float32)))
    expected = score(outputs, tiny.y_test, make_task_spec(config, tiny.classes)).metrics
    assert set(expected) == {"loss", "accuracy"}
    assert scores == pytest.approx(expected, rel=1e-5)


def test_the_loaded_network_trains_at_once_with_the_configs_optimizer(network, run, tiny):
    import keras

    loaded = saved_and_loaded(network, run)
    assert type(loaded.optimizer) is keras.optimizers.Adam
    assert float(loaded.optimizer.learning_rate) == pytest.approx(0.01)
    before = loaded.evaluate(tiny.x_train, one_hot(tiny.y_train), verbose=0, return_dict=True)
    loaded.fit(tiny.x_train, one_hot(tiny.y_train), epochs=3, verbose=0)
    after = loaded.evaluate(tiny.x_train, one_hot(tiny.y_train), verbose=0, return_dict=True)
    assert after["loss"] < before["loss"]


@pytest.mark.parametrize(
    ("optimizer", "values"),
    [
        ("{sgd: {learning_rate: 0.5}}", {0.0, 0.5}),
        ("{adagrad: {learning_rate: 0.5, initial_accumulator_value: 0.25}}", {0.0, 0.5, 0.25}),
        ("{adamw: {learning_rate: 0.5, amsgrad: true, use_ema: true}}", {0.0, 0.5}),
    ],
)
def test_the_loaded_optimizer_starts_afresh(load_text, run, optimizer, values):
    loaded = saved_and_loaded(untrained(load_text("model.0.dense.units=4", f"optimizer={optimizer}")), run)
    assert {float(value) for variable in loaded.optimizer.variables for value in np.unique(variable)} == values


def test_nadam_is_saved_without_state_whose_order_depends_on_the_version_of_keras(load_text, run):
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer 'nadam"):
        saved_and_loaded(untrained(load_text("model.0.dense.units=4", "optimizer=nadam")), run)


def test_the_optimizers_state_takes_next_to_no_space(load_text, run):
    network = untrained(load_text("model.0.dense.units=64"))
    saved_and_loaded(network, run)
    assert run.model_path.stat().st_size < 1.2 * 4 * network.count_params()  # with Adam's two moments: 3 times


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
