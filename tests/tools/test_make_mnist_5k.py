"""The script that makes the 5,000 images that ship with nntrain."""

from __future__ import annotations

import gzip

import numpy as np
from make_mnist_5k import make


def test_the_same_file_is_made_each_time(tmp_path):
    table = np.zeros((5000, 785), np.uint8)
    table[:, -1] = np.arange(5000) // 500
    with gzip.open(tmp_path / "source.csv.gz", "wt") as file:
        np.savetxt(file, table, fmt="%d", delimiter=",")
    for name in ("first.npz", "second.npz"):
        make(tmp_path / "source.csv.gz", tmp_path / name)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    with np.load(tmp_path / "first.npz") as arrays:
        assert np.bincount(arrays["y_test"]).tolist() == [100] * 10
