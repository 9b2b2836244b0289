"""Checkpoints: what was written is read, and what is damaged or foreign is skipped."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from nntrain.errors import NewerSchemaError, NntrainError
from nntrain.results import EpochResult
from nntrain.runs.checkpoint import TrainingState, newest_epoch, read_checkpoint, set_aside, write_checkpoint


def state_after(epoch):
    """Return the state of a training after some epochs."""
    rows = tuple(EpochResult(number, 9, 0.1, 0.01, {"loss": 1 / number, "mse": 2.0}) for number in range(1, epoch + 1))
    arrays = {"network-0000": np.full((2, 3), epoch, np.float32), "optimizer-0000": np.array(epoch)}
    counters = {"EarlyStopping": {"best": 0.5, "wait": 2, "stopped_epoch": None}}
    return TrainingState(epoch, 0.1 * epoch, rows, counters, arrays)


def names(folder):
    """Return the names of a folder's files."""
    return sorted(path.name for path in folder.iterdir())


def rewrite(path, **members):
    """Replace members of a checkpoint."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**contents, **members}.items():
            archive.writestr(name, content)


def npy(array, **header):
    """Return an array's file, with another header."""
    file = io.BytesIO()
    described = {"shape": array.shape, "fortran_order": False, "descr": np.lib.format.dtype_to_descr(array.dtype)}
    np.lib.format.write_array_header_1_0(file, {**described, **header})
    return file.getvalue() + array.tobytes()


def change_meta(path, change):
    """Change what the file holds beside its arrays."""
    with zipfile.ZipFile(path) as archive:
        meta = json.loads(np.load(io.BytesIO(archive.read("state.json.npy"))).tobytes())
    change(meta)
    rewrite(path, **{"state.json.npy": npy(np.frombuffer(json.dumps(meta).encode(), np.uint8))})


@pytest.fixture
def checkpoint(tmp_path):
    """Return the path of a checkpoint after two epochs, the only one."""
    write_checkpoint(tmp_path, state_after(2))
    return tmp_path / "epoch-000002.npz"


@pytest.mark.parametrize("stopped_early", [False, True])
def test_a_checkpoint_reads_back_as_it_was_written(tmp_path, stopped_early):
    written = TrainingState(**{**vars(state_after(3)), "stopped_early": stopped_early})
    write_checkpoint(tmp_path, written)
    state, damaged = read_checkpoint(tmp_path)
    assert damaged == []
    assert (state.epoch, state.seconds, state.history) == (3, written.seconds, written.history)
    assert (state.counters, state.stopped_early, state.later_epochs) == (written.counters, stopped_early, ())
    assert [(name, array.dtype, array.tolist()) for name, array in state.arrays.items()] == [
        ("network-0000", np.float32, [[3.0] * 3] * 2),
        ("optimizer-0000", np.int64, 3),
    ]


def test_the_file_is_named_by_its_epoch_and_its_keys_are_those_of_0_1(checkpoint):
    with np.load(checkpoint) as arrays:
        assert arrays.files == ["state.json", "network-0000", "optimizer-0000"]
        meta = json.loads(arrays["state.json"].tobytes())
    assert list(meta) == ["schema", "epoch", "seconds", "history", "counters", "ended"]
    assert (meta["schema"], meta["epoch"], meta["ended"]) == (1, 2, False)
    assert meta["history"][1] == [2, 9, 0.1, 0.01, {"loss": 0.5, "mse": 2.0}]


def test_the_folder_is_made_and_known_to_the_disk_before_the_file(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("nntrain.system.files.sync_folder", lambda path: synced.append((path.name, names(path))))
    write_checkpoint(tmp_path / "checkpoint", state_after(1))
    assert synced[0] == (tmp_path.name, ["checkpoint"])
    assert synced[1:] == [("checkpoint", ["epoch-000001.npz"])]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NntrainError, match=r"checkpoint: cannot be created: Not a directory"):
        write_checkpoint(tmp_path / "file" / "checkpoint", state_after(1))


def test_the_newest_and_the_one_before_are_kept(tmp_path):
    for epoch in range(1, 12):
        write_checkpoint(tmp_path, state_after(epoch))
    assert names(tmp_path) == ["epoch-000010.npz", "epoch-000011.npz"]
    assert newest_epoch(tmp_path) == 11


def test_without_a_checkpoint_there_is_no_state(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        assert newest_epoch(folder) == 0
        assert read_checkpoint(folder) == (None, [])


@pytest.mark.parametrize("name", ["epoch-000009.npz.tmp", ".epoch-000009.npz", "epoch-9.npz", "epoch-000009xnpz"])
def test_files_with_other_names_are_not_looked_at(tmp_path, checkpoint, name):
    (tmp_path / name).write_bytes(b"something else")
    assert newest_epoch(tmp_path) == 2
    assert read_checkpoint(tmp_path)[0].epoch == 2
    write_checkpoint(tmp_path, state_after(1))
    assert names(tmp_path) == sorted([name, "epoch-000001.npz", "epoch-000002.npz"])


def test_damaged_checkpoints_are_kept_under_another_name(tmp_path):
    for epoch in (8, 9):
        write_checkpoint(tmp_path, state_after(epoch))
    for path in tmp_path.iterdir():
        path.write_bytes(b"damaged")
    state, damaged = read_checkpoint(tmp_path)
    assert (state, damaged) == (None, [tmp_path / "epoch-000009.npz", tmp_path / "epoch-000008.npz"])
    for path in damaged:
        set_aside(path)
    write_checkpoint(tmp_path, state_after(1))
    assert names(tmp_path) == ["epoch-000001.npz", "epoch-000008.npz.damaged", "epoch-000009.npz.damaged"]


def test_each_damaged_checkpoint_of_an_epoch_is_kept(tmp_path, checkpoint):
    assert set_aside(checkpoint).name == "epoch-000002.npz.damaged"
    write_checkpoint(tmp_path, state_after(2))
    assert set_aside(checkpoint).name == "epoch-000002.npz.damaged-2"


def test_a_checkpoint_that_cannot_be_set_aside_is_an_error(checkpoint):
    checkpoint.unlink()
    with pytest.raises(NntrainError, match=r"epoch-000002\.npz: is damaged and cannot be renamed: No such file"):
        set_aside(checkpoint)


def test_a_checkpoint_of_a_newer_schema_is_refused_by_name_and_the_one_before_is_not_used(tmp_path, checkpoint):
    write_checkpoint(tmp_path, state_after(1))
    change_meta(checkpoint, lambda meta: meta.update(schema=2))
    with pytest.raises(NewerSchemaError, match=r"epoch-000002\.npz: has schema 2, but this nntrain reads schema 1"):
        read_checkpoint(tmp_path)
    assert names(tmp_path) == ["epoch-000001.npz", "epoch-000002.npz"]


def test_the_order_of_the_metrics_may_differ_from_row_to_row(tmp_path, checkpoint):
    change_meta(checkpoint, lambda meta: meta["history"][0].__setitem__(4, {"mse": 2.0, "loss": 1.0}))
    state, damaged = read_checkpoint(tmp_path)
    assert ([row.metrics for row in state.history], damaged) == (
        [{"mse": 2.0, "loss": 1.0}, {"loss": 0.5, "mse": 2.0}],
        [],
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "place",
    [
        lambda meta, number: meta.update(seconds=number),
        lambda meta, number: meta["history"][1].__setitem__(2, number),
        lambda meta, number: meta["history"][1].__setitem__(3, number),
        lambda meta, number: meta["history"][1][4].update(loss=number),
    ],
    ids=["seconds", "an epoch's seconds", "a learning rate", "a loss"],
)
def test_a_checkpoint_with_a_number_that_is_not_finite_is_skipped(tmp_path, checkpoint, place, number):
    change_meta(checkpoint, lambda meta: place(meta, number))
    assert read_checkpoint(tmp_path)[0] is None


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.update(schema=0),
        lambda meta: meta.update(epoch=3),
        lambda meta: meta["history"].pop(),
        lambda meta: meta["history"][0].__setitem__(0, 2),
        lambda meta: meta["history"][0][4].pop("mse"),
        lambda meta: meta["counters"]["EarlyStopping"].update(best="0.5"),
        lambda meta: meta.pop("ended"),
    ],
    ids=["a schema", "an epoch", "a row too few", "a row twice", "a column too few", "a counter", "a key too few"],
)
def test_a_checkpoint_that_contradicts_itself_is_skipped(tmp_path, checkpoint, change):
    change_meta(checkpoint, lambda meta: None)
    assert read_checkpoint(tmp_path)[0].epoch == 2
    change_meta(checkpoint, change)
    assert read_checkpoint(tmp_path)[0] is None


SIX = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    "members",
    [
        {"network-0000.npy": npy(SIX, shape=(2**40, 2**20))},
        {"network-0000.npy": npy(SIX, descr="|O")},
        {"network-0000.npy": npy(SIX, fortran_order=True)},
        {"network-0000.npy": npy(SIX)[:-1]},
        {"network-0000.npy": npy(SIX) + b"more"},
        {"network-0000.npy": npy(SIX).replace(b"NUMPY\x01", b"NUMPY\x02")},
        {"network-0000.npy": b"x"},
        {"state.json.npy": npy(np.frombuffer(b"[]", np.uint8))},
        {"other.npy": b""},
    ],
    ids=["huge", "objects", "transposed", "too short", "too long", "another version", "no array", "no state", "empty"],
)
def test_a_checkpoint_with_a_damaged_array_is_skipped_for_the_one_before(tmp_path, members):
    write_checkpoint(tmp_path, state_after(1))
    write_checkpoint(tmp_path, state_after(2))
    rewrite(tmp_path / "epoch-000002.npz", **members)
    state, damaged = read_checkpoint(tmp_path)
    assert (state.epoch, damaged) == (1, [tmp_path / "epoch-000002.npz"])


def test_a_compressed_checkpoint_is_skipped(tmp_path, checkpoint):
    with zipfile.ZipFile(checkpoint) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(checkpoint, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    assert read_checkpoint(tmp_path)[0] is None


def test_an_entry_that_claims_to_be_larger_than_the_file_is_not_read(tmp_path, checkpoint, monkeypatch):
    content = bytearray(checkpoint.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 20 : directory + 28] = (2**31).to_bytes(4, "little") * 2  # both sizes of the first entry
    checkpoint.write_bytes(content)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("memory was allocated for it"))
    assert read_checkpoint(tmp_path)[0] is None
