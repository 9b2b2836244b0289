"""Every loss and metric of nntrain.inference.metrics, compared with Keras on random outputs."""

import numpy as np
import pytest

from nntrain.inference.metrics import METRICS
from nntrain.task import TaskSpec, targets

pytestmark = pytest.mark.tensorflow

LOSSES = ("mse", "mae", "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy")
OF_LABELS = ("sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy", "sparse_categorical_crossentropy")
CLASSES = tuple("0123456789")
CASES = [
    ("classification", "accuracy", {}),
    ("classification", "categorical_accuracy", {}),
    ("classification", "sparse_categorical_accuracy", {}),
    ("classification", "top_k_categorical_accuracy", {}),
    ("classification", "top_k_categorical_accuracy", {"k": 2}),
    ("classification", "top_k_categorical_accuracy", {"k": 12}),
    ("classification", "sparse_top_k_categorical_accuracy", {"k": 3}),
    ("classification", "categorical_crossentropy", {}),
    ("classification", "sparse_categorical_crossentropy", {}),
    ("classification", "mse", {}),
    ("classification", "mae", {}),
    ("classification", "root_mean_squared_error", {}),
    ("binary", "accuracy", {}),
    ("binary", "binary_accuracy", {}),
    ("binary", "binary_accuracy", {"threshold": 0.3}),
    ("binary", "precision", {}),
    ("binary", "precision", {"thresholds": 0.3}),
    ("binary", "recall", {}),
    ("binary", "recall", {"thresholds": 0.7}),
    ("binary", "binary_crossentropy", {}),
    ("binary", "mse", {}),
    ("binary", "mae", {}),
    ("binary", "root_mean_squared_error", {}),
    ("regression", "mse", {}),
    ("regression", "mae", {}),
    ("regression", "root_mean_squared_error", {}),
]


def outputs_and_labels(task):
    """500 rows as a network would give them; some certain, some with equals, some exactly at 0.3 and 0.5."""
    random = np.random.default_rng(7)
    labels = random.integers(0, 10, 500)
    if task == "classification":
        outputs = random.dirichlet(np.full(10, 0.3), 500)
        outputs[:20] = np.eye(10)[random.integers(0, 10, 20)]
        outputs[20:40] = 0.1
        outputs[40:60] = [0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0, 0, 0]
    elif task == "binary":
        outputs = random.random((500, 1))
        outputs[:40] = np.repeat([0.0, 1.0, 0.3, 0.5], 10)[:, None]
    else:
        outputs = random.normal(4.5, 3, (500, 1))
    return outputs.astype(np.float32), labels


def as_keras_wants(name, outputs, truth, task):
    if task == "classification":
        return truth if name in OF_LABELS else np.eye(10, dtype=np.float32)[truth]
    return truth[:, None]


def task_spec(task):
    return TaskSpec(task, "mse", (), classes=CLASSES, positive=(3, 7))


def keras_metric(name, arguments, wanted, outputs):
    import keras
    from keras.src.trainers.compile_utils import get_metric

    if name == "accuracy":  # chosen by Keras from the shapes, as `compile` does
        return get_metric("accuracy", wanted, outputs)
    return keras.metrics.get({"class_name": keras.metrics.get(name).__class__.__name__, "config": arguments})


@pytest.mark.parametrize(("task", "name", "arguments"), CASES)
def test_the_metric_agrees_with_keras(task, name, arguments):
    outputs, labels = outputs_and_labels(task)
    truth = targets(labels, task_spec(task))
    wanted = as_keras_wants(name, outputs, truth, task)
    metric = keras_metric(name, arguments, wanted, outputs)
    metric.update_state(wanted, outputs)
    assert METRICS[name](outputs, truth, **arguments) == pytest.approx(float(metric.result()), rel=1e-6)


@pytest.mark.parametrize(("task", "name"), [(task, name) for task, name, _ in CASES if name in LOSSES])
def test_the_loss_agrees_with_keras(task, name):
    import keras

    outputs, labels = outputs_and_labels(task)
    truth = targets(labels, task_spec(task))
    loss = keras.losses.get(name)(as_keras_wants(name, outputs, truth, task), outputs)
    assert METRICS[name](outputs, truth) == pytest.approx(float(np.mean(loss)), rel=1e-6)


def test_every_metric_is_held_against_keras():
    assert {name for _, name, _ in CASES} == set(METRICS)
