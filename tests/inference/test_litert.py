"""The network that needs no TensorFlow."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from nntrain.data.load import load_dataset
from nntrain.errors import NntrainError, RunError
from nntrain.inference import litert
from nntrain.inference.litert import LiteRTClassifier
from nntrain.runs.folder import PRETRAINED_DIR, RunDir

MODEL = RunDir(PRETRAINED_DIR).tflite_path
PATH = Path("model.tflite")
RESTORE = "train again or restore the file"


@pytest.fixture(scope="module")
def sample():
    return load_dataset("mnist_5k", splits=("test",))


class StubInterpreter:
    """An interpreter whose network returns the mean of each image."""

    def __init__(self, model_content):
        self.content = model_content
        self.resized = []

    def get_input_details(self):
        return [{"index": 7}]

    def get_output_details(self):
        return [{"index": 9, "shape": [1, 1]}]

    def resize_tensor_input(self, index, shape):
        self.resized.append((index, tuple(shape)))

    def allocate_tensors(self):
        self.allocated = self.resized[-1][1]

    def set_tensor(self, index, values):
        assert (index, values.shape, values.dtype) == (7, self.allocated, np.float32)
        self.values = values

    def invoke(self):
        self.outputs = self.values.mean(axis=(1, 2))[:, None]

    def get_tensor(self, index):
        assert index == 9
        return self.outputs


@pytest.fixture
def use_interpreter(monkeypatch):
    """Return a function that has a stub, with some methods replaced, stand for LiteRT's interpreter."""

    def use_interpreter(**methods):
        stub = type("Stub", (StubInterpreter,), methods)
        monkeypatch.setattr("ai_edge_litert.interpreter.Interpreter", stub)

    return use_interpreter


def images(count):
    return np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)


def test_a_shipped_network_answers_as_it_was_trained(sample):
    outputs = LiteRTClassifier(MODEL).predict(sample.x_test)
    assert (outputs.shape, outputs.dtype) == ((1000, 10), np.float32)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)
    assert (outputs.argmax(axis=1) == sample.y_test).mean() > 0.99


def test_the_answer_to_an_image_does_not_depend_on_its_batch(sample):
    classifier = LiteRTClassifier(MODEL)
    together = classifier.predict(sample.x_test[:300])
    np.testing.assert_allclose(classifier.predict(sample.x_test[299:300]), together[299:], atol=1e-6)


def test_content_that_was_read_already_is_not_read_again(use_interpreter):
    use_interpreter()
    assert LiteRTClassifier(PATH, b"network").predict(images(2)).tolist() == [[0.0], [1.0]]


def test_the_file_is_read_unless_its_content_is_given(use_interpreter, tmp_path):
    contents = []
    use_interpreter(__init__=lambda self, model_content: contents.append(model_content))
    (tmp_path / "model.tflite").write_bytes(b"network")
    LiteRTClassifier(tmp_path / "model.tflite")
    assert contents == [b"network"]


def test_images_are_answered_in_batches_of_256_in_their_order(use_interpreter):
    use_interpreter()
    classifier = LiteRTClassifier(PATH, b"")
    outputs = classifier.predict(np.concatenate([images(256), images(256), images(3)]))
    assert outputs[:, 0].tolist() == [*range(256), *range(256), 0, 1, 2]
    assert classifier._interpreter.resized == [(7, (256, 28, 28)), (7, (3, 28, 28))]


def test_memory_is_allocated_anew_only_if_the_number_of_images_changes(use_interpreter):
    use_interpreter()
    classifier = LiteRTClassifier(PATH, b"")
    for count in (2, 2, 1):
        classifier.predict(images(count))
    assert classifier._interpreter.resized == [(7, (2, 28, 28)), (7, (1, 28, 28))]


def test_outputs_are_copied_from_the_interpreters_memory(use_interpreter):
    use_interpreter()
    classifier = LiteRTClassifier(PATH, b"")
    outputs = classifier.predict(images(2))
    classifier._interpreter.outputs[:] = 5
    assert outputs.tolist() == [[0.0], [1.0]]


def test_no_images_have_no_outputs(use_interpreter):
    use_interpreter()
    outputs = LiteRTClassifier(PATH, b"").predict(images(0))
    assert (outputs.shape, outputs.dtype) == ((0, 1), np.float32)


def error_of(call):
    with pytest.raises(RunError) as caught:
        call()
    return str(caught.value)


def test_several_threads_are_answered_one_after_the_other(sample):
    network, images = LiteRTClassifier(MODEL), sample.x_test[:40]
    expected = network.predict(images)
    with ThreadPoolExecutor(8) as threads:
        outputs = threads.map(network.predict, [images[: 1 + index] for index in range(40)])
        assert all(np.allclose(rows, expected[: len(rows)], atol=1e-6) for rows in outputs)


def test_a_missing_file_is_an_error(tmp_path):
    path = tmp_path / "model.tflite"
    assert error_of(lambda: LiteRTClassifier(path)) == f"{path}: missing"


@pytest.mark.parametrize("content", [b"", b"text", MODEL.read_bytes()[:1000]])
def test_a_damaged_file_is_an_error(content):
    assert error_of(lambda: LiteRTClassifier(PATH, content).predict(images(1))).startswith("model.tflite: damaged: ")


def fail(error):
    def method(*_, **__):
        raise error

    return method


@pytest.mark.parametrize("error", [OSError(), ValueError(), RuntimeError(), IndexError()])
@pytest.mark.parametrize("method", ["__init__", "get_input_details", "get_output_details"])
def test_a_network_that_cannot_be_read_is_an_error(use_interpreter, method, error):
    use_interpreter(**{method: fail(error)})
    assert error_of(lambda: LiteRTClassifier(PATH, b"")) == f"model.tflite: damaged: LiteRT cannot read it; {RESTORE}"


@pytest.mark.parametrize("error", [ValueError(), RuntimeError(), TypeError()])
@pytest.mark.parametrize("method", ["allocate_tensors", "invoke"])
def test_a_network_that_cannot_be_run_is_an_error(use_interpreter, method, error):
    use_interpreter(**{method: fail(error)})
    classifier = LiteRTClassifier(PATH, b"")
    assert error_of(lambda: classifier.predict(images(1))) == (
        f"model.tflite: damaged: LiteRT cannot run it; {RESTORE}"
    )


@pytest.mark.parametrize("method", ["allocate_tensors", "invoke"])
def test_a_lack_of_memory_is_not_called_damage(use_interpreter, method):
    use_interpreter(**{method: fail(MemoryError())})
    classifier = LiteRTClassifier(PATH, b"")
    assert error_of(lambda: classifier.predict(images(1))) == (
        "model.tflite: needs more memory than there is, or is damaged; close other programs, or train again"
    )


@pytest.mark.parametrize("shape", [(2,), (2, 3, 4), (1, 10)])
def test_outputs_that_are_not_one_row_per_image_are_an_error(use_interpreter, shape):
    use_interpreter(get_tensor=lambda self, index: np.zeros(shape))
    classifier = LiteRTClassifier(PATH, b"")
    assert error_of(lambda: classifier.predict(images(2))) == (
        f"model.tflite: not a network that answers pictures; {RESTORE}"
    )


def test_reading_and_each_batch_have_a_time_limit_that_grows_with_the_file(use_interpreter, monkeypatch):
    limits = []
    use_interpreter()
    monkeypatch.setattr(litert, "time_limit", lambda *limit: limits.append(limit) or nullcontext())
    classifier = LiteRTClassifier(PATH, bytes(1_000_000))
    words = "model.tflite: no answer within 25 s; train it again"
    assert limits == [(pytest.approx(25.0704), words)]
    classifier.predict(np.concatenate([images(256), images(1)]))
    assert limits == [(pytest.approx(25.0704), words)] * 3


def test_a_litert_that_cannot_be_loaded_is_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(NntrainError, match=r"LiteRT cannot be loaded: .*; close other programs, or reinstall"):
        LiteRTClassifier(PATH, b"")
