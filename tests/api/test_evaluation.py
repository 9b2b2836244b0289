"""Scores from Python, of the network that ships."""

from __future__ import annotations

import pytest

import nntrain
from nntrain.errors import UsageError


@pytest.fixture
def notes():
    return []


@pytest.fixture
def evaluation(tmp_path, monkeypatch, notes):
    monkeypatch.chdir(tmp_path)
    return nntrain.evaluate(data="mnist_5k", listener=nntrain.JobListener(on_note=notes.append))


def test_without_a_run_the_pretrained_network_is_scored_and_nothing_is_drawn(evaluation, notes, tmp_path):
    assert (evaluation.run.is_pretrained, evaluation.scores.images, evaluation.dataset) == (True, 1000, "mnist_5k")
    assert evaluation.metrics["accuracy"] > 0.99
    assert evaluation.confusion.sum() == 1000
    assert notes == ["mnist_5k is part of mnist's training images: the network may have been trained on them"]
    assert list(tmp_path.iterdir()) == []


def test_an_evaluation_shows_its_scores_and_in_a_notebook_its_confusion_matrix(evaluation):
    assert repr(evaluation).startswith("Evaluation(pretrained: accuracy 99.")
    assert repr(evaluation).endswith("; 1,000 test images of mnist_5k)")
    html = evaluation._repr_html_()
    assert html.count("<table>") == 2
    assert "true \\ answer" in html


def test_a_run_is_a_name_a_path_or_a_run(evaluation, tmp_path):
    run = nntrain.load_run("pretrained")
    assert nntrain.evaluate(run, data="mnist_5k").metrics == evaluation.metrics
    assert nntrain.evaluate(run.path, data="mnist_5k").metrics == evaluation.metrics
    assert run.evaluate("mnist_5k").metrics == evaluation.metrics
    with pytest.raises(UsageError, match="a run is a name, a path or a Run, got int"):
        nntrain.evaluate(3)
    with pytest.raises(UsageError, match="no run 'pretrainedd' in runs; did you mean 'pretrained'"):
        nntrain.evaluate("pretrainedd")
