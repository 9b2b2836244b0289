"""A data set as pictures in folders."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nntrain.data.formats import picture_folder as module
from nntrain.data.formats.picture_folder import PictureFolderReader
from nntrain.errors import DataError
from nntrain.preprocessing.prepare import read_pixels

SUFFIXES = "(.png .jpg .jpeg .bmp .gif .webp .tif .tiff)"


def read_all(folder):
    reader = PictureFolderReader(folder)
    return [array for split in ("train", "test") for array in (reader.images(split), reader.labels(split))]


def error_of(folder):
    with pytest.raises(DataError) as caught:
        read_all(folder)
    return str(caught.value)


def test_pictures_are_read_with_the_names_of_their_folders_as_classes(picture_folder):
    reader = PictureFolderReader(picture_folder)
    assert reader.classes() == ("2", "9", "10")
    assert (reader.images("train").shape, reader.images("train").dtype) == ((6, 28, 28), np.uint8)
    assert (reader.labels("test").shape, reader.labels("test").dtype) == ((3,), np.int64)


def test_every_picture_has_the_label_of_its_folder(picture_folder):
    reader = PictureFolderReader(picture_folder)
    names = [reader.classes()[label] for label in reader.labels("train")]
    names_by_grey = dict(zip(reader.images("train")[:, 0, 0].tolist(), names, strict=True))
    assert names_by_grey == {20: "2", 21: "2", 90: "9", 91: "9", 100: "10", 101: "10"}


def test_numbers_that_are_written_in_two_ways_are_sorted_by_their_text(picture_folder, save_picture):
    save_picture(picture_folder / "train" / "02" / "0.png")
    assert PictureFolderReader(picture_folder).classes() == ("02", "2", "9", "10")


def test_names_that_are_not_all_numbers_are_sorted_by_the_alphabet(picture_folder, save_picture):
    save_picture(picture_folder / "train" / "circle" / "0.png")
    assert PictureFolderReader(picture_folder).classes() == ("10", "2", "9", "circle")


def test_the_order_is_fixed_and_not_by_label(tmp_path, save_picture):
    for label in "ab":
        for index in range(50):
            save_picture(tmp_path / "train" / label / f"{index}.png")
    save_picture(tmp_path / "test" / "a" / "0.png")
    labels = PictureFolderReader(tmp_path).labels("train")
    assert labels[:20].tolist() == [1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]


def test_the_order_does_not_depend_on_the_file_system(picture_folder, monkeypatch):
    before = PictureFolderReader(picture_folder).images("train")
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: reversed(list(listed(self))))
    np.testing.assert_array_equal(PictureFolderReader(picture_folder).images("train"), before)


def test_hidden_and_other_files_are_left_out(picture_folder):
    for name in (".DS_Store", "._0.png", "Thumbs.db", "notes.txt"):
        (picture_folder / "train" / "2" / name).write_text("x")
    (picture_folder / "train" / ".cache").mkdir()
    (picture_folder / "train" / "readme.png").write_text("x")
    (picture_folder / "train" / "2" / "folder.png").mkdir()
    assert len(PictureFolderReader(picture_folder).images("train")) == 6


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".bmp", ".gif", ".webp", ".tif", ".TIFF"])
def test_a_picture_of_every_format_is_read(picture_folder, save_picture, suffix):
    save_picture(picture_folder / "test" / "2" / f"more{suffix}", grey=200)
    images = PictureFolderReader(picture_folder).images("test")
    assert sorted(images.mean(axis=(1, 2)).round())[-1] == 200


def test_colours_become_grey(picture_folder):
    Image.new("RGB", (28, 28), (255, 0, 0)).save(picture_folder / "test" / "2" / "0.png")
    # 0.299 * 255
    assert 76 in PictureFolderReader(picture_folder).images("test")[:, 0, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_picture_is_read_as_predict_reads_it(picture_folder, mode):
    path = picture_folder / "test" / "2" / "0.png"
    picture = Image.new("L", (28, 28))
    picture.paste(255, (8, 4, 14, 24))
    (picture.convert("I").point(lambda level: level * 257) if mode == "I;16" else picture).convert(mode).save(path)
    reader = PictureFolderReader(picture_folder)
    image = reader.images("test")[reader.labels("test") == 0][0]
    np.testing.assert_array_equal(image, read_pixels(path).image)
    assert (image[0, 0], image[10, 10]) == (0, 255)


@pytest.mark.parametrize("size", [(32, 28), (28, 30)])
def test_a_picture_of_another_size_is_named_with_its_size(picture_folder, save_picture, size):
    path = save_picture(picture_folder / "train" / "2" / "0.png", size=size)
    assert error_of(picture_folder) == (
        f"{path}: is {size[0]} x {size[1]} pixels; a data set's pictures must be 28 x 28"
    )


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_a_picture_that_cannot_be_read_is_named(picture_folder, content):
    path = picture_folder / "train" / "9" / "1.png"
    path.write_bytes(content)
    assert error_of(picture_folder).startswith(f"{path}: ")


def test_a_truncated_picture_is_named(picture_folder):
    path = picture_folder / "train" / "9" / "1.png"
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:400])
    assert error_of(picture_folder).startswith(f"{path}: the file is damaged or cut short")


def test_a_picture_of_a_billion_pixels_is_refused_before_it_is_decoded(picture_folder):
    path = picture_folder / "train" / "9" / "1.png"
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">2I", 40_000, 40_000)
    path.write_bytes(content)
    assert error_of(picture_folder).startswith(f"{path}: ")


def test_pillows_warnings_are_not_shown(picture_folder, recwarn):
    warnings.simplefilter("always")
    path = picture_folder / "train" / "9" / "1.png"
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">2I", 10_000, 10_000)  # which Pillow warns about
    path.write_bytes(content)
    error_of(picture_folder)
    assert len(recwarn) == 0


def test_pictures_of_just_the_limit_are_read(picture_folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 6 * 784)
    assert len(PictureFolderReader(picture_folder).images("train")) == 6
    monkeypatch.setattr(module, "MAX_BYTES", 6 * 784 - 1)
    assert error_of(picture_folder) == f"{picture_folder / 'train'}: has more than 4 GiB of pictures; remove some"


@pytest.mark.parametrize(("classes", "refused"), [(1000, False), (1001, True)])
def test_there_can_be_a_thousand_classes(tmp_path, classes, refused):
    for index in range(classes):
        (tmp_path / "train" / str(index)).mkdir(parents=True)
    (tmp_path / "test" / "0").mkdir(parents=True)
    words = "has 1,001 folders; there can be 1,000 classes" if refused else "has no pictures"
    assert words in error_of(tmp_path)


def test_a_class_that_is_only_in_test_is_an_error(picture_folder, save_picture):
    save_picture(picture_folder / "test" / "8" / "0.png")
    save_picture(picture_folder / "test" / "7" / "0.png")
    assert error_of(picture_folder) == (
        f"{picture_folder / 'test'}: has 7, 8, but train does not; no network can learn it"
    )


def test_a_class_may_be_missing_from_test(picture_folder):
    (picture_folder / "test" / "9" / "0.png").unlink()
    (picture_folder / "test" / "9").rmdir()
    reader = PictureFolderReader(picture_folder)
    assert reader.classes() == ("2", "9", "10")
    assert sorted(reader.labels("test").tolist()) == [0, 2]


def test_a_class_without_training_pictures_is_an_error(picture_folder):
    folder = picture_folder / "train" / "5"
    folder.mkdir()
    assert error_of(picture_folder) == f"{folder}: has no pictures {SUFFIXES}; add some or remove the folder"


def test_a_test_folder_without_pictures_is_an_error(picture_folder):
    for path in picture_folder.glob("test/*/*.png"):
        path.unlink()
    assert error_of(picture_folder) == f"{picture_folder / 'test'}: has no pictures {SUFFIXES}"


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_folder_without_labels_is_an_error(picture_folder, save_picture, split):
    (picture_folder / split).rename(picture_folder / "away")
    save_picture(picture_folder / split / "0.png")
    assert error_of(picture_folder) == (
        f"{picture_folder / split}: has no folders; pictures belong in {split}/<label>/"
    )
