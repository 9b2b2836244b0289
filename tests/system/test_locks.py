"""The lock between processes."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time

import pytest

from nntrain.errors import NntrainError
from nntrain.system import locks
from nntrain.system.locks import FileLock

HOLD = """
import sys
from pathlib import Path
from nntrain.system.locks import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder.lock"


@pytest.fixture
def holder(path):
    """Another process that holds the lock until it is ended."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        yield process
        process.kill()


def test_a_lock_makes_its_file_and_leaves_it(path):
    with FileLock(path):
        assert path.exists()
    assert path.exists()


def test_a_free_lock_is_taken_and_given_back(path):
    lock = FileLock(path)
    assert lock.take()
    assert not FileLock(path).take()
    lock.release()
    assert FileLock(path).take()


def test_a_released_lock_may_be_released_again(path):
    lock = FileLock(path)
    lock.release()
    assert lock.take()
    lock.release()
    lock.release()


def test_what_another_process_holds_is_not_taken(path, holder):
    lock = FileLock(path)
    assert not lock.take()
    assert lock.is_held()


def test_entering_what_another_process_holds_names_the_folder(path, holder):
    with pytest.raises(NntrainError, match="another nntrain is working there") as caught, FileLock(path):
        pass
    assert str(caught.value).startswith(str(path.parent))


def test_a_killed_process_frees_its_lock(path, holder):
    holder.kill()
    holder.wait()
    with FileLock(path) as lock:
        assert lock.is_held()


def test_entering_waits_until_the_lock_is_free(path, holder):
    threading.Timer(0.3, holder.kill).start()
    began = time.monotonic()
    with FileLock(path, wait=20):
        assert time.monotonic() - began > 0.2


def test_a_failure_inside_frees_the_lock(path):
    with pytest.raises(RuntimeError), FileLock(path):
        raise RuntimeError
    assert not FileLock(path).is_held()


def test_looking_whether_a_lock_is_held_makes_no_file_and_takes_nothing(path):
    assert not FileLock(path).is_held()
    assert not path.exists()
    path.touch()
    assert not FileLock(path).is_held()
    assert FileLock(path).take()


def test_a_lock_that_is_looked_at_for_a_moment_is_taken_all_the_same(path):
    looking = FileLock(path)
    looking.take()
    threading.Timer(0.02, looking.release).start()
    with FileLock(path) as lock:
        assert lock.is_held()


def test_a_file_that_cannot_be_made_is_one_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NntrainError, match="cannot be written"):
        FileLock(tmp_path / "file" / "lock").take()


def test_a_file_system_without_locks_is_an_error_not_a_lock_held_elsewhere(path, monkeypatch):
    def refuse(fd):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_lock", refuse)
    with pytest.raises(NntrainError, match="cannot be locked: No locks available"):
        FileLock(path).take()
