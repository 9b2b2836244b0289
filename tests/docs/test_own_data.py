"""docs/own-data.md describes every data set that is known by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nntrain.data.catalog import DATASETS

PAGE = Path(__file__).parents[2] / "docs" / "own-data.md"


@pytest.mark.parametrize("name", DATASETS)
def test_the_page_has_a_row_with_the_numbers_of_images_of_each_data_set(name):
    row = re.search(rf"^\| `{name}` \|.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert row is not None
    info = DATASETS[name]
    assert f"| {info.training_images:,} | {info.test_images:,} |" in row[0]
