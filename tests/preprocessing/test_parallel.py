"""Pictures prepared in parallel: a failure of one does not affect the others."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from synthetic.paper import drawn
from synthetic.shapes import DIGITS

from nntrain.errors import ImageError
from nntrain.preprocessing import load, parallel
from nntrain.preprocessing.parallel import PictureFailure, PictureRequest, prepare_pictures
from nntrain.preprocessing.prepare import PreparedPicture, read_picture, unchanged

# From Python 3.12 on, forking beside other tests' threads warns; the command forks before it starts any.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
MANY = [f"{number}.png" for number in range(150)]


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(parallel, "_available_cores", lambda: 2)


def failing(errors: dict[str, BaseException | None]):
    """Return a reading of files that raises the errors, ends its process for None, and needs no files."""

    def read(source: Path, *, name: str) -> PreparedPicture:
        if name not in errors:
            return unchanged(np.full((28, 28), os.getpid() % 256, np.uint8))
        error = errors[name]
        if error is None:
            os._exit(1)
        raise error

    return read


def outcome(result: PictureRequest | PictureFailure) -> str:
    """Return the name, or the error of a failure."""
    return result.error if isinstance(result, PictureFailure) else result.name


@pytest.mark.parametrize("names", [MANY[:5], MANY], ids=["in this process", "in processes"])
def test_a_crash_or_a_lack_of_memory_is_one_pictures_failure(monkeypatch, two_cores, names):
    errors = {"1.png": IndexError("out of\nbounds"), "3.png": MemoryError()}
    monkeypatch.setattr(parallel, "read_picture", failing(errors))
    outcomes = [outcome(result) for result in prepare_pictures(names, digits=True)]
    assert outcomes[:5] == [
        "0.png",
        "1.png: cannot be prepared (IndexError out of bounds)",
        "2.png",
        "3.png: cannot be prepared (MemoryError)",
        "4.png",
    ]
    assert outcomes[5:] == names[5:]


def test_a_crash_is_raised_for_debugging(monkeypatch):
    monkeypatch.setenv("NNTRAIN_DEBUG", "1")
    monkeypatch.setattr(parallel, "read_picture", failing({"1.png": IndexError("bounds"), "2.png": ImageError("bad")}))
    assert outcome(next(prepare_pictures(["2.png"], digits=True))) == "bad"
    with pytest.raises(IndexError, match="bounds"):
        next(prepare_pictures(["1.png"], digits=True))


@linux_only
def test_a_process_that_dies_is_one_pictures_failure(monkeypatch, two_cores):
    monkeypatch.setattr(parallel, "MAX_PENDING", 16)
    monkeypatch.setattr(parallel, "read_picture", failing({"70.png": None}))
    outcomes = [outcome(result) for result in prepare_pictures(MANY, digits=True)]
    died = "70.png: cannot be prepared (its process was killed, maybe for lack of memory)"
    assert outcomes == [*MANY[:70], died, *MANY[71:]]


@linux_only
def test_a_failure_among_the_names_survives_a_process_that_dies(monkeypatch, two_cores):
    monkeypatch.setattr(parallel, "read_picture", failing({"70.png": None}))
    names = [*MANY[:72], PictureFailure("scans", "scans: empty"), *MANY[72:]]
    outcomes = [outcome(result) for result in prepare_pictures(names, digits=True)]
    assert outcomes[70].startswith("70.png: cannot be prepared")
    assert outcomes[71:74] == ["71.png", "scans: empty", "72.png"]


def is_prepared_here(monkeypatch, names):
    """Tell whether pictures are prepared in this process."""
    monkeypatch.setattr(parallel, "read_picture", failing({}))
    monkeypatch.setattr(parallel, "_stdin", io.BytesIO)
    results = list(prepare_pictures(names, digits=True))
    assert [result.name for result in results] == names
    return {int(result.picture.image[0, 0]) for result in results} == {os.getpid() % 256}


@linux_only
@pytest.mark.parametrize(
    ("names", "here"), [(MANY[:99], True), (MANY[:100], False), ([*MANY[:100], "-"], True)], ids=["99", "100", "stdin"]
)
def test_a_hundred_pictures_are_prepared_in_processes(monkeypatch, two_cores, names, here):
    assert is_prepared_here(monkeypatch, names) == here


def test_on_one_core_pictures_are_prepared_in_this_process(monkeypatch):
    monkeypatch.setattr(parallel, "_available_cores", lambda: 1)
    assert is_prepared_here(monkeypatch, MANY)


@linux_only
@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "/dev/shm is missing"), ImportError("no sem_open")])
def test_without_semaphores_pictures_are_prepared_in_this_process(monkeypatch, two_cores, error):
    def refuse(*_, ctx):
        raise error

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refuse)
    assert is_prepared_here(monkeypatch, MANY)


@linux_only
def test_if_processes_run_out_the_remaining_pictures_are_prepared_in_this_process(monkeypatch, two_cores):
    def refuse():
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("os.fork", refuse)
    assert is_prepared_here(monkeypatch, MANY)


@linux_only
@pytest.mark.parametrize(("cores", "expected"), [(3, 3), (64, 8)])
def test_there_are_as_many_processes_as_cores_but_no_more_than_eight(monkeypatch, cores, expected):
    counts = []
    monkeypatch.setattr(parallel, "_available_cores", lambda: cores)
    monkeypatch.setattr(
        parallel, "_prepare_in_pool", lambda names, *, digits, processes: counts.append(processes) or iter(names)
    )
    assert list(prepare_pictures(MANY, digits=True)) == MANY
    assert counts == [expected]


@linux_only
def test_results_that_nobody_takes_are_bounded(monkeypatch, two_cores, tmp_path):
    monkeypatch.setattr(parallel, "MAX_PENDING", 16)

    def read(source: Path, *, name: str) -> PreparedPicture:
        (tmp_path / name).touch()
        return unchanged(np.zeros((28, 28), np.uint8))

    monkeypatch.setattr(parallel, "read_picture", read)
    results = prepare_pictures(MANY, digits=True)
    assert next(results).name == "0.png"
    results.close()
    assert 8 <= len(list(tmp_path.iterdir())) <= 24


@pytest.mark.parametrize(("digits", "reader"), [(True, "read_picture"), (False, "read_pixels")])
def test_pictures_are_read_as_digits_or_as_other_images(monkeypatch, digits, reader):
    monkeypatch.setattr(parallel, reader, lambda source, *, name: f"{source} by {reader}")
    (request,) = prepare_pictures(["a.png"], digits=digits)
    assert (request.name, request.picture, request.truth) == ("a.png", f"a.png by {reader}", None)


def test_a_failure_among_the_names_is_passed_on_in_its_place(monkeypatch):
    monkeypatch.setattr(parallel, "read_picture", failing({}))
    names = ["0.png", PictureFailure("scans", "scans: empty"), "1.png"]
    assert [outcome(result) for result in prepare_pictures(names, digits=True)] == ["0.png", "scans: empty", "1.png"]


def test_a_request_takes_its_pictures_memory_and_a_failure_none():
    picture = unchanged(np.zeros((28, 28), np.uint8))
    assert PictureRequest("a.png", picture).nbytes == picture.nbytes > 0
    assert PictureFailure("a.png", "a.png: damaged").nbytes == 0


def test_a_closed_stdin_is_reported(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert list(prepare_pictures(["-"], digits=True)) == [PictureFailure("-", "stdin is closed")]


def test_stdin_is_read_up_to_the_limit(monkeypatch):
    monkeypatch.setattr(load, "MAX_BYTES", 1000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bytes(1001))))
    (result,) = prepare_pictures(["-"], digits=True)
    assert outcome(result).startswith("stdin: more than ")


def test_a_digit_without_its_source_takes_a_thousandth_of_the_memory(tmp_path):
    path = tmp_path / "three.png"
    drawn(DIGITS["3"], size=(500, 500)).save(path)
    picture = read_picture(path)
    assert picture.nbytes > 500 * 500 * 8
    alone = picture.whole.without_source()
    assert (alone.source, alone.mask((28, 28)), alone.at_other_thresholds()) == (None, None, [])
    np.testing.assert_array_equal(alone.image, picture.image)
