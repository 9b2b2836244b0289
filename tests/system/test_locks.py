"""The lock between processes."""

from __future__ import annotations

import errno
import math
import os
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from nntrain.errors import LockedError, NntrainError
from nntrain.system.locks import acquire_lock, is_locked

HOLD = """
import sys
from pathlib import Path
from nntrain.system.locks import acquire_lock
with acquire_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
# The lock of nntrain 0.1.
HOLD_AS_0_1 = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o666), fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""
TRY_AS_0_1 = """
import fcntl, os, sys
try:
    fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o666), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("refused")
else:
    print("locked")
"""

needs_flock = pytest.mark.skipif(sys.platform == "win32", reason="needs flock")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder.lock"


@contextmanager
def another_process(code, path):
    """Run code in another process that prints `held` and holds the lock until it is killed."""
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        yield process
        process.kill()


def try_as_0_1(path):
    command = [sys.executable, "-c", TRY_AS_0_1, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_lock_creates_its_file_and_does_not_remove_it(path):
    with acquire_lock(path):
        assert path.exists()
    assert path.exists()


def test_a_lock_does_not_change_the_content_of_its_file(path):
    path.write_text("content")
    with acquire_lock(path):
        pass
    assert path.read_text() == "content"


@needs_flock
def test_the_file_has_the_permissions_of_the_umask(path):
    with acquire_lock(path):
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_a_lock_is_held_inside_the_block_only(path):
    with acquire_lock(path):
        assert is_locked(path)
    assert not is_locked(path)


def test_a_lock_cannot_be_acquired_twice_even_within_a_process(path):
    with acquire_lock(path):
        with pytest.raises(LockedError), acquire_lock(path):
            pass
        assert is_locked(path)
    with acquire_lock(path):
        pass


def test_a_lock_that_another_process_holds_is_an_error_that_names_the_folder(path):
    with another_process(HOLD, path):
        assert is_locked(path)
        with pytest.raises(LockedError) as caught, acquire_lock(path):
            pass
    assert str(caught.value) == f"{path.parent}: another nntrain is working there"


def test_a_killed_process_frees_its_lock(path):
    with another_process(HOLD, path) as process:
        process.kill()
        process.wait()
        assert not is_locked(path)
        with acquire_lock(path):
            assert is_locked(path)


@pytest.mark.parametrize("timeout", [20, math.inf])
def test_acquiring_waits_until_the_lock_is_free(path, timeout):
    with another_process(HOLD, path) as process:
        killed = threading.Event()
        threading.Timer(0.3, lambda: (killed.set(), process.kill())).start()
        with acquire_lock(path, timeout=timeout):
            assert killed.is_set()


def test_an_error_in_the_block_frees_the_lock(path):
    with pytest.raises(RuntimeError), acquire_lock(path):
        raise RuntimeError
    assert not is_locked(path)


def test_testing_a_lock_creates_no_file(path):
    assert not is_locked(path)
    assert not path.exists()


def test_testing_a_free_lock_does_not_hold_it(path):
    path.touch()
    assert not is_locked(path)
    assert not is_locked(path)
    with acquire_lock(path, timeout=0):
        pass


def test_a_lock_that_another_thread_tests_can_be_acquired(path, monkeypatch):
    """Testing holds a free lock for a moment, here for longer; acquiring waits that long."""
    path.touch()
    close, tested, closing = os.close, threading.Event(), []

    def close_later(descriptor):
        if threading.current_thread() is not threading.main_thread():
            tested.set()
            closing.append(descriptor)
            threading.Timer(0.01, close, (descriptor,)).start()
        else:
            close(descriptor)

    monkeypatch.setattr(os, "close", close_later)
    thread = threading.Thread(target=is_locked, args=(path,))
    thread.start()
    tested.wait()
    with acquire_lock(path):
        assert is_locked(path)
    thread.join()
    assert len(closing) == 1


@needs_flock
def test_a_lock_file_that_may_only_be_read_can_be_tested(path, monkeypatch):
    """Like another user's; here `os.open` refuses, because no file mode stops root, who may run the tests."""
    real_open = os.open

    def open_read_only(path, flags, *mode, **options):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, flags, *mode, **options)

    with another_process(HOLD, path):
        monkeypatch.setattr(os, "open", open_read_only)
        assert is_locked(path)
    assert not is_locked(path)


@needs_flock
def test_a_link_in_place_of_a_lock_file_is_not_followed(path, tmp_path):
    path.symlink_to(tmp_path / "other")
    with acquire_lock(tmp_path / "other"):
        assert not is_locked(path)


@needs_flock
def test_a_pipe_in_place_of_a_lock_file_is_tested_without_waiting(path):
    os.mkfifo(path)
    assert not is_locked(path)


def test_a_folder_in_place_of_a_lock_file_is_an_error(path):
    path.mkdir()
    with pytest.raises(NntrainError, match="cannot be locked"), acquire_lock(path):
        pass


def test_a_file_that_cannot_be_created_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "lock"
    with pytest.raises(NntrainError) as caught, acquire_lock(path):
        pass
    assert str(caught.value).startswith(f"{path}: cannot be locked: ")
    assert not isinstance(caught.value, LockedError)
    assert not is_locked(path)


@needs_flock
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_an_error_and_not_a_lock_held_elsewhere(path, monkeypatch, number):
    def refuse(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(NntrainError) as caught, acquire_lock(path, timeout=math.inf):
        pass
    assert str(caught.value) == f"{path}: cannot be locked: {os.strerror(number)}"
    assert not isinstance(caught.value, LockedError)
    assert not is_locked(path)


@needs_flock
def test_a_lock_that_0_1_holds_cannot_be_acquired(path):
    with another_process(HOLD_AS_0_1, path) as process:
        assert is_locked(path)
        with pytest.raises(LockedError), acquire_lock(path):
            pass
        process.kill()
        process.wait()
        with acquire_lock(path):
            pass


@needs_flock
def test_0_1_cannot_acquire_a_lock_that_is_held(path):
    with acquire_lock(path):
        assert try_as_0_1(path) == "refused"
    assert try_as_0_1(path) == "locked"


@needs_flock
def test_the_lock_file_stays_the_same_so_that_0_1_cannot_lock_a_removed_one(path):
    with acquire_lock(path):
        number = path.stat().st_ino
    with acquire_lock(path):
        assert path.stat().st_ino == number
    assert path.stat().st_ino == number
