"""Downloads, from a server in the test."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pooch
import pytest
import requests

from nntrain.data import download
from nntrain.data.catalog import DATASETS, Origin, find_dataset
from nntrain.data.download import fetch_dataset, not_found
from nntrain.data.formats.idx import IDX_FILES, QMNIST_FILES
from nntrain.data.load import load_dataset
from nntrain.errors import DataError

IN_A_PROCESS = """
import dataclasses, sys
from nntrain.data.catalog import DATASETS, Origin
from nntrain.data.download import fetch_dataset
base_url, checksum = sys.argv[1:]
DATASETS["mnist"] = dataclasses.replace(DATASETS["mnist"], origins=(Origin(base_url, {"mnist.npz": checksum}),))
print(fetch_dataset("mnist"))
"""


@pytest.fixture(autouse=True)
def pauses(monkeypatch) -> list[float]:
    """Let pooch try again at once; return the seconds that it would have waited."""
    seconds: list[float] = []
    monkeypatch.setattr(pooch.core, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


@pytest.fixture
def npz(server, save_npz) -> bytes:
    """Return an .npz that the server has as good/mnist.npz and, with a changed byte, as bad/mnist.npz."""
    content = save_npz().read_bytes()
    server.files = {"good/mnist.npz": content, "bad/mnist.npz": content[:-1] + b"?"}
    return content


@pytest.fixture
def checksum(npz) -> str:
    return f"sha256:{hashlib.sha256(npz).hexdigest()}"


@pytest.fixture
def set_origins(monkeypatch):
    """Return a function that sets where a data set is downloaded from."""

    def set_origins(name: str, *origins: Origin) -> None:
        monkeypatch.setitem(DATASETS, name, dataclasses.replace(DATASETS[name], origins=origins))

    return set_origins


@pytest.fixture
def use_folders(server, checksum, set_origins):
    """Return a function that makes mnist come from folders of the server, of "good" until then."""

    def use_folders(*folders: str) -> None:
        set_origins("mnist", *(Origin(f"{server.base}{folder}/", {"mnist.npz": checksum}) for folder in folders))

    use_folders("good")
    return use_folders


@pytest.fixture
def cache(home):
    return home / "datasets"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_missing_data_set_is_downloaded_once(use_folders, server, npz, cache):
    path = fetch_dataset("mnist")
    assert path == cache / "mnist.npz"
    assert path.read_bytes() == npz
    assert fetch_dataset("mnist") == path
    assert server.requests == ["good/mnist.npz"]


def test_loading_downloads_a_missing_data_set(use_folders, cache):
    assert load_dataset("mnist").source == cache / "mnist.npz"


def test_loading_downloads_nothing_unless_that_is_allowed(use_folders, server):
    with pytest.raises(DataError, match="MNIST not found"):
        load_dataset("mnist", download=False)
    assert server.requests == []


def test_a_download_is_silent(use_folders, server, capfd):
    server.faults = ["503"]
    fetch_dataset("mnist")
    assert capfd.readouterr() == ("", "")


def test_progress_is_reported_for_each_chunk_up_to_the_last_byte(use_folders, server, set_origins):
    content = bytes(150_000)
    server.files = {"large/mnist.npz": content}
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    set_origins("mnist", Origin(f"{server.base}large/", {"mnist.npz": checksum}))
    reports = []
    fetch_dataset("mnist", on_download=lambda received, total: reports.append((received, total)))
    assert reports == [(65_536, 150_000), (131_072, 150_000), (150_000, 150_000), (150_000, 150_000)]


def test_progress_without_a_known_size_counts_what_was_received():
    reports = []
    bar = download._ProgressBar(lambda received, total: reports.append((received, total)))
    bar.update(5)
    bar.update(3)
    assert reports == [(5, 0), (8, 0)]


def test_loading_reports_progress(use_folders, npz):
    reports = []
    load_dataset("mnist", on_download=lambda received, total: reports.append((received, total)))
    assert reports[-1] == (len(npz), len(npz))


def test_a_wrong_checksum_leads_to_the_next_origin(use_folders, server, npz):
    use_folders("bad", "good")
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["bad/mnist.npz"] * 3 + ["good/mnist.npz"]


@pytest.mark.parametrize("status", ["404", "403", "499"])
def test_a_refusal_leads_to_the_next_origin_at_once(use_folders, server, npz, status):
    server.faults = [status]
    use_folders("none", "good")
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["none/mnist.npz", "good/mnist.npz"]


@pytest.mark.parametrize("fault", ["cut", "500", "503", "408", "429"])
def test_a_server_that_fails_for_a_moment_is_asked_again(use_folders, server, npz, pauses, fault):
    server.faults = [fault, fault]
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["good/mnist.npz"] * 3
    assert pauses == [1, 2]


@pytest.mark.parametrize("fault", ["silent", "stall"])
def test_a_server_that_falls_silent_is_asked_again(use_folders, server, npz, monkeypatch, fault):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.faults = [fault]
    assert fetch_dataset("mnist").read_bytes() == npz
    assert server.requests == ["good/mnist.npz"] * 2


@pytest.mark.parametrize(
    ("error", "temporary"),
    [
        (requests.ConnectionError(), True),
        (requests.ReadTimeout(), True),
        (requests.ConnectTimeout(), False),
        (requests.exceptions.SSLError(), False),
    ],
)
def test_a_server_that_cannot_be_reached_at_all_is_not_asked_again(error, temporary):
    assert download._is_temporary(error) == temporary


def ways(name, file, cached):
    return (
        f"\n  or run that command on another computer and copy {file} it prints to {cached}"
        f"\n  or put {name}.npz into a folder and set NNTRAIN_DATA_DIR to that folder"
    )


def test_a_missing_data_set_is_an_error_with_every_way_to_get_it(cache):
    assert str(not_found("fashion_mnist")) == (
        "Fashion-MNIST not found. Download it: `nntrain data fetch fashion_mnist`"
        + ways("fashion_mnist", "the folder", cache / "fashion-mnist")
    )


def test_a_folder_that_is_set_already_is_named(cache, monkeypatch):
    monkeypatch.setenv("NNTRAIN_DATA_DIR", "/data")
    assert not_found("kmnist").lines[2] == "or put kmnist.npz into /data, as NNTRAIN_DATA_DIR says"


def test_the_command_that_downloads_does_not_recommend_itself(use_folders, cache, monkeypatch):
    use_folders("nowhere")
    with pytest.raises(
        DataError, match=r"MNIST not found, and .*\. Try again\n  or run this command on another"
    ) as caught:
        fetch_dataset("mnist", by_command=True)
    assert "data fetch" not in str(caught.value)
    monkeypatch.setenv("NNTRAIN_OFFLINE", "1")
    with pytest.raises(DataError, match=r"NNTRAIN_OFFLINE is set\. Unset it and try again\n"):
        fetch_dataset("mnist", by_command=True)


@pytest.mark.parametrize("value", ["1", "yes"])
def test_offline_nothing_is_downloaded(use_folders, server, cache, monkeypatch, value):
    monkeypatch.setenv("NNTRAIN_OFFLINE", value)
    with pytest.raises(DataError) as caught:
        fetch_dataset("mnist")
    assert str(caught.value) == (
        "MNIST not found, and NNTRAIN_OFFLINE is set. Unset it and run: `nntrain data fetch mnist`"
        + ways("mnist", "the file", cache / "mnist.npz")
    )
    assert server.requests == []


@pytest.mark.parametrize("value", ["0", ""])
def test_a_variable_of_0_or_nothing_is_not_offline(use_folders, cache, monkeypatch, value):
    monkeypatch.setenv("NNTRAIN_OFFLINE", value)
    assert fetch_dataset("mnist") == cache / "mnist.npz"


def test_offline_what_is_in_the_cache_is_read(cached_mnist, monkeypatch):
    monkeypatch.setenv("NNTRAIN_OFFLINE", "1")
    assert fetch_dataset("mnist") == cached_mnist
    assert len(load_dataset("mnist").x_train) == 20


def test_a_path_that_does_not_exist_cannot_be_downloaded(tmp_path):
    with pytest.raises(DataError) as caught:
        fetch_dataset(str(tmp_path / "own.npz"))
    assert str(caught.value) == f"{tmp_path / 'own.npz'}: no such file or folder"


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        (["404"], "HTTP status 404"),
        (["500"] * 3, "HTTP status 500"),
        (["cut"] * 3, "the connection was lost"),
        (["silent"] * 3, "no answer within 0.2 seconds"),
    ],
)
def test_a_failed_download_is_an_error_with_the_reason_and_leaves_nothing(
    use_folders, server, cache, monkeypatch, faults, reason
):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.faults = faults
    host = server.base.split("/")[2]
    with pytest.raises(DataError) as caught:
        fetch_dataset("mnist")
    assert str(caught.value) == (
        f"MNIST not found, and the download failed ({host}: {reason}). Try again: `nntrain data fetch mnist`"
        + ways("mnist", "the file", cache / "mnist.npz")
    )
    assert names(cache) == [".mnist.lock"]


def test_each_origins_reason_is_reported_once(use_folders, server):
    use_folders("bad", "none", "none")
    host = server.base.split("/")[2]
    with pytest.raises(DataError) as caught:
        fetch_dataset("mnist")
    assert f"({host}: the file has the wrong checksum; {host}: HTTP status 404)." in str(caught.value)


def test_a_server_that_is_not_there_is_no_connection(set_origins, checksum):
    # Nothing listens on port 9.
    set_origins("mnist", Origin("http://127.0.0.1:9/", {"mnist.npz": checksum}))
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9: no connection"):
        fetch_dataset("mnist")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            requests.exceptions.SSLError(),
            "its certificate is not trusted here; behind a company's proxy, set REQUESTS_CA_BUNDLE",
        ),
        (requests.ConnectTimeout(), "no answer within 20 seconds"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (DataError("x" * 101), "x" * 100),
    ],
)
def test_reasons_are_short_and_in_words(error, reason):
    assert download._reason(error) == reason


def test_an_interrupted_download_leaves_nothing(use_folders, cache):
    def interrupt(received: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_dataset("mnist", on_download=interrupt)
    assert names(cache) == [".mnist.lock"]


@pytest.fixture
def use_idx_files(server, idx_folder, set_origins):
    """Return a function that makes a data set come from four IDX files, by default MNIST's."""

    def use_idx_files(name: str, folder: Path = idx_folder) -> None:
        contents = {path.name: gzip.compress(path.read_bytes()) for path in folder.iterdir()}
        server.files = {f"{file}.gz": content for file, content in contents.items()}
        checksums = {file: f"md5:{hashlib.md5(content).hexdigest()}" for file, content in server.files.items()}
        set_origins(name, Origin(server.base, checksums))

    return use_idx_files


def test_mnist_from_idx_files_is_cached_as_an_npz(use_idx_files, arrays, cache):
    use_idx_files("mnist")
    dataset = load_dataset("mnist")
    assert dataset.source == cache / "mnist.npz"
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), array)
    assert names(cache) == [".mnist.lock", "mnist.npz"]
    assert (cache / "mnist.npz").stat().st_size < 2_000  # compressed: the images alone are 23,520 bytes


def test_fashion_mnist_is_cached_as_keras_does(use_idx_files, cache):
    use_idx_files("fashion_mnist")
    assert load_dataset("fashion_mnist").classes[9] == "Ankle boot"
    assert names(cache) == [".fashion_mnist.lock", "fashion-mnist"]
    assert names(cache / "fashion-mnist") == [
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]


def test_kmnist_is_cached_as_an_npz(use_idx_files, arrays, cache):
    use_idx_files("kmnist")
    dataset = load_dataset("kmnist")
    assert (dataset.source, dataset.classes[9]) == (cache / "kmnist.npz", "wo")
    np.testing.assert_array_equal(dataset.y_train, arrays["y_train"])
    assert names(cache) == [".kmnist.lock", "kmnist.npz"]


def test_qmnist_is_cached_as_an_npz_with_its_labels_alone(use_idx_files, qmnist_folder, arrays, cache):
    use_idx_files("qmnist", qmnist_folder)
    dataset = load_dataset("qmnist")
    assert (dataset.source, dataset.classes) == (cache / "qmnist.npz", tuple("0123456789"))
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), array)


@pytest.mark.parametrize("name", [name for name, info in DATASETS.items() if info.origins])
def test_the_files_of_each_origin_make_a_data_set(name):
    for origin in DATASETS[name].origins:
        files = {file.removesuffix(".gz") for file in origin.files}
        assert files in ({f"{name}.npz"}, set(IDX_FILES.values()), set(QMNIST_FILES.values()))


def test_a_downloaded_file_has_the_users_usual_permissions(use_folders, cache):
    ordinary = cache.parent / "ordinary"
    ordinary.parent.mkdir()
    ordinary.touch()
    assert fetch_dataset("mnist").stat().st_mode == ordinary.stat().st_mode


def test_two_processes_at_once_download_once(use_folders, server, checksum, npz, cache):
    server.seconds = 0.5
    command = [sys.executable, "-c", IN_A_PROCESS, f"{server.base}good/", checksum]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert paths == [str(cache / "mnist.npz")] * 2
    assert server.requests == ["good/mnist.npz"]


def test_what_a_killed_process_left_is_no_data_set_and_is_removed(use_folders, server, checksum, npz, cache):
    server.faults = ["stall"]
    with subprocess.Popen([sys.executable, "-c", IN_A_PROCESS, f"{server.base}good/", checksum]) as process:
        deadline = time.monotonic() + 30
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    assert find_dataset("mnist") is None
    assert fetch_dataset("mnist").read_bytes() == npz
    assert names(cache) == [".mnist.lock", "mnist.npz"]


def test_a_waiting_process_takes_what_the_other_downloaded(use_folders, server, npz, cache):
    server.seconds = 0.2
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(fetch_dataset("mnist"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths == [cache / "mnist.npz"] * 3
    assert server.requests == ["good/mnist.npz"]


def test_a_download_that_another_process_holds_for_too_long_is_an_error(use_folders, cache, monkeypatch):
    monkeypatch.setattr(download, "LOCK_TIMEOUT", 0.0)
    cache.mkdir(parents=True)
    with download.acquire_lock(cache / ".mnist.lock"), pytest.raises(DataError) as caught:
        fetch_dataset("mnist")
    assert str(caught.value).startswith(
        f"MNIST not found, and {cache}: another nntrain is working there. Try again: `nntrain data fetch mnist`\n"
    )


def test_another_process_may_take_half_an_hour_to_download():
    assert download.LOCK_TIMEOUT == 1800


def test_a_cache_that_cannot_be_made_is_an_error_with_every_way_out(use_folders, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError) as caught:
        fetch_dataset("mnist")
    assert str(caught.value).startswith(
        f"MNIST not found, and {tmp_path / 'file' / 'datasets'} cannot be written: Not a directory. "
        "Download it: `nntrain data fetch mnist`\n"
    )


def test_a_cache_that_cannot_be_written_is_an_error_with_every_way_out(use_folders, cache, monkeypatch):
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(DataError, match="cannot be locked: Permission denied") as caught:
        fetch_dataset("mnist")
    assert "set NNTRAIN_DATA_DIR to that folder" in str(caught.value)
