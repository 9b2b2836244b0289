"""Where data sets come from: the sample that ships, NNTRAIN_DATA_DIR, Keras's cache, a download, or a path."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nntrain.data.dataset import PARTS, Dataset, checked, numbered
from nntrain.data.readers import IDX_FILES, Reader, open_reader
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
    files: dict[str, str]  # name: checksum
    keep_as: str  # file or folder of Keras's cache


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
        Origin(
            KERAS,
            {"mnist.npz": "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"},
            "mnist.npz",
        ),
        Origin("https://storage.googleapis.com/cvdf-datasets/mnist/", MNIST_IDX, "mnist"),
        Origin("https://ossci-datasets.s3.amazonaws.com/mnist/", MNIST_IDX, "mnist"),
    ),
    "fashion_mnist": (
        Origin(KERAS, FASHION_IDX, "fashion-mnist"),
        Origin("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", FASHION_IDX, "fashion-mnist"),
    ),
}
TIMEOUT = 20  # seconds without an answer
RETRIES = 3  # of a file, before the next origin
LOCK_WAIT = 30 * 60  # seconds that another process may take to download


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
    reader = open_reader(source)
    arrays = {part: checked(reader.images(part), reader.labels(part), part, source) for part in parts}
    empty = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    classes = _class_names(name, reader)
    for part, (_, labels) in arrays.items():
        if labels.max() >= len(classes):
            raise DataError(f"{source}: {part} has the label {labels.max()}, but {name} has {len(classes)} classes")
    if len(classes) < 2:
        raise DataError(f"{source}: all labels are the same; there is nothing to tell apart")
    x_train, y_train = arrays.get("train", empty)
    x_test, y_test = arrays.get("test", empty)
    return Dataset(name, source, x_train, y_train, x_test, y_test, classes)


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
        return path if path.exists() else None
    folder = os.environ.get("NNTRAIN_DATA_DIR")
    places = [Path(folder) / f"{name}.npz"] if folder else []
    places += [_cache() / origin.keep_as for origin in ORIGINS[name]]
    return next((place for place in places if place.exists()), None)


def fetch_dataset(name: str, *, on_download: OnDownload | None = None) -> Path:
    """Return where a data set lies, downloading it to Keras's cache where it is missing.

    Raises DataError, with every way out, where that fails or NNTRAIN_OFFLINE is set.
    """
    found = find_dataset(name)
    if found is not None:
        return found
    if os.environ.get("NNTRAIN_OFFLINE", "0") not in ("", "0"):
        raise DataError(_ways_out(name, "NNTRAIN_OFFLINE is set"))
    cache = _cache()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(_ways_out(name, f"{cache}: cannot be written: {error.strerror}")) from None
    with FileLock(cache / f".{name}.lock", wait=LOCK_WAIT):
        # Another process may have downloaded it while this one waited.
        return find_dataset(name) or _download(name, cache, on_download)


def _download(name: str, cache: Path, on_download: OnDownload | None) -> Path:
    reasons = []
    for origin in ORIGINS[name]:
        try:
            return _download_from(origin, cache, on_download)
        except Exception as error:  # noqa: BLE001
            # requests, urllib3, pooch and the system each have their own; the next origin may do better.
            reasons.append(f"{origin.base.split('/')[2]}: {_reason(error)}")
    raise DataError(_ways_out(name, f"it could not be downloaded ({'; '.join(dict.fromkeys(reasons))})"))


def _download_from(origin: Origin, cache: Path, on_download: OnDownload | None) -> Path:
    """Download an origin's files to a hidden folder of the cache, then move them into place at once."""
    import shutil
    import tempfile

    import pooch

    pooch.get_logger().setLevel(logging.CRITICAL)
    target = cache / origin.keep_as
    hidden = Path(tempfile.mkdtemp(prefix=".nntrain-", dir=cache))
    try:
        downloader = pooch.HTTPDownloader(progressbar=_Progress(on_download), timeout=TIMEOUT)
        for file, checksum in origin.files.items():
            _retrieve(pooch, f"{origin.base}{file}", checksum, hidden, file, downloader)
        if target.suffix:
            (hidden / target.name).replace(target)
        else:
            hidden.replace(target)
        return target
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _retrieve(
    pooch: object, address: str, checksum: str, folder: Path, file: str, downloader: object
) -> None:
    for attempt in range(RETRIES):
        try:
            pooch.retrieve(address, checksum, fname=file, path=folder, downloader=downloader)  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001
            if attempt == RETRIES - 1:
                raise
        else:
            return


class _Progress:
    """What pooch wants of a progress bar, as a callback."""

    def __init__(self, on_download: OnDownload | None) -> None:
        self._tell = on_download or (lambda done, total: None)
        self.total = 0
        self._done = 0

    def update(self, count: int) -> None:
        self._done += count
        self._tell(self._done, int(self.total or 0))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        self._done = 0


def _reason(error: Exception) -> str:
    """Say in a few words why a download failed."""
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer in {TIMEOUT} seconds"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "does not match the known hash" in text:
        return "the file has another checksum than it should have"
    return text if len(text) <= 100 else f"{text[:97]}..."


def _ways_out(name: str, reason: str) -> str:
    ways = [
        f"put {name}.npz into a folder and set NNTRAIN_DATA_DIR to that folder",
        f"or put it where Keras keeps it: {_cache() / ORIGINS[name][0].keep_as}",
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
        raise DataError(_ways_out(name, "nothing was downloaded"))
    return fetch_dataset(name, on_download=on_download)


def _path(name: str) -> Path:
    """Return a path as a path; raises UsageError for a bare name that is no data set's."""
    if "/" in name or "\\" in name or Path(name).suffix or name in (".", "..", "~"):
        return Path(name).expanduser()
    close = difflib.get_close_matches(name.lower(), DATASETS, n=1, cutoff=0.4)
    guess = f"; did you mean '{close[0]}'?" if close else ";"
    raise UsageError(f"no data set '{name}'{guess} There are {', '.join(DATASETS)}; a path has a suffix or a slash")


def _cache() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path("~/.keras").expanduser()) / "datasets"


__all__ = ["DATASETS", "IDX_FILES", "ORIGINS", "count_classes", "fetch_dataset", "find_dataset", "load_dataset"]
