"""Figures as they are handed over to be saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Keep the figures that are saved, and write an empty file in place of each."""
    figures: list[Figure] = []

    def savefig(figure: Figure, path: Path, **_: object) -> None:
        figures.append(figure)
        path.touch()

    monkeypatch.setattr(Figure, "savefig", savefig)
    return figures
