"""Where data sets come from: the sample that ships, NNTRAIN_DATA_DIR, Keras's cache, a download, or a path."""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nntrain.data.dataset import PARTS, Dataset, checked, numbered
from nntrain.data.readers import IdxReader, Reader, open_reader
from nntrain.errors import DataError, NntrainError, UsageError
from nntrain.locks import FileLock

DATASETS = {
    "mnist": "70,000 handwritten digits",
    "fashion_mnist": "70,000 pictures of clothes, in MNIST's format",
    "mnist_5k": "5,000 of MNIST's training images, which ship with nntrain",
}
SAMPLE = Path(__file__).parent / "mnist_5k.npz"
FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

OnDownload = Callable[[int, int], None]  # bytes that are there, bytes in all (0: not known)


@dataclass(frozen=True)
class Origin:
    """One place that a data set can be downloaded from."""

    base: str  # address, with a slash at its end
    files: dict[str, str]  # name: checksum, "md5:..." or "sha256:..."


MNIST_IDX = {
    "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
}
FASHION_IDX = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
ORIGINS = {
    "mnist": (
        Origin(KERAS, {"mnist.npz": "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}),
        Origin("https://storage.googleapis.com/cvdf-datasets/mnist/", MNIST_IDX),
        Origin("https://ossci-datasets.s3.amazonaws.com/mnist/", MNIST_IDX),
    ),
    "fashion_mnist": (
        Origin(KERAS, FASHION_IDX),
        Origin("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/", FASHION_IDX),
    ),
}
KEPT = {"mnist": "mnist.npz", "fashion_mnist": "fashion-mnist"}  # file or folder of Keras's cache, named as Keras does
TIMEOUT = 20.0  # seconds without an answer
RETRIES = 3  # of a file, before the next origin
PAUSE = 0.5  # seconds before the second attempt; twice as long before each one after
LOCK_WAIT = 30 * 60.0  # seconds that another process may take to download


def load_dataset(
    name: str,
    *,
    parts: tuple[str, ...] = PARTS,
    download: bool = True,
    on_download: OnDownload | None = None,
) -> Dataset:
    """Return a data set by name or path, whole or in parts ("train", "test"), checked.

    Raises UsageError for an unknown name, DataError where the data is missing, damaged or unfit.
    """
    source = _source(name, download=download, on_download=on_download)
    try:
        return _read(name, source, parts)
    except DataError as error:
        if name in ORIGINS and source == _cached(name):
            raise DataError(f"{error}. Delete {source} and run `nntrain data fetch {name}`") from None
        raise


def _read(name: str, source: Path, parts: tuple[str, ...]) -> Dataset:
    reader = open_reader(source)
    classes = _class_names(name, reader)
    if len(classes) < 2:
        raise DataError(f"{source}: all is of one class; there is nothing to tell apart")
    arrays = {part: (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8)) for part in PARTS}
    for part in parts:
        images, labels = checked(reader.images(part), reader.labels(part), part, source)
        if labels.max() >= len(classes):
            raise DataError(f"{source}: {part} has the label {labels.max()}, but {name} has {len(classes)} classes")
        if part == "train" and labels.min() == labels.max():
            raise DataError(f"{source}: train has images of one class alone; there is nothing to tell apart")
        arrays[part] = images, labels
    return Dataset(name, source, *arrays["train"], *arrays["test"], classes)


def _class_names(name: str, reader: Reader) -> tuple[str, ...]:
    if name == "fashion_mnist":
        return FASHION
    return numbered(10) if name in DATASETS else reader.classes()


def count_classes(name: str) -> int | None:
    """Return how many classes a data set has; None where it cannot be read (`load_dataset` says why)."""
    if name in DATASETS:
        return 10
    try:
        return len(open_reader(_path(name)).classes())
    except NntrainError:
        return None


def find_dataset(name: str) -> Path | None:
    """Return where a data set would be read from without a download, or None."""
    if name == "mnist_5k":
        return SAMPLE
    if name not in DATASETS:
        path = _path(name)
        return path if os.path.exists(path) else None
    folder = os.environ.get("NNTRAIN_DATA_DIR")
    places = [Path(folder) / f"{name}.npz"] if folder else []
    # os.path: a folder that may not be looked into holds nothing for us.
    return next((place for place in [*places, _cached(name)] if os.path.exists(place)), None)


def fetch_dataset(name: str, *, on_download: OnDownload | None = None) -> Path:
    """Return where a data set lies, downloading it to Keras's cache where it is missing.

    `on_download` is told the bytes that are there and the bytes in all of each file, 0 where that is not known.
    Raises UsageError for an unknown name, DataError, with every way out, where the download fails or NNTRAIN_OFFLINE
    is set.
    """
    found = find_dataset(name)
    if found is not None:
        return found
    if name not in ORIGINS:
        raise DataError(f"{_path(name)}: no such file or folder")
    if os.environ.get("NNTRAIN_OFFLINE", "0") not in ("", "0"):
        raise DataError(_ways_out(name, "NNTRAIN_OFFLINE is set"))
    cache = _cached(name).parent
    with ExitStack() as stack:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(cache / f".{name}.lock", wait=LOCK_WAIT))
        except OSError as error:
            raise DataError(_ways_out(name, f"{cache}: cannot be written: {error.strerror}")) from None
        except NntrainError as error:
            raise DataError(_ways_out(name, str(error))) from None
        # Another process may have downloaded it while this one waited.
        return find_dataset(name) or _download(name, on_download)


def _download(name: str, on_download: OnDownload | None) -> Path:
    reasons = []
    for origin in ORIGINS[name]:
        try:
            return _download_from(origin, name, on_download)
        # requests' own errors are OSErrors; the next origin may do better.
        except (OSError, ValueError, DataError) as error:
            reasons.append(f"{origin.base.split('/')[2]}: {_reason(error)}")
    raise DataError(_ways_out(name, f"it could not be downloaded ({'; '.join(dict.fromkeys(reasons))})"))


def _download_from(origin: Origin, name: str, on_download: OnDownload | None) -> Path:
    """Download an origin's files to a hidden folder of the cache, then move what is kept into place at once."""
    import shutil

    target = _cached(name)
    # One name for all: the lock keeps others away, and what a killed process left is cleared.
    hidden = target.parent / f".{name}.part"
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir()
    try:
        for file, checksum in origin.files.items():
            _download_file(f"{origin.base}{file}", checksum, hidden / file, on_download)
        if not target.suffix:
            return hidden.replace(target)
        if target.name not in origin.files:
            idx = IdxReader(hidden)
            arrays: dict[str, Any] = {f"x_{part}": idx.images(part) for part in PARTS}
            arrays |= {f"y_{part}": idx.labels(part) for part in PARTS}
            np.savez_compressed(hidden / target.name, **arrays)
        return (hidden / target.name).replace(target)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _download_file(address: str, checksum: str, target: Path, on_download: OnDownload | None) -> None:
    """Download a file, again where that may help; raises OSError or ValueError where it does not."""
    import pooch

    algorithm, expected = checksum.split(":")
    for attempt in range(1, RETRIES + 1):
        # identity: a server that packs what it sends would change the bytes that the checksum is of.
        downloader = pooch.HTTPDownloader(
            progressbar=_Progress(on_download),
            chunk_size=2**16,
            timeout=TIMEOUT,
            headers={"Accept-Encoding": "identity"},
        )
        try:
            downloader(address, str(target), None)
            if pooch.file_hash(str(target), algorithm) != expected:
                raise ValueError("the file has another checksum than it should have")
        except (OSError, ValueError) as error:
            if attempt == RETRIES or not _may_pass(error):
                raise
            time.sleep(PAUSE * 2 ** (attempt - 1))
        else:
            return


def _may_pass(error: Exception) -> bool:
    """Tell whether a download that failed so may succeed when tried again."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code in (408, 429)
    return not isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)


class _Progress:
    """What pooch wants of a progress bar, as a callback."""

    def __init__(self, on_download: OnDownload | None) -> None:
        self._tell = on_download or (lambda done, total: None)
        self.total = 0
        self._done = 0

    def update(self, count: int) -> None:
        # pooch counts the last chunk as a whole one.
        self._done = min(self._done + count, self.total or self._done + count)
        self._tell(self._done, self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def _reason(error: Exception) -> str:
    """Say in a few words why a download failed."""
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer in {TIMEOUT:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted here; behind a company's proxy, set REQUESTS_CA_BUNDLE"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text if len(text) <= 100 else f"{text[:97]}..."


def _ways_out(name: str, reason: str) -> str:
    kept = _cached(name)
    what = "it" if kept.suffix else "its four IDX files (train-images-idx3-ubyte.gz ...)"
    ways = [
        f"put {name}.npz into a folder and set NNTRAIN_DATA_DIR to that folder",
        f"or put {what} where Keras keeps {'it' if kept.suffix else 'them'}: {kept}",
        f"or run `nntrain data fetch {name}` where there is a network, and copy what it prints",
        "or learn from the 5,000 images of MNIST that ship with nntrain: data.dataset=mnist_5k",
    ]
    return "\n  ".join([f"{name} is not here, and {reason}. Ways out:", *ways])


def _source(name: str, *, download: bool, on_download: OnDownload | None) -> Path:
    if name not in DATASETS:
        return _path(name)
    found = find_dataset(name)
    if found is not None:
        return found
    if not download:
        raise DataError(_ways_out(name, "nothing was to be downloaded"))
    return fetch_dataset(name, on_download=on_download)


def _path(name: str) -> Path:
    """Return a path as a path; raises UsageError for a bare name that is no data set's."""
    if "/" in name or "\\" in name or Path(name).suffix or name in (".", "..", "~"):
        # os.path: Path.expanduser raises where there is no such user.
        return Path(os.path.expanduser(name))
    close = difflib.get_close_matches(name.lower(), DATASETS, n=1, cutoff=0.4)
    guess = f"; did you mean '{close[0]}'?" if close else "."
    raise UsageError(f"no data set '{name}'{guess} There are {', '.join(DATASETS)}; a path has a suffix or a slash")


def _cached(name: str) -> Path:
    """Return where Keras keeps a data set."""
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "datasets" / KEPT[name]
