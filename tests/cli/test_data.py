"""`nntrain data`."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from nntrain.cli.data import draw_characters


@pytest.fixture(autouse=True)
def _nothing_is_cached(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)


def test_data_sets_are_listed_with_their_sizes_or_the_command_that_downloads_them(in_process):
    lines = in_process("data").output.splitlines()
    assert lines[0].split() == ["data", "set", "training", "test", "fingerprint", "found"]
    assert lines[-1].split()[:4] == ["mnist_5k", "4,000", "1,000", "b8ef1e555f57"]
    assert lines[-1].rstrip().endswith("mnist_5k.npz")
    assert re.fullmatch(r"mnist +not found; download it: \S+( -m nntrain)? data fetch mnist *", lines[1])


def test_a_damaged_data_set_is_listed_with_its_problem(in_process, monkeypatch, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"no archive")
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(tmp_path))
    assert f"{tmp_path}/mnist.npz: " in in_process("data").output.splitlines()[1]


def test_the_list_in_json(in_process):
    mnist, *_, sample = json.loads(in_process("data", "--json").output)["datasets"]
    assert list(mnist) == ["name", "about", "source", "training", "test", "fingerprint", "problem"]
    assert (mnist["name"], mnist["source"], mnist["training"]) == ("mnist", None, None)
    assert (sample["training"], sample["test"], sample["problem"]) == (4000, 1000, None)
    assert sample["source"].endswith("mnist_5k.npz")


def test_one_data_set_is_shown(in_process):
    lines = in_process("data", "show", "mnist_5k").output.splitlines()
    assert lines[:2] == [
        "training  4,000 x 28 x 28 uint8, pixels 0 to 255; 4,000 labels",
        "test      1,000 x 28 x 28 uint8, pixels 0 to 255; 1,000 labels",
    ]
    assert lines[3].split() == ["0", "400", "100"]
    assert lines[13] == "the first training image:"
    assert len(lines) == 13 + 1 + 14 + 1
    assert lines[-1] == "label 8, one-hot [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]"


def test_one_data_set_in_json(in_process):
    document = json.loads(in_process("data", "show", "mnist_5k", "--json").output)
    assert list(document) == ["schema", "name", "source", "fingerprint", "classes", "parts", "example"]
    assert document["parts"]["test"] == {"shape": [1000, 28, 28], "pixels": [0, 255], "counts": [100] * 10}
    assert document["example"]["one_hot"] == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert document["example"]["label"] == 8
    assert np.shape(document["example"]["pixels"]) == (28, 28)


def test_what_is_on_the_disk_is_not_fetched(in_process):
    assert re.fullmatch(r"\S+mnist_5k\.npz \(already on disk\)\n", in_process("data", "fetch", "mnist_5k").output)


def test_what_is_fetched_is_announced_and_its_path_printed(in_process, monkeypatch, tmp_path):
    def download(name, on_download, by_command):
        assert by_command
        on_download(0, 0)
        on_download(5, 10)
        return tmp_path / "mnist.npz"

    monkeypatch.setattr("nntrain.data.download.fetch_dataset", download)
    done = in_process("data", "fetch", "mnist")
    assert (done.stdout, done.stderr) == (f"{tmp_path}/mnist.npz\n", "downloading mnist\n")


def test_missing_data_exits_with_3_and_names_every_way_out(in_process, monkeypatch, tmp_path):
    monkeypatch.setenv("NNTRAIN_OFFLINE", "1")
    done = in_process("train", "mlp")
    assert done.exit_code == 3
    for way in ("NNTRAIN_DATA_DIR", str(tmp_path / "datasets/mnist.npz"), "data fetch mnist", "data.dataset=mnist_5k"):
        assert way in done.stderr


def test_an_image_is_drawn_in_ten_shades_two_rows_in_one():
    image = np.zeros((4, 3), np.uint8)
    image[0] = (0, 26, 255)
    image[1] = (0, 26, 255)
    image[2] = (255, 51, 128)
    assert draw_characters(image) == [" .@", "= :"]
