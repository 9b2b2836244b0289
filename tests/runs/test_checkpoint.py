"""Checkpoints: what was written is read, and what is damaged or strange is left out."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from nntrain.results import EpochResult
from nntrain.runs.checkpoint import KEPT, TrainingState, newest_epoch, read_checkpoint, write_checkpoint


def state(epoch):
    """Return a state after some epochs."""
    rows = tuple(EpochResult(number, 9, 0.1, 0.01, {"loss": 1 / number}) for number in range(1, epoch + 1))
    arrays = {"network-0000": np.full((2, 3), epoch, np.float32), "optimizer-0000": np.array(epoch)}
    return TrainingState(epoch, 0.1 * epoch, rows, {"EarlyStopping": {"best": 0.5, "wait": 2}}, arrays)


def rewritten(path, **members):
    """Replace members of a checkpoint."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**files, **members}.items():
            archive.writestr(name, content)


def test_a_checkpoint_reads_back_as_it_was_written(tmp_path):
    write_checkpoint(tmp_path, state(3))
    found, notes = read_checkpoint(tmp_path)
    assert (found.epoch, found.history, found.counters, notes) == (3, state(3).history, state(3).counters, [])
    assert [(name, array.tolist()) for name, array in found.arrays.items()] == [
        ("network-0000", [[3.0] * 3] * 2),
        ("optimizer-0000", 3),
    ]


def test_the_newest_and_the_one_before_are_kept(tmp_path):
    for epoch in range(1, 6):
        write_checkpoint(tmp_path, state(epoch))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-000004.npz", "epoch-000005.npz"]
    assert (newest_epoch(tmp_path), KEPT) == (5, 2)


def test_damaged_files_of_later_epochs_give_way_to_new_ones(tmp_path):
    for epoch in (8, 9):
        write_checkpoint(tmp_path, state(epoch))
    for path in tmp_path.iterdir():
        path.write_bytes(b"damaged")
    assert read_checkpoint(tmp_path)[0] is None
    write_checkpoint(tmp_path, state(1))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-000001.npz"]


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_a_checkpoint_with_a_number_without_end_is_left_out(tmp_path, number):
    write_checkpoint(tmp_path, state(1))
    (path,) = tmp_path.iterdir()
    with zipfile.ZipFile(path) as archive:
        text = np.load(io.BytesIO(archive.read("state.json.npy"))).tobytes()
    spoilt = text.replace(b'"seconds": 0.1', b'"seconds": ' + number.encode())
    rewritten(path, **{"state.json.npy": npy(np.frombuffer(spoilt, np.uint8), descr="|u1")})
    assert read_checkpoint(tmp_path)[0] is None


def npy(array, **header):
    """Return an array's file with another header."""
    file = io.BytesIO()
    described = {"shape": array.shape, "fortran_order": False, "descr": "<f4", **header}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue() + array.tobytes()


SIX = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    "members",
    [
        {"network-0000.npy": npy(SIX, shape=(2**40, 2**20))},
        {"network-0000.npy": npy(SIX, descr="|O")},
        {"network-0000.npy": npy(SIX)[:-1]},
        {"network-0000.npy": b"x"},
        {"state.json.npy": npy(np.frombuffer(b"[]", np.uint8), descr="|u1")},
        {"state.json.npy": npy(np.frombuffer(b'{"schema": 2}', np.uint8), descr="|u1")},
        {"other.npy": b""},
    ],
    ids=range(7),
)
def test_a_strange_checkpoint_is_left_out_and_the_one_before_taken(tmp_path, members):
    write_checkpoint(tmp_path, state(1))
    write_checkpoint(tmp_path, state(2))
    rewritten(tmp_path / "epoch-000002.npz", **members)
    found, notes = read_checkpoint(tmp_path)
    assert (found.epoch, notes) == (1, [f"{tmp_path / 'epoch-000002.npz'} is damaged and left out"])


def test_a_packed_checkpoint_is_left_out(tmp_path):
    write_checkpoint(tmp_path, state(1))
    with zipfile.ZipFile(tmp_path / "epoch-000002.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("network-0000.npy", bytes(10_000_000))
    assert read_checkpoint(tmp_path)[0].epoch == 1
