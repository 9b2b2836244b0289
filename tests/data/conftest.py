"""Data sets small enough to make in a test, and an environment without the user's data."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Arrays = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the user's data, cache and proxy out of the tests; return what stands for Keras's folder."""
    for name in ("NNTRAIN_DATA_DIR", "NNTRAIN_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "keras"


@pytest.fixture
def arrays() -> Arrays:
    """Twenty training and ten test images of three classes; image n is filled with n."""
    return {
        "x_train": np.arange(20, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8),
        "y_train": np.arange(20, dtype=np.uint8) % 3,
        "x_test": np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8),
        "y_test": np.arange(10, dtype=np.uint8) % 3,
    }


@pytest.fixture
def save_npz(tmp_path: Path, arrays: Arrays) -> Callable[..., Path]:
    """Return a function that saves the arrays as own.npz, some replaced by its arguments or, if None, left out."""

    def save(**other: Any) -> Path:
        path = tmp_path / "own.npz"
        np.savez(path, **{name: array for name, array in {**arrays, **other}.items() if array is not None})
        return path

    return save


@pytest.fixture
def cached_mnist(home: Path, save_npz: Callable[..., Path]) -> Path:
    """Put a small data set into Keras's cache as mnist.npz; return its path."""
    path = home / "datasets" / "mnist.npz"
    path.parent.mkdir(parents=True)
    return save_npz().rename(path)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that NNTRAIN_DATA_DIR names."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(folder))
    return folder


class Server:
    """A local HTTP server: `files` by path; each request uses up one of `faults`, if there are any."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.seconds = 0.0  # before each response
        self.released = threading.Event()  # ends what hangs
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self._http.server_address[1]}/"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path[1:])
                fault = server.faults.pop(0) if server.faults else ""
                body = server.files.get(self.path[1:])
                time.sleep(server.seconds)
                if fault.isdecimal() or body is None:
                    self.send_error(int(fault or 404))
                    return
                if fault == "silent":
                    server.released.wait(20)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if fault in ("cut", "stall") else body)
                if fault == "stall":
                    server.released.wait(20)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a local HTTP server without files."""
    running = Server()
    yield running
    running.close()


def idx_bytes(array: np.ndarray) -> bytes:
    """Return an IDX file as its format describes it: 0, 0, 8 for bytes, dimensions, their sizes, the values."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def idx_folder(tmp_path: Path, arrays: Arrays) -> Path:
    """Return a folder with the arrays in four IDX files."""
    folder = tmp_path / "idx"
    folder.mkdir()
    names = {"x_train": "train-images-idx3", "y_train": "train-labels-idx1"}
    names |= {"x_test": "t10k-images-idx3", "y_test": "t10k-labels-idx1"}
    for array, name in names.items():
        (folder / f"{name}-ubyte").write_bytes(idx_bytes(arrays[array]))
    return folder


@pytest.fixture
def qmnist_folder(tmp_path: Path, arrays: Arrays) -> Path:
    """Return a folder with the arrays as QMNIST has them: each label is the first of 8 integers of 4 bytes."""
    folder = tmp_path / "qmnist"
    folder.mkdir()
    for split in ("train", "test"):
        labels = arrays[f"y_{split}"]
        # Class, series, writer, digit of the writer, class in ASCII, digit in NIST, duplicate, unused.
        rows = [(label, 4, 2599, index, 48 + label, 281_769, 0, 0) for index, label in enumerate(labels.tolist())]
        header = struct.pack(">4B2I", 0, 0, 12, 2, len(labels), 8)
        content = header + b"".join(struct.pack(">8i", *row) for row in rows)
        (folder / f"qmnist-{split}-labels-idx2-int").write_bytes(content)
        (folder / f"qmnist-{split}-images-idx3-ubyte").write_bytes(idx_bytes(arrays[f"x_{split}"]))
    return folder


@pytest.fixture
def save_picture() -> Callable[..., Path]:
    """Return a function that saves a picture of one grey level, with the folders on the way."""

    def save(path: Path, *, grey: int = 0, size: tuple[int, int] = (28, 28)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size, grey).save(path)
        return path

    return save


@pytest.fixture
def picture_folder(tmp_path: Path, save_picture: Callable[..., Path]) -> Path:
    """Return a folder with two training pictures and one test picture of each of the classes 2, 10 and 9."""
    for label in (2, 10, 9):
        for split, count in (("train", 2), ("test", 1)):
            for index in range(count):
                save_picture(tmp_path / "own" / split / str(label) / f"{index}.png", grey=label * 10 + index)
    return tmp_path / "own"
