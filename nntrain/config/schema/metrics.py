"""Metrics; Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nntrain.config.schema.base import Component, Count, Fraction, Labels, OpenFraction
from nntrain.task import TASKS, Task


class Metric(Component, family="metric"):
    """What is measured besides the loss."""

    tasks: ClassVar[tuple[Task, ...]]  # the tasks that it applies to
    higher_is_better: ClassVar[bool]
    # The form of the labels that it needs in a classification; None if it takes both, or is for other tasks.
    labels: ClassVar[Labels | None]

    @classmethod
    def keras_name(cls) -> str:
        """Return the name of Keras's class; a class that shares its name with a loss has the suffix "Metric" here."""
        return cls.__name__.removesuffix("Metric")


class Accuracy(Metric, key="accuracy"):
    """The fraction of correct answers."""

    tasks = ("classification", "binary")
    higher_is_better = True
    labels = None


class CategoricalAccuracy(Metric, key="categorical_accuracy"):
    """The fraction of correct answers, with one-hot labels."""

    tasks = ("classification",)
    higher_is_better = True
    labels = "one_hot"


class SparseCategoricalAccuracy(Metric, key="sparse_categorical_accuracy"):
    """The fraction of correct answers, with integer labels."""

    tasks = ("classification",)
    higher_is_better = True
    labels = "integers"


class TopKCategoricalAccuracy(Metric, key="top_k_categorical_accuracy"):
    """The fraction of images whose class is among the k most probable ones, with one-hot labels."""

    tasks = ("classification",)
    higher_is_better = True
    labels = "one_hot"
    k: Count = Field(5, description="number of answers")


class SparseTopKCategoricalAccuracy(Metric, key="sparse_top_k_categorical_accuracy"):
    """The fraction of images whose class is among the k most probable ones, with integer labels."""

    tasks = ("classification",)
    higher_is_better = True
    labels = "integers"
    k: Count = Field(5, description="number of answers")


class BinaryAccuracy(Metric, key="binary_accuracy"):
    """The fraction of probabilities on the right side of the threshold."""

    tasks = ("binary",)
    higher_is_better = True
    labels = None
    threshold: Fraction = Field(0.5, description="above it, the answer is yes")


class Precision(Metric, key="precision"):
    """The fraction of yes answers that are right."""

    tasks = ("binary",)
    higher_is_better = True
    labels = None
    thresholds: Fraction | None = Field(None, description="above it, the answer is yes; null: 0.5")


class Recall(Metric, key="recall"):
    """The fraction of positive images that are answered yes."""

    tasks = ("binary",)
    higher_is_better = True
    labels = None
    thresholds: Fraction | None = Field(None, description="above it, the answer is yes; null: 0.5")


class AUC(Metric, key="auc"):
    """The area under the ROC or precision-recall curve; with classes, of every class against the others."""

    tasks = ("classification", "binary")
    higher_is_better = True
    labels = "one_hot"
    num_thresholds: Annotated[int, Field(ge=2, le=10_000)] = Field(200, description="points of the curve")
    curve: Literal["ROC", "PR"] = Field(
        "ROC", description="the true positives by the false ones, or precision by recall"
    )
    summation_method: Literal["interpolation", "minoring", "majoring"] = Field(
        "interpolation", description="how the area between two points is estimated"
    )


class F1Score(Metric, key="f1_score"):
    """The harmonic mean of precision and recall, averaged over the classes."""

    tasks = ("classification", "binary")
    higher_is_better = True
    labels = "one_hot"
    average: Literal["macro", "micro", "weighted"] = Field(
        "macro",
        description="over the classes; None in Keras, which gives one score per class, but a metric is one number",
    )
    threshold: OpenFraction | None = Field(None, description="default: the most probable class; required for binary")


class MeanSquaredErrorMetric(Metric, key="mse"):
    """The mean of squared differences."""

    tasks = TASKS
    higher_is_better = False
    labels = "one_hot"


class MeanAbsoluteErrorMetric(Metric, key="mae"):
    """The mean of absolute differences."""

    tasks = TASKS
    higher_is_better = False
    labels = "one_hot"


class RootMeanSquaredError(Metric, key="root_mean_squared_error"):
    """The square root of the mean of squared differences."""

    tasks = TASKS
    higher_is_better = False
    labels = "one_hot"


class CategoricalCrossentropyMetric(Metric, key="categorical_crossentropy"):
    """The cross-entropy without label smoothing and weight penalties, with one-hot labels."""

    tasks = ("classification",)
    higher_is_better = False
    labels = "one_hot"


class SparseCategoricalCrossentropyMetric(Metric, key="sparse_categorical_crossentropy"):
    """The cross-entropy without label smoothing and weight penalties, with integer labels."""

    tasks = ("classification",)
    higher_is_better = False
    labels = "integers"


class BinaryCrossentropyMetric(Metric, key="binary_crossentropy"):
    """The binary cross-entropy without label smoothing and weight penalties."""

    tasks = ("binary",)
    higher_is_better = False
    labels = None


class KLDivergenceMetric(Metric, key="kl_divergence"):
    """The Kullback-Leibler divergence without weight penalties."""

    tasks = ("classification",)
    higher_is_better = False
    labels = "one_hot"
