"""Every loss and metric of nntrain.inference.metrics, compared with Keras on random outputs and on extreme ones."""

from pathlib import Path

import numpy as np
import pytest

from nntrain.config import schema
from nntrain.inference.metrics import METRICS
from nntrain.task import TaskSpec, targets

CLASSES = tuple("0123456789")
METRIC_CASES = [
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
    ("classification", "kl_divergence", {}),
    ("classification", "auc", {}),
    ("classification", "auc", {"num_thresholds": 2}),
    ("classification", "auc", {"num_thresholds": 11, "summation_method": "minoring"}),
    ("classification", "auc", {"summation_method": "majoring"}),
    ("classification", "auc", {"curve": "PR"}),
    ("classification", "auc", {"curve": "PR", "summation_method": "minoring"}),
    ("classification", "f1_score", {"average": "macro"}),
    ("classification", "f1_score", {"average": "micro"}),
    ("classification", "f1_score", {"average": "weighted"}),
    ("classification", "f1_score", {"average": "macro", "threshold": 0.3}),
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
    ("binary", "auc", {}),
    ("binary", "auc", {"curve": "PR", "num_thresholds": 50}),
    ("binary", "auc", {"curve": "PR", "summation_method": "majoring"}),
    ("binary", "f1_score", {"average": "macro", "threshold": 0.3}),
    ("regression", "mse", {}),
    ("regression", "mae", {}),
    ("regression", "root_mean_squared_error", {}),
]
LOSS_CASES = [
    ("classification", "mse", {}),
    ("classification", "mae", {}),
    ("classification", "huber", {"delta": 0.2}),
    ("classification", "categorical_crossentropy", {}),
    ("classification", "sparse_categorical_crossentropy", {}),
    ("classification", "categorical_focal_crossentropy", {}),
    ("classification", "categorical_focal_crossentropy", {"alpha": 1.0, "gamma": 0.5}),
    ("classification", "categorical_focal_crossentropy", {"alpha": tuple(range(1, 11)), "gamma": 0.0}),
    ("classification", "kl_divergence", {}),
    ("binary", "mse", {}),
    ("binary", "mae", {}),
    ("binary", "huber", {}),
    ("binary", "binary_crossentropy", {}),
    ("regression", "mse", {}),
    ("regression", "mae", {}),
    ("regression", "huber", {}),
    ("regression", "huber", {"delta": 3.0}),
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
        of_labels = {**schema.Loss.members, **schema.Metric.members}[name].labels == "integers"
        return truth if of_labels else np.eye(10, dtype=np.float32)[truth]
    return truth[:, None]


def task_spec(task):
    return TaskSpec(task, "mse", (), classes=CLASSES, positive=(3, 7))


def keras_metric(name, arguments, wanted, outputs):
    import keras
    from keras.src.trainers.compile_utils import get_metric

    if name == "accuracy":  # chosen by Keras from the shapes, as `compile` does
        return get_metric("accuracy", wanted, outputs)
    return keras.metrics.get({"class_name": keras.metrics.get(name).__class__.__name__, "config": arguments})


@pytest.mark.tensorflow
@pytest.mark.parametrize(("task", "name", "arguments"), METRIC_CASES)
def test_the_metric_agrees_with_keras(task, name, arguments):
    outputs, labels = outputs_and_labels(task)
    truth = targets(labels, task_spec(task))
    wanted = as_keras_wants(name, outputs, truth, task)
    metric = keras_metric(name, arguments, wanted, outputs)
    metric.update_state(wanted, outputs)
    assert METRICS[name](outputs, truth, **arguments) == pytest.approx(float(metric.result()), rel=1e-6)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("task", "name", "arguments"), LOSS_CASES)
def test_the_loss_agrees_with_keras(task, name, arguments):
    from nntrain.engine.build import LOSSES

    outputs, labels = outputs_and_labels(task)
    truth = targets(labels, task_spec(task))
    loss = LOSSES[name](**arguments)(as_keras_wants(name, outputs, truth, task), outputs)
    assert METRICS[name](outputs, truth, **arguments) == pytest.approx(float(loss), rel=1e-6)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["auc", "f1_score"])
@pytest.mark.parametrize("truth", [np.zeros(4, np.float32), np.ones(4, np.float32)], ids=["no", "yes"])
def test_without_positive_or_negative_images_the_metric_agrees_with_keras(name, truth):
    outputs = np.array([[0.0], [0.3], [0.7], [1.0]], np.float32)
    for arguments in [{"curve": "ROC"}, {"curve": "PR"}] if name == "auc" else [{"average": "macro", "threshold": 0.5}]:
        metric = keras_metric(name, arguments, truth, outputs)
        metric.update_state(truth[:, None], outputs)
        assert METRICS[name](outputs, truth, **arguments) == pytest.approx(float(metric.result()), rel=1e-6)


@pytest.mark.parametrize(("family", "cases"), [(schema.Loss, LOSS_CASES), (schema.Metric, METRIC_CASES)])
def test_every_loss_and_metric_is_held_against_keras(family, cases):
    missing = set(family.members) - {name for _, name, _ in cases}
    assert not missing, f"{Path(__file__).name}: add cases of {sorted(missing)}"
