"""Pictures prepared beside each other: what goes wrong with one costs no other its answer."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from synthetic.paper import drawn
from synthetic.shapes import DIGITS

from nntrain.preprocessing import load as reading
from nntrain.preprocessing import parallel as preparing
from nntrain.preprocessing.parallel import PictureFailure, PictureRequest, prepared
from nntrain.preprocessing.prepare import PreparedPicture, read_picture, unchanged

# From Python 3.12 on, forking beside other tests' threads is warned of; the command forks before it has any.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
MANY = [f"{number}.png" for number in range(150)]


def spoilt(names: dict[str, BaseException | None]):
    """Return a reading that raises what is named, or ends its process for None, and else needs no file."""

    def read(source: Path, *, name: str) -> PreparedPicture:
        if name not in names:
            return unchanged(np.zeros((28, 28), np.uint8))
        error = names[name]
        if error is None:
            os._exit(1)
        raise error

    return read


def outcome(one: PictureRequest | PictureFailure) -> str:
    """Return a name, with the error where there is one."""
    return one.error if isinstance(one, PictureFailure) else one.name


@pytest.mark.parametrize("names", [MANY[:5], MANY], ids=["here", "in processes"])
def test_a_crash_or_a_lack_of_memory_is_one_pictures_failure(monkeypatch, names):
    monkeypatch.setattr(preparing, "_cores", lambda: 2)
    faults = {"1.png": IndexError("out of\nbounds"), "3.png": MemoryError()}
    monkeypatch.setattr(preparing, "read_picture", spoilt(faults))
    given = [outcome(one) for one in prepared(names, digits=True)]
    assert given[:5] == [
        "0.png",
        "1.png: cannot be prepared (IndexError out of bounds)",
        "2.png",
        "3.png: cannot be prepared (MemoryError)",
        "4.png",
    ]
    assert given[5:] == names[5:]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_a_process_that_dies_is_one_pictures_failure(monkeypatch):
    monkeypatch.setattr(preparing, "_cores", lambda: 2)
    monkeypatch.setattr(preparing, "AHEAD", 16)
    monkeypatch.setattr(preparing, "read_picture", spoilt({"70.png": None}))
    given = [outcome(one) for one in prepared(MANY, digits=True)]
    died = "70.png: cannot be prepared (its process was ended, for lack of memory maybe)"
    assert given == [*MANY[:70], died, *MANY[71:]]


def test_what_has_failed_before_is_passed_on_in_its_place(monkeypatch):
    monkeypatch.setattr(preparing, "read_picture", spoilt({}))
    given = [outcome(one) for one in prepared(["0.png", PictureFailure("scans", "scans: empty"), "1.png"], digits=True)]
    assert given == ["0.png", "scans: empty", "1.png"]


def test_a_closed_stdin_is_told(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert list(prepared(["-"], digits=True)) == [PictureFailure("-", "stdin is closed")]


def test_stdin_is_read_up_to_the_limit(monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bytes(1001))))
    (given,) = prepared(["-"], digits=True)
    assert outcome(given).startswith("stdin: more than ")


def test_a_digit_without_its_source_takes_a_thousandth_of_the_memory(tmp_path):
    path = tmp_path / "three.png"
    drawn(DIGITS["3"], size=(500, 500)).save(path)
    picture = read_picture(path)
    assert picture.nbytes > 500 * 500 * 8
    alone = picture.whole.without_source()
    assert (alone.source, alone.mask((28, 28)), alone.at_other_thresholds()) == (None, None, [])
    np.testing.assert_array_equal(alone.image, picture.image)
