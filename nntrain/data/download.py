"""Downloading a data set to Keras's cache."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from nntrain.data import catalog
from nntrain.data.catalog import Origin, _cached, _path, find_dataset
from nntrain.data.dataset import PARTS
from nntrain.data.formats import IdxReader
from nntrain.errors import DataError, NntrainError
from nntrain.system.locks import acquire_lock

OnDownload = Callable[[int, int], None]  # bytes that are there, bytes in all (0: not known)


TIMEOUT = 20.0  # seconds without an answer


RETRIES = 3  # of a file, before the next origin


PAUSE = 0.5  # seconds before the second attempt; twice as long before each one after


LOCK_WAIT = 30 * 60.0  # seconds that another process may take to download


def fetch_dataset(name: str, *, on_download: OnDownload | None = None) -> Path:
    """Return where a data set lies, downloading it to Keras's cache where it is missing.

    `on_download` is told the bytes that are there and the bytes in all of each file, 0 where that is not known.
    Raises UsageError for an unknown name, DataError, with every way out, where the download fails or NNTRAIN_OFFLINE
    is set.
    """
    found = find_dataset(name)
    if found is not None:
        return found
    if name not in catalog.ORIGINS:
        raise DataError(f"{_path(name)}: no such file or folder")
    if os.environ.get("NNTRAIN_OFFLINE", "0") not in ("", "0"):
        raise DataError(_ways_out(name, "NNTRAIN_OFFLINE is set"))
    cache = _cached(name).parent
    with ExitStack() as stack:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            stack.enter_context(acquire_lock(cache / f".{name}.lock", timeout=LOCK_WAIT))
        except OSError as error:
            raise DataError(_ways_out(name, f"{cache}: cannot be written: {error.strerror}")) from None
        except NntrainError as error:
            raise DataError(_ways_out(name, str(error))) from None
        # Another process may have downloaded it while this one waited.
        return find_dataset(name) or _download(name, on_download)


def _download(name: str, on_download: OnDownload | None) -> Path:
    reasons = []
    for origin in catalog.ORIGINS[name]:
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
