"""Score a trained run on all test images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nntrain.data.dataset import Dataset
from nntrain.errors import NntrainError
from nntrain.inference.calibration import calibration_error
from nntrain.inference.scoring import score, worst_mistakes
from nntrain.inference.trained_model import TrainedModel, open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.jobs.requirements import NO_REQUIREMENTS, Requirements
from nntrain.jobs.run_data import load_test_images, moved_note
from nntrain.results import Scores
from nntrain.runs.folder import PRETRAINED, RunDir
from nntrain.runs.store import find_trained_run
from nntrain.runs.store import runs_dir as default_runs_dir


@dataclass(frozen=True, repr=False)
class Evaluation:
    """The scores of a trained run."""

    run: RunDir
    dataset: str  # a name or an absolute path
    scores: Scores
    calibration_error: float | None  # mean distance of confidence from accuracy, 0 to 1; None for a regression
    temperature: float | None  # divides the logits to calibrate the confidence; None if it is not calibrated
    plots: tuple[Path, ...]  # files that were drawn

    @property
    def metrics(self) -> dict[str, float]:
        """The loss and the metrics on the test images."""
        return self.scores.metrics

    @property
    def confusion(self) -> np.ndarray:
        """The number of images by true class (rows) and predicted class (columns); empty for a regression."""
        return np.array(self.scores.confusion, np.int64)

    def __repr__(self) -> str:
        from nntrain.report.tables import format_metrics

        images = f"{self.scores.images:,} test images of {self.dataset}"
        return f"Evaluation({self.run.display_name}: {format_metrics(self.metrics)}; {images})"

    def _repr_html_(self) -> str:
        from nntrain.report import html

        tables = (html.confusion(self.scores), html.classes(self.scores)) if self.scores.classes else ()
        return html.block(repr(self), *tables)


def evaluate(
    name: str | None = None,
    *,
    data: str | None = None,
    plots: bool = True,
    runs_dir: Path | None = None,
    requirements: Requirements = NO_REQUIREMENTS,
    listener: JobListener = SILENT,
) -> Evaluation:
    """Score a run, given by name or path, on the test images of its data set or of `data`.

    The default is the latest complete run.

    With `plots`, confusion.png and worst.png are drawn in the run's folder.
    Raises UsageError if there is no such run, RunError if it is damaged, and DataError if the data does not fit it.
    """
    model = open_trained_model(find_trained_run(name, runs_dir or default_runs_dir()))
    requirements.check_names(metric for metric, _ in model.task_spec.metrics)
    dataset = load_test_images(model, data)
    if data is None and dataset.name != model.dataset:
        listener.on_note(moved_note(dataset.name))
    for warning in _warnings(model, dataset, named=data is not None):
        listener.on_note(warning)
    outputs = model.classifier(load_keras_classifier).predict(dataset.x_test)
    scores = score(outputs, dataset.y_test, model.task_spec)
    calibrated = model.calibrate(outputs)
    regression = model.task_spec.task == "regression"
    return Evaluation(
        run=model.run,
        dataset=dataset.name,
        scores=scores,
        calibration_error=None if regression else calibration_error(calibrated, dataset.y_test, model.task_spec),
        temperature=model.temperature,
        plots=_draw(model, dataset, calibrated, scores, listener, named=data is not None) if plots else (),
    )


def _warnings(model: TrainedModel, dataset: Dataset, *, named: bool) -> list[str]:
    """Return warnings about data that make the score misleading."""
    warnings = []
    if dataset.name == "mnist_5k" and model.dataset in ("mnist", "qmnist"):
        warnings.append(
            f"mnist_5k is part of {model.dataset}'s training images: the network may have been trained on them"
        )
    before = model.info["data"].get("fingerprints", {})
    changed = any(before.get(array) != dataset.fingerprints.get(array) for array in ("x_test", "y_test"))
    if not named and changed:
        warnings.append(f"the test images of {dataset.source} have changed since {model.run.name} was trained")
    return warnings


def _draw(
    model: TrainedModel, dataset: Dataset, outputs: np.ndarray, scores: Scores, listener: JobListener, *, named: bool
) -> tuple[Path, ...]:
    """Draw the worst mistakes and, except for a regression, the confusion matrix; returns the files."""
    from nntrain.report.plots import draw_confusion, draw_worst, letters_without_font

    folder, suffix = model.run, dataset.name if named else ""
    if model.run.is_pretrained:
        # The package's folder may not be writable, so the plots go to the current folder.
        folder, suffix = RunDir(Path()), f"{PRETRAINED}-{dataset.name}"
    title = f"{model.run.name} on {Path(dataset.name).name}'s {scores.images:,} test images"
    files = []
    try:
        if scores.confusion:
            files.append(folder.plot("confusion", suffix))
            draw_confusion(scores, files[-1], title=title)
        files.append(folder.plot("worst", suffix))
        draw_worst(dataset.x_test, worst_mistakes(outputs, dataset.y_test, model.task_spec), files[-1], title=title)
    except NntrainError as error:
        raise NntrainError(f"{error}; use --no-plots to score without plots") from None
    missing = letters_without_font(row.label for row in scores.classes)
    if missing:
        letters = " ".join(missing)
        listener.on_note(f"no font on this computer has {letters}: plots show codes; install one, such as Noto Sans")
    return tuple(files)
