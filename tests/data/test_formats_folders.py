"""Data sets in a folder: IDX files, or pictures."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nntrain.data.load import count_classes, load_dataset
from nntrain.errors import DataError
from nntrain.preprocessing.prepare import read_pixels

NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def idx(array: np.ndarray) -> bytes:
    """Write an IDX file as its format says: 0, 0, 8 for bytes, dimensions, their sizes, the values."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def idx_folder(tmp_path, arrays):
    folder = tmp_path / "idx"
    folder.mkdir()
    for name, file in NAMES.items():
        (folder / file).write_bytes(idx(arrays[name]))
    return folder


@pytest.fixture
def pictures(tmp_path):
    """A folder with two training pictures and one test picture of each of the classes 2, 10 and 9."""
    for label in (2, 10, 9):
        for part, count in (("train", 2), ("test", 1)):
            for number in range(count):
                save(tmp_path / "own" / part / str(label) / f"{number}.png", grey=label * 10 + number)
    return tmp_path / "own"


def save(path: Path, *, grey: int = 0, size: tuple[int, int] = (28, 28)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path)
    return path


def error_of(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_dataset(str(folder))
    return str(caught.value)


def test_idx_files_are_read(idx_folder, arrays):
    dataset = load_dataset(str(idx_folder))
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), array)
    assert dataset.classes == ("0", "1", "2")
    assert count_classes(str(idx_folder)) == 3


def test_gzipped_idx_files_are_read(idx_folder, arrays):
    for file in NAMES.values():
        (idx_folder / f"{file}.gz").write_bytes(gzip.compress((idx_folder / file).read_bytes()))
        (idx_folder / file).unlink()
    np.testing.assert_array_equal(load_dataset(str(idx_folder)).x_test, arrays["x_test"])


def test_a_missing_idx_file_is_named(idx_folder):
    (idx_folder / NAMES["y_test"]).unlink()
    assert error_of(idx_folder) == (
        f"{idx_folder}: has no t10k-labels-idx1-ubyte (or t10k-labels-idx1-ubyte.gz); it takes all four IDX files"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged or cut short"),
        (b"\x00\x00\x08", "damaged or cut short"),
        (b"\x00\x00\x08\x01\x00\x00", "damaged or cut short"),
        (b"\x00\x00\x08\x03" + b"\x00\x00\x00\x14" * 3, "not an IDX file of 1-dimensional bytes"),
        (b"\x00\x00\x0d\x01" + b"\x00\x00\x00\x14", "not an IDX file of 1-dimensional bytes"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x14" + b"\x01" * 19, "it says 20 bytes and has 19"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x14" + b"\x01" * 21, "it says 20 bytes and has more"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x13" + b"\x01" * 19, "train has 20 images but 19 labels"),
    ],
)
def test_a_damaged_idx_file_is_one_error(idx_folder, content, words):
    (idx_folder / NAMES["y_train"]).write_bytes(content)
    assert words in error_of(idx_folder)


def test_an_idx_file_that_says_it_is_huge_is_refused_unread(idx_folder):
    (idx_folder / NAMES["x_train"]).write_bytes(struct.pack(">HBB3I", 0, 8, 3, 2**31, 28, 28))
    assert "train-images-idx3-ubyte: says it has 1,683,627,180,032 bytes, more than 4 GiB" in error_of(idx_folder)


@pytest.mark.parametrize("keep", [0, 5, 30, -9, -4])
def test_a_truncated_gzip_file_is_named(idx_folder, arrays, keep):
    (idx_folder / NAMES["x_test"]).unlink()
    path = idx_folder / f"{NAMES['x_test']}.gz"
    path.write_bytes(gzip.compress(idx(arrays["x_test"]))[:keep])
    assert error_of(idx_folder) == f"{path}: damaged or cut short; get the file again"


def test_folders_of_pictures_are_read_with_their_names_as_classes(pictures):
    dataset = load_dataset(str(pictures))
    assert dataset.classes == ("2", "9", "10")
    assert dataset.x_train.shape == (6, 28, 28)
    assert dataset.y_test.shape == (3,)
    assert count_classes(str(pictures)) == 3


def test_every_picture_has_the_label_of_its_folder(pictures):
    dataset = load_dataset(str(pictures))
    names = [dataset.classes[label] for label in dataset.y_train]
    found = dict(zip(dataset.x_train[:, 0, 0].tolist(), names, strict=True))
    assert found == {20: "2", 21: "2", 90: "9", 91: "9", 100: "10", 101: "10"}


def test_names_that_are_not_all_numbers_are_sorted_as_words(pictures):
    save(pictures / "train" / "circle" / "0.png")
    assert load_dataset(str(pictures)).classes == ("10", "2", "9", "circle")


def test_the_order_is_fixed_and_not_by_label(tmp_path):
    for label in "ab":
        for number in range(50):
            save(tmp_path / "own" / "train" / label / f"{number}.png")
    save(tmp_path / "own" / "test" / "a" / "0.png")
    labels = load_dataset(str(tmp_path / "own")).y_train
    assert labels[:20].tolist() == [1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]


def test_the_order_does_not_depend_on_the_file_systems(pictures, monkeypatch):
    before = load_dataset(str(pictures)).x_train
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: reversed(list(listed(self))))
    np.testing.assert_array_equal(load_dataset(str(pictures)).x_train, before)


def test_hidden_and_other_files_are_passed_over(pictures):
    for name in (".DS_Store", "._0.png", "Thumbs.db", "notes.txt"):
        (pictures / "train" / "2" / name).write_text("x")
    (pictures / "train" / ".cache").mkdir()
    (pictures / "train" / "readme.png").write_text("x")
    assert len(load_dataset(str(pictures)).x_train) == 6


@pytest.mark.parametrize("ending", [".png", ".jpg", ".JPEG", ".bmp", ".gif", ".webp", ".tif", ".TIFF"])
def test_a_picture_of_every_format_is_read(pictures, ending):
    save(pictures / "test" / "2" / f"more{ending}", grey=200)
    images = load_dataset(str(pictures), parts=("test",)).x_test
    assert sorted(images.mean(axis=(1, 2)).round())[-1] == 200


def test_colours_become_grey(pictures):
    Image.new("RGB", (28, 28), (255, 0, 0)).save(pictures / "test" / "2" / "0.png")
    # 0.299 * 255
    assert 76 in load_dataset(str(pictures)).x_test[:, 0, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_picture_is_read_as_predict_reads_it(pictures, mode):
    path = pictures / "test" / "2" / "0.png"
    drawn = Image.new("L", (28, 28))
    drawn.paste(255, (8, 4, 14, 24))
    (drawn.convert("I").point(lambda level: level * 257) if mode == "I;16" else drawn).convert(mode).save(path)
    dataset = load_dataset(str(pictures), parts=("test",))
    image = dataset.x_test[dataset.y_test == 0][0]
    np.testing.assert_array_equal(image, read_pixels(path).image)
    assert (image[0, 0], image[10, 10]) == (0, 255)


def test_a_picture_of_another_size_is_named_with_its_size(pictures):
    path = save(pictures / "train" / "2" / "0.png", size=(32, 30))
    assert error_of(pictures) == f"{path}: 32 x 30 pixels; pictures of a data set have to be 28 x 28"


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_a_picture_that_cannot_be_read_is_named(pictures, content):
    path = pictures / "train" / "9" / "1.png"
    path.write_bytes(content)
    assert error_of(pictures).startswith(f"{path}: ")


def test_a_truncated_picture_is_named(pictures):
    path = pictures / "train" / "9" / "1.png"
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:400])
    assert error_of(pictures).startswith(f"{path}: the file is damaged or cut short")


def test_a_picture_of_a_billion_pixels_is_refused_unread(pictures):
    path = pictures / "train" / "9" / "1.png"
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">2I", 40_000, 40_000)
    path.write_bytes(content)
    assert error_of(pictures).startswith(f"{path}: ")


def test_a_class_in_test_alone_is_an_error(pictures):
    save(pictures / "test" / "7" / "0.png")
    assert error_of(pictures) == f"{pictures / 'test'}: has 7, which train has not and no network can learn"


def test_a_class_may_be_missing_from_test(pictures):
    (pictures / "test" / "9" / "0.png").unlink()
    (pictures / "test" / "9").rmdir()
    assert load_dataset(str(pictures)).classes == ("2", "9", "10")


def test_a_class_without_training_pictures_is_an_error(pictures):
    (pictures / "train" / "5").mkdir()
    assert error_of(pictures).startswith(f"{pictures / 'train' / '5'}: has no pictures")


def test_a_single_class_is_an_error(tmp_path):
    for part in ("train", "test"):
        save(tmp_path / "own" / part / "a" / "0.png")
    assert error_of(tmp_path / "own") == f"{tmp_path / 'own'}: all is of one class; there is nothing to tell apart"


def test_a_folder_of_anything_else_is_no_data_set(tmp_path):
    (tmp_path / "train").mkdir()
    assert "holds neither IDX files (train-images-idx3-ubyte ...) nor the folders train/<label>/" in error_of(tmp_path)


def test_a_folder_without_labels_is_an_error(tmp_path):
    for part in ("train", "test"):
        save(tmp_path / part / "0.png")
    assert error_of(tmp_path) == f"{tmp_path / 'train'}: has no folders; pictures lie in train/<label>/"
