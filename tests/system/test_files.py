"""Files are always complete, and untrusted files are read safely."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from nntrain.errors import NntrainError
from nntrain.system import files
from nntrain.system.files import (
    clear_leftovers,
    read_limited,
    replace_and_sync,
    sync_file,
    sync_folder,
    temporary_sibling,
    write_atomically,
)

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and folders that can be opened")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("größe\n", b"gr\xc3\xb6\xc3\x9fe\n"),
        (b"\x00\xff", b"\x00\xff"),
        ("\udcff", b"\xed\xb3\xbf"),  # how Python reads a file name that is the byte 255
    ],
)
def test_text_is_written_as_utf_8_and_bytes_unchanged(tmp_path, content, written):
    write_atomically(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == written
    assert names(tmp_path) == ["file"]


def test_writing_replaces_a_file(tmp_path):
    (tmp_path / "file").write_text("a longer text")
    write_atomically(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "metrics.json"
    write_atomically(path, "old")
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(NntrainError) as caught:
        write_atomically(path, "new")
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["metrics.json"]


def test_an_error_without_a_system_message_is_shown_with_its_own(tmp_path):
    with (
        pytest.raises(NntrainError, match=r"a\.png: cannot be written: no picture$"),
        temporary_sibling(tmp_path / "a.png"),
    ):
        raise OSError("no picture")


def test_a_temporary_sibling_has_the_folder_and_the_suffix_of_its_target(tmp_path):
    with temporary_sibling(tmp_path / "training.png") as temporary:
        temporary.write_bytes(b"x")
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".png")
        assert temporary.name == f".training.{os.getpid()}-{threading.get_ident()}.png"
        assert not (tmp_path / "training.png").exists()
    assert names(tmp_path) == ["training.png"]


def test_an_error_while_writing_a_temporary_sibling_removes_it(tmp_path):
    with pytest.raises(ZeroDivisionError), temporary_sibling(tmp_path / "a.png") as temporary:
        raise ZeroDivisionError(temporary.write_bytes(b"x"))
    assert names(tmp_path) == []


def test_a_temporary_sibling_that_was_never_written_is_an_error(tmp_path):
    with pytest.raises(NntrainError, match="cannot be written: No such file"), temporary_sibling(tmp_path / "a.png"):
        pass


def test_two_threads_write_a_file_with_different_temporary_siblings(tmp_path):
    paths = []

    def write():
        with temporary_sibling(tmp_path / "run.json") as temporary:
            temporary.write_text("thread")
            paths.append(temporary)

    with temporary_sibling(tmp_path / "run.json") as temporary:
        temporary.write_text("main")
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert paths != [temporary]
        assert (tmp_path / "run.json").read_text() == "thread"
    assert (tmp_path / "run.json").read_text() == "main"


def test_the_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    operations = []
    sync_folder = files.sync_folder
    monkeypatch.setattr(files, "sync_file", lambda path: operations.append(("sync", path.read_text())))
    monkeypatch.setattr(files, "sync_folder", lambda path: (operations.append(("sync", path)), sync_folder(path)))
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda path, to: (operations.append(("rename", to)), replace(path, to)))
    write_atomically(tmp_path / "file", "text")
    assert operations == [("sync", "text"), ("rename", tmp_path / "file"), ("sync", tmp_path)]


def test_only_temporary_files_are_cleared(tmp_path):
    for name in (".run.4711-140.json", ".training.9-9.png", ".lock", "run.json", ".hidden.json", "a.1-1.json"):
        (tmp_path / name).touch()
    (tmp_path / ".model.1-2").touch()
    (tmp_path / ".folder.1-2").mkdir()
    clear_leftovers(tmp_path)
    assert names(tmp_path) == [".folder.1-2", ".hidden.json", ".lock", "a.1-1.json", "run.json"]


def test_the_temporary_file_of_a_process_killed_while_writing_is_cleared(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from nntrain.system.files import temporary_sibling\n"
        "with temporary_sibling(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "run.json")]).returncode == 9
    assert len(names(tmp_path)) == 1
    clear_leftovers(tmp_path)
    assert names(tmp_path) == []


def test_clearing_a_folder_that_is_missing_does_nothing(tmp_path):
    clear_leftovers(tmp_path / "missing")


def test_a_file_of_up_to_the_limit_is_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\r\n12")
    assert read_limited(path, max_bytes=4) == b"\r\n12"
    with pytest.raises(ValueError, match="larger than 3 bytes"):
        read_limited(path, max_bytes=3)
    path.write_bytes(bytes(1001))
    with pytest.raises(ValueError, match="larger than 1,000 bytes"):
        read_limited(path, max_bytes=1000)


def test_a_file_that_grows_while_it_is_read_is_read_up_to_the_size_that_was_checked(tmp_path, monkeypatch):
    path, fstat = tmp_path / "file", os.fstat

    def fstat_then_grow(descriptor):
        status = fstat(descriptor)
        path.write_bytes(b"123456")
        return status

    path.write_bytes(b"123")
    monkeypatch.setattr("os.fstat", fstat_then_grow)
    assert read_limited(path, max_bytes=4) == b"123"


def test_a_high_limit_takes_no_memory(tmp_path):
    (tmp_path / "file").write_bytes(b"123")
    tracemalloc.start()
    assert read_limited(tmp_path / "file", max_bytes=1_000_000_000) == b"123"
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_limited(tmp_path / "missing", max_bytes=9)


@needs_posix
def test_a_pipe_or_a_device_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        read_limited(tmp_path / "pipe", max_bytes=9)
    with pytest.raises(ValueError, match="not a regular file"):
        read_limited(Path("/dev/zero"), max_bytes=9)


@needs_posix
def test_a_refused_file_is_closed(tmp_path):
    (tmp_path / "large").write_bytes(bytes(10))
    before = os.listdir("/dev/fd")
    for _ in range(5):
        with pytest.raises(ValueError, match="larger"):
            read_limited(tmp_path / "large", max_bytes=9)
    assert len(os.listdir("/dev/fd")) == len(before)


def test_replacing_renames_folders_too(tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "file").touch()
    replace_and_sync(tmp_path / "hidden", tmp_path / "run")
    assert names(tmp_path / "run") == ["file"]
    assert names(tmp_path) == ["run"]


def test_syncing_a_file_does_not_change_or_create_it(tmp_path):
    (tmp_path / "file").write_text("text")
    sync_file(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "text"
    with pytest.raises(FileNotFoundError):
        sync_file(tmp_path / "missing")


@needs_posix
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_sync_folders_is_not_an_error(tmp_path, monkeypatch, number):
    def refuse(descriptor):
        raise OSError(number, "refused")

    monkeypatch.setattr("os.fsync", refuse)
    sync_folder(tmp_path)


@needs_posix
def test_a_folder_that_cannot_be_synced_is_an_error_and_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", full_disk)
    before = os.listdir("/dev/fd")
    for _ in range(5):
        with pytest.raises(OSError, match="No space left"):
            sync_folder(tmp_path)
    assert len(os.listdir("/dev/fd")) == len(before)


@needs_posix
def test_both_a_file_and_its_folder_are_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(os.readlink(f"/dev/fd/{descriptor}")))
    write_atomically(tmp_path / "file", "text")
    assert [Path(path).name.split(".")[1:2] or Path(path) for path in synced] == [["file"], tmp_path]
