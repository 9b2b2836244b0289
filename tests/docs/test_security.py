"""The limits in SECURITY.md are those of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config import yaml_tree
from nntrain.config.rules import network
from nntrain.config.schema import config
from nntrain.data import dataset
from nntrain.data.formats import reader
from nntrain.preprocessing import load
from nntrain.runs import history, json_files

TEXT = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        (yaml_tree.MAX_BYTES, 1_000_000, "1,000,000 bytes"),
        (yaml_tree.MAX_NODES, 50_000, "50,000 values"),
        (yaml_tree.MAX_DEPTH, 40, "40 levels"),
        (config.MAX_LAYERS, 400, "400 layers"),
        (network.MAX_PARAMETERS, 200_000_000, "200 million parameters"),
        (network.MAX_OUTPUTS, 2_000_000_000, "2 billion numbers"),
        (reader.MAX_BYTES, 4 * 2**30, "4 GiB per array"),
        (dataset.MAX_CLASSES, 1000, "1,000 classes"),
        (load.MAX_PIXELS, 100_000_000, "100 megapixels"),
        (load.MAX_BYTES, 2**30, "1 GiB from a pipe"),
        (json_files.MAX_BYTES, 50_000_000, "50 MB, 50 MB"),
        (history.MAX_BYTES, 200_000_000, "200 MB"),
    ],
)
def test_a_limit_is_stated_as_it_is(limit, value, words):
    assert limit == value
    assert words in TEXT
