"""Fitting the coefficients of the confidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fit_confidence import fit, write

from nntrain.inference import confidence


def test_the_coefficients_are_written_into_the_module(tmp_path):
    copy = tmp_path / "confidence.py"
    source = Path(confidence.__file__).read_text(encoding="utf-8")
    copy.write_text(source, encoding="utf-8")
    write(np.array([0.5, -1.25, 2.0]), copy)
    (line,) = set(copy.read_text(encoding="utf-8").splitlines()) - set(source.splitlines())
    assert line == "COEFFICIENTS = np.array([0.5, -1.25, 2.0])"


def test_a_module_without_coefficients_is_not_changed(tmp_path):
    (tmp_path / "confidence.py").write_text("OTHER = 1\n")
    with pytest.raises(SystemExit, match="0 lines begin with COEFFICIENTS"):
        write(np.array([0.5]), tmp_path / "confidence.py")
    assert (tmp_path / "confidence.py").read_text() == "OTHER = 1\n"


def test_the_fit_is_a_logistic_regression():
    # A feature of 1, 0 and -1 with log odds of 2, 0 and -2; so many examples that the ridge has no effect.
    feature = np.repeat([1.0, 0.0, -1.0], 100_000)
    correct = np.concatenate([np.arange(100_000) < 100_000 / (1 + np.exp(-logit)) for logit in (2, 0, -2)])
    features = np.stack([feature, np.ones(len(feature))], axis=1)
    assert fit(features, correct, np.ones(len(feature))) == pytest.approx([2, 0], abs=0.02)
