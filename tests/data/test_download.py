"""Downloads, from a server of our own."""

from __future__ import annotations

import gzip
import hashlib
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from nntrain.data import catalog, download
from nntrain.data.catalog import Origin, find_dataset
from nntrain.data.download import fetch_dataset
from nntrain.data.load import load_dataset
from nntrain.errors import DataError

IN_A_PROCESS = """
import sys
from nntrain.data import catalog
from nntrain.data.download import fetch_dataset
base, checksum = sys.argv[1:]
catalog.ORIGINS = {"mnist": (catalog.Origin(base, {"mnist.npz": checksum}),)}
print(fetch_dataset("mnist"))
"""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def npz(server, save_npz) -> bytes:
    """An .npz that the server has as good/mnist.npz and bad/mnist.npz, the latter with a changed byte."""
    content = save_npz().read_bytes()
    server.files = {"good/mnist.npz": content, "bad/mnist.npz": content[:-1] + b"?"}
    return content


@pytest.fixture
def checksum(npz) -> str:
    return f"sha256:{hashlib.sha256(npz).hexdigest()}"


@pytest.fixture
def origins(server, checksum, monkeypatch):
    """Return a function that sets the folders of the server which mnist comes from."""

    def use(*folders: str) -> None:
        made = tuple(Origin(f"{server.base}{folder}/", {"mnist.npz": checksum}) for folder in folders)
        monkeypatch.setattr(catalog, "ORIGINS", {"mnist": made})

    use("good")
    return use


@pytest.fixture
def cache(home):
    return home / "datasets"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def idx(array: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())


def test_what_is_missing_is_downloaded_once(origins, server, npz, cache):
    path = fetch_dataset("mnist")
    assert path == cache / "mnist.npz"
    assert path.read_bytes() == npz
    assert fetch_dataset("mnist") == path
    assert server.requests == ["good/mnist.npz"]


def test_loading_downloads_what_is_missing(origins, cache):
    assert load_dataset("mnist").source == cache / "mnist.npz"


def test_nothing_is_downloaded_where_that_is_not_asked_for(origins, server):
    with pytest.raises(DataError, match="mnist is not here"):
        load_dataset("mnist", download=False)
    assert server.requests == []


def test_progress_is_told_up_to_the_last_byte(origins, npz):
    told = []
    fetch_dataset("mnist", on_download=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(npz), len(npz))
    assert all(done <= total for done, total in told)


def test_a_wrong_checksum_leads_to_the_next_origin(origins, server, npz):
    origins("bad", "good")
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["bad/mnist.npz"] * 3 + ["good/mnist.npz"]


def test_a_file_that_is_not_there_leads_to_the_next_origin_at_once(origins, server, npz):
    origins("none", "good")
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["none/mnist.npz", "good/mnist.npz"]


@pytest.mark.parametrize("fault", ["cut", "503", "429"])
def test_a_server_that_fails_for_a_moment_is_asked_again(origins, server, npz, fault):
    server.faults = [fault, fault]
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["good/mnist.npz"] * 3


@pytest.mark.parametrize("fault", ["silent", "stall"])
def test_a_server_that_falls_silent_is_asked_again(origins, server, npz, monkeypatch, fault):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.faults = [fault]
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["good/mnist.npz"] * 2


def test_pauses_grow_between_attempts(origins, server, monkeypatch):
    pauses = []
    monkeypatch.setattr(download, "PAUSE", 0.5)
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    origins("bad")
    with pytest.raises(DataError):
        fetch_dataset("mnist")
    # The server sleeps too, for no time.
    assert [pause for pause in pauses if pause] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (["404"], "404 Client Error"),
        (["500"] * 3, "500 Server Error"),
        (["cut"] * 3, "the connection broke off"),
        (["silent"] * 3, "no answer in 0.2 seconds"),
    ],
)
def test_a_failed_download_says_why_and_leaves_nothing(origins, server, cache, monkeypatch, faults, words):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.faults = faults
    with pytest.raises(DataError, match="it could not be downloaded") as caught:
        fetch_dataset("mnist")
    assert f"127.0.0.1:{server.base.split(':')[2][:-1]}: {words}" in str(caught.value)
    assert names(cache) == [".mnist.lock"]


def test_a_server_that_is_not_there_is_no_connection(origins, checksum, monkeypatch):
    # Port 9 discards; nothing listens there.
    monkeypatch.setattr(catalog, "ORIGINS", {"mnist": (Origin("http://127.0.0.1:9/", {"mnist.npz": checksum}),)})
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9: no connection"):
        fetch_dataset("mnist")


def test_an_interrupted_download_leaves_nothing(origins, cache):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_dataset("mnist", on_download=interrupt)
    assert names(cache) == [".mnist.lock"]


@pytest.fixture
def idx_origin(server, arrays, monkeypatch):
    """Return a function that makes the four IDX files of the arrays what a data set comes from."""

    def use(name: str) -> None:
        order = ("x_train", "y_train", "x_test", "y_test")
        server.files = {file: idx(arrays[key]) for file, key in zip(catalog.MNIST_IDX, order, strict=True)}
        checksums = {file: f"md5:{hashlib.md5(content).hexdigest()}" for file, content in server.files.items()}
        monkeypatch.setattr(catalog, "ORIGINS", {name: (Origin(server.base, checksums),)})

    return use


def test_mnist_from_idx_files_is_kept_as_an_npz(idx_origin, arrays, cache):
    idx_origin("mnist")
    dataset = load_dataset("mnist")
    assert dataset.source == cache / "mnist.npz"
    np.testing.assert_array_equal(dataset.x_train, arrays["x_train"])
    assert names(cache) == [".mnist.lock", "mnist.npz"]


def test_fashion_mnist_is_kept_as_keras_keeps_it(idx_origin, cache):
    idx_origin("fashion_mnist")
    assert load_dataset("fashion_mnist").classes[9] == "Ankle boot"
    assert names(cache / "fashion-mnist") == [
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]


def test_a_downloaded_file_can_be_read_by_whom_the_user_lets(origins, cache):
    ordinary = cache.parent / "ordinary"
    ordinary.parent.mkdir()
    ordinary.touch()
    assert fetch_dataset("mnist").stat().st_mode == ordinary.stat().st_mode


def test_two_processes_at_once_download_once(origins, server, checksum, npz, cache):
    server.seconds = 0.5
    command = [sys.executable, "-c", IN_A_PROCESS, f"{server.base}good/", checksum]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=60)[0].strip() for process in both]
    assert answers == [str(cache / "mnist.npz")] * 2
    assert server.requests == ["good/mnist.npz"]


def test_what_a_killed_process_left_is_no_data_set_and_is_cleared(origins, server, checksum, npz, cache):
    server.faults = ["stall"]
    with subprocess.Popen([sys.executable, "-c", IN_A_PROCESS, f"{server.base}good/", checksum]) as process:
        until = time.monotonic() + 30
        while not server.requests and time.monotonic() < until:
            time.sleep(0.01)
        process.kill()
    assert find_dataset("mnist") is None
    assert fetch_dataset("mnist").read_bytes() == npz
    assert names(cache) == [".mnist.lock", "mnist.npz"]


def test_a_waiting_process_takes_what_the_other_downloaded(origins, server, npz, cache):
    server.seconds = 0.2
    found = []
    others = [threading.Thread(target=lambda: found.append(fetch_dataset("mnist"))) for _ in range(3)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join()
    assert found == [cache / "mnist.npz"] * 3
    assert server.requests == ["good/mnist.npz"]


def test_a_download_that_others_hold_for_too_long_is_an_error(origins, cache, monkeypatch):
    monkeypatch.setattr(download, "LOCK_WAIT", 0.0)
    cache.mkdir(parents=True)
    with (
        download.acquire_lock(cache / ".mnist.lock"),
        pytest.raises(DataError, match="another nntrain is working there"),
    ):
        fetch_dataset("mnist")


def test_a_cache_that_cannot_be_made_is_an_error_with_every_way_out(origins, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot be written") as caught:
        fetch_dataset("mnist")
    assert "data.dataset=mnist_5k" in str(caught.value)


def test_a_cache_that_cannot_be_written_is_an_error_with_every_way_out(origins, cache, monkeypatch):
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(DataError, match="cannot be locked: Permission denied") as caught:
        fetch_dataset("mnist")
    assert "data.dataset=mnist_5k" in str(caught.value)
