"""Downloads a data set to Keras's cache.

pooch downloads, verifies checksums and retries. This module adds several origins, a lock for one download at a time,
progress reports, files that appear in the cache only when they are complete, and readable reasons for failures.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nntrain.data.catalog import DATASETS, DatasetInfo, Origin, cached_path, find_dataset, missing_path
from nntrain.data.dataset import SPLITS
from nntrain.data.formats.idx import IdxReader
from nntrain.errors import DataError, DatasetNotFoundError, NntrainError
from nntrain.system.locks import acquire_lock

OnDownload = Callable[[int, int], None]  # bytes received of a file, bytes in total (0 if unknown)

TIMEOUT = 20.0  # seconds without an answer
ATTEMPTS = 3  # per file and origin
LOCK_TIMEOUT = 30 * 60.0  # seconds to wait for a download by another process


def fetch_dataset(name: str, *, on_download: OnDownload | None = None, by_command: bool = False) -> Path:
    """Return the path of a data set, after downloading it to Keras's cache if it is missing.

    `by_command`: whether the user has asked for this download by `nntrain data fetch`, which errors then do not advise.
    `on_download` is called for each file with the bytes received so far and the bytes in total, or 0 if unknown.
    Raises UsageError for an unknown name, and DataError, which lists the alternatives, if the download fails or
    NNTRAIN_OFFLINE is set.
    """
    path = find_dataset(name)
    if path is not None:
        return path
    if name not in DATASETS:
        raise missing_path(name)
    if os.environ.get("NNTRAIN_OFFLINE", "0") not in ("", "0"):
        remedy = "Unset it and try again" if by_command else "Unset it and run"
        raise not_found(name, "NNTRAIN_OFFLINE is set", remedy=remedy, by_command=by_command)
    cache = cached_path(name).parent
    with ExitStack() as stack:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            stack.enter_context(acquire_lock(cache / f".{name}.lock", timeout=LOCK_TIMEOUT))
        except OSError as error:
            reason = f"{cache} cannot be written: {error.strerror}"
            remedy = "Set KERAS_HOME to another folder and try again" if by_command else "Download it"
            raise not_found(name, reason, remedy=remedy, by_command=by_command) from None
        except NntrainError as error:
            raise not_found(name, str(error), remedy="Try again", by_command=by_command) from None
        # Another process may have downloaded it while this one waited for the lock.
        return find_dataset(name) or _download(DATASETS[name], on_download, by_command=by_command)


def not_found(
    name: str, reason: str | None = None, *, remedy: str = "Download it", by_command: bool = False
) -> DatasetNotFoundError:
    """Return the error for a data set that is missing, with all ways to get it, one per line.

    `reason` tells why it was not downloaded; `remedy` introduces the command that downloads it, unless that has failed.
    """
    info, cached = DATASETS[name], cached_path(name)
    files = "the file" if cached.suffix else "the folder"
    head = f"{info.title} not found" if reason is None else f"{info.title} not found, and {reason}"
    command, folder = "" if by_command else f": `nntrain data fetch {name}`", os.environ.get("NNTRAIN_DATA_DIR")
    place = f"{folder}, as NNTRAIN_DATA_DIR says" if folder else "a folder and set NNTRAIN_DATA_DIR to that folder"
    return DatasetNotFoundError(
        f"{head}. {remedy}{command}",
        f"or run {'this' if by_command else 'that'} command on another computer and copy {files} it prints to {cached}",
        f"or put {name}.npz into {place}",
    )


def _download(info: DatasetInfo, on_download: OnDownload | None, *, by_command: bool) -> Path:
    """Download a data set from the first origin that has it."""
    reasons = []
    for origin in info.origins:
        try:
            return _download_from(origin, info, on_download)
        # Exceptions of requests are OSErrors. The next origin may work.
        except (OSError, ValueError, DataError) as error:
            reasons.append(f"{origin.base_url.split('/')[2]}: {_reason(error)}")
    reason = f"the download failed ({'; '.join(dict.fromkeys(reasons))})"
    raise not_found(info.name, reason, remedy="Try again", by_command=by_command)


def _download_from(origin: Origin, info: DatasetInfo, on_download: OnDownload | None) -> Path:
    """Download an origin's files to a hidden folder of the cache, then move the data set into place in one step."""
    import shutil

    target = cached_path(info.name)
    # A fixed name is safe because of the lock, and lets the files that a killed process left be removed.
    folder = target.parent / f".{info.name}.part"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        _download_files(origin, folder, on_download)
        if not target.suffix:
            return folder.replace(target)
        if target.name not in origin.files:
            _convert_to_npz(folder, folder / target.name)
        return (folder / target.name).replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _convert_to_npz(idx_folder: Path, path: Path) -> None:
    reader = IdxReader(idx_folder)
    arrays: dict[str, Any] = {f"x_{split}": reader.images(split) for split in SPLITS}
    arrays |= {f"y_{split}": reader.labels(split) for split in SPLITS}
    np.savez_compressed(path, **arrays)


def _download_files(origin: Origin, folder: Path, on_download: OnDownload | None) -> None:
    """Download an origin's files, with retries if they may help; raises OSError, ValueError or DataError."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)  # it reports every download on stderr
    downloads = pooch.create(path=folder, base_url=origin.base_url, registry=origin.files, retry_if_failed=ATTEMPTS - 1)
    for file in origin.files:
        downloads.fetch(file, downloader=partial(_request, on_download=on_download))


def _request(url: str, path: str, _pooch: object, *, on_download: OnDownload | None) -> None:
    """Download a file, in one attempt; pooch retries on requests' errors, so lasting ones become a DataError."""
    import pooch
    import requests

    # Only the owner can read pooch's temporary file; a new file gets the user's default permissions.
    Path(path).unlink()
    download = pooch.HTTPDownloader(
        progressbar=_ProgressBar(on_download),
        chunk_size=2**16,
        timeout=TIMEOUT,
        # If the server compressed the transfer, the checksum would not match.
        headers={"Accept-Encoding": "identity"},
    )
    try:
        download(url, path, None)
    except requests.RequestException as error:
        if _is_temporary(error):
            raise
        raise DataError(_reason(error)) from None


def _is_temporary(error: Exception) -> bool:
    """Return whether a download that failed with this error may succeed if it is retried."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code in (408, 429)
    return not isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)


class _ProgressBar:
    """A callback in the form of the progress bar that pooch expects."""

    def __init__(self, on_download: OnDownload | None) -> None:
        self._report = on_download or (lambda received, total: None)
        self._received = 0
        self.total = 0  # set by pooch

    def update(self, count: int) -> None:
        # pooch counts the last chunk as a full one.
        self._received = min(self._received + count, self.total or self._received + count)
        self._report(self._received, self.total)

    def reset(self) -> None:
        self._received = 0

    def close(self) -> None:
        pass


def _reason(error: Exception) -> str:
    """Return a short reason why a download failed."""
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted here; behind a company's proxy, set REQUESTS_CA_BUNDLE"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was lost"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, ValueError):
        return "the file has the wrong checksum"
    return str(error)[:100]
