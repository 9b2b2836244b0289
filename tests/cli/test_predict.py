"""`nntrain predict`, mostly with the network that ships: no training, no TensorFlow."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from unittest.mock import ANY

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import drawn, encoded, row
from synthetic.shapes import DIGITS, LETTERS

from nntrain.inference.trained_model import TrainedModel
from nntrain.report import predictions, recognition_strip
from nntrain.runs.folder import PRETRAINED_DIR


@pytest.fixture
def pictures(tmp_path):
    """Put a digit, a row, a letter, blank paper and text named .png into the folder."""
    drawn(DIGITS["3"]).save(tmp_path / "three.png")
    row([DIGITS[name] for name in "745"]).save(tmp_path / "row.png")
    drawn(LETTERS["K"]).save(tmp_path / "letter.png")
    Image.new("L", (80, 80), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("not a picture")
    return tmp_path


@pytest.fixture
def sample_run(tmp_path, monkeypatch):
    """Return a run like the network that ships, on the 5,000 images that ship."""
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(tmp_path))
    shutil.copytree(PRETRAINED_DIR, tmp_path / "sample")
    path = tmp_path / "sample" / "run.json"
    info = json.loads(path.read_text())
    info["data"]["name"] = "mnist_5k"
    path.write_text(json.dumps(info))
    return str(tmp_path / "sample")


def document(result):
    """Return what --json printed."""
    return json.loads(result.stdout)


def test_without_a_run_the_network_that_ships_answers_and_is_named(in_process, pictures):
    result = in_process("predict", "three.png")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split()[:2] == ["three.png", "3"]
    assert result.stderr.startswith("answered by pretrained, test accuracy 99.")


def test_one_digit_in_json(in_process, pictures):
    (entry,) = document(in_process("predict", "three.png", "--json"))["predictions"]
    assert list(entry) == ["image", "digit", "label", "confidence", "probabilities", "unsure", "decisions"]
    assert (entry["image"], entry["digit"], entry["label"], entry["unsure"]) == ("three.png", 3, "3", False)
    assert sum(entry["probabilities"]) == pytest.approx(1, abs=1e-5)
    crop = "cropped to 71x130 at (62, 35), centered"
    assert entry["decisions"] == ["light background: inverted", crop, "thin strokes: thickened"]


def test_a_row_is_one_entry_with_its_parts(in_process, pictures):
    (entry,) = document(in_process("predict", "row.png", "--json"))["predictions"]
    assert entry["digits"] == "745"
    assert [part["label"] for part in entry["parts"]] == ["7", "4", "5"]
    assert entry["confidence"] == min(part["confidence"] for part in entry["parts"])
    assert "3 digits in a row: read one by one" in entry["decisions"]


def test_an_unsure_answer_has_its_two_best_classes_and_the_reason(in_process, pictures):
    (entry,) = document(in_process("predict", "letter.png", "--json"))["predictions"]
    assert entry["unsure"]
    first, second = entry["best_two"]
    assert first == entry["label"]
    assert entry["why"] in (f"between {first} and {second}", f"may not be a digit; closest: {first}")
    line = in_process("predict", "letter.png").stdout.splitlines()[1]
    assert line.rstrip().endswith(f"unsure: {entry['why']}")
    assert line.count("%") == 2
    assert line.index(f"  {first} ") < line.index(f"  {second} ") < line.index("unsure")


def test_a_reason_that_all_digits_share_is_named_once(in_process, pictures):
    paper = Image.new("L", (260, 240), 230)
    for top, digits in ((0, "123"), (120, "456")):
        paper.paste(row([DIGITS[digit] for digit in digits]), (0, top))
    paper.save("two.png")
    line = in_process("predict", "two.png").stdout.splitlines()[1]
    assert line.rstrip().endswith("unsure: looks like several rows")
    assert line.count("rows") == 1


def test_a_picture_that_cannot_be_read_does_not_stop_the_others(in_process, pictures):
    result = in_process("predict", "blank.png", "three.png", "text.png", "none.png", "--json")
    assert result.exit_code == 1
    assert [entry["image"] for entry in document(result)["predictions"]] == ["three.png"]
    errors = [error["error"] for error in document(result)["errors"]]
    assert [error.partition(": ")[0] for error in errors] == ["blank.png", "text.png", "none.png"]
    assert result.stderr.splitlines() == [f"Error: {error}" for error in errors]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_with_control_characters_is_one_row_and_cannot_hide_text(in_process, pictures):
    name = "three\n\x1b[8m\x9b\u202e.png"
    (pictures / "three.png").rename(pictures / name)
    done = in_process("predict", name, "text\n.png")
    assert done.stdout.splitlines()[1].split() == [r"three\n\x1b[8m\x9b\u202e.png", "3", ANY, "%"]
    assert done.stderr.splitlines()[-1].startswith(r"Error: text\n.png: ")
    document = in_process("predict", name, "--json").stdout
    assert r'"image": "three\n\u001b[8m\u009b\u202e.png"' in document
    assert json.loads(document)["predictions"][0]["image"] == name


def test_folders_and_long_names_that_cannot_be_read_do_not_stop_the_others(in_process, pictures):
    (pictures / "empty").mkdir()
    result = in_process("predict", "x" * 300, "three.png", "empty", "--json")
    assert result.exit_code == 1
    assert [entry["image"] for entry in document(result)["predictions"]] == ["three.png"]
    assert [error["error"].partition(" (")[0] for error in document(result)["errors"]] == [
        f"{'x' * 300}: cannot be opened",
        "empty: no pictures in this folder",
    ]


def test_a_photo_of_an_iphone_in_a_folder_is_not_passed_over(in_process, pictures):
    (pictures / "photo.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(30))
    assert "photo.HEIC: an HEIC photo" in in_process("predict", ".").stderr


def test_a_suffix_of_a_different_format_is_noted(in_process, pictures):
    for number in range(7):
        drawn(DIGITS["3"]).save(pictures / f"{number}.png", "JPEG")
    names = [f"{number}.png" for number in range(7)]
    note = in_process("predict", *names).stderr.splitlines()[-1]
    assert note.startswith("0.png: named .png, but the file is JPEG: read as JPEG; 1.png: ")
    assert note.endswith(" and 2 more")
    assert "named" not in in_process("predict", "0.png", "--quiet").stderr


def test_many_pictures_are_answered_in_their_order(nntrain, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(120):
        drawn(DIGITS[str(number % 10)], size=(48, 48), stroke=0.1).save(tmp_path / "many" / f"{number:03d}.png")
    (tmp_path / "many" / "050.png").write_text("damaged")
    dashes = Image.new("L", (512, 512), 255)
    for left in range(20, 480, 52):
        dashes.paste(0, (left, 250, left + 40, 260))
    dashes.save(tmp_path / "many" / "060.png")
    results = document(nntrain("predict", "many", "--json"))
    entries = results["predictions"]
    assert [entry["image"][-7:-4] for entry in entries] == [f"{number:03d}" for number in range(120) if number != 50]
    assert [error["image"] for error in results["errors"]] == ["many/050.png"]
    assert entries[59]["unsure"]
    assert sum(entry.get("digit") == int(entry["image"][-7:-4]) % 10 for entry in entries) >= 115


def test_a_picture_from_stdin_is_read(nntrain):
    result = nntrain("predict", "-", "--json", stdin=encoded(drawn(DIGITS["7"])))
    assert document(result)["predictions"][0]["digit"] == 7


@pytest.mark.parametrize("arguments", [[], ["three.png", "--test", "0"]])
def test_either_pictures_or_test_images_have_to_be_given(in_process, arguments):
    result = in_process("predict", *arguments)
    assert result.exit_code == 2
    assert "give either pictures (`" in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "--test x: write a number or a range, for example --test 0-4"),
        ("1-", "--test 1-: write a number or a range"),
        ("1234567890", "--test 1234567890: write a number or a range"),
        ("5-4", "--test 5-4: the range ends before it begins"),
        ("998-1000", "there is no test image 1000: they are numbered 0 to 999"),
    ],
)
def test_a_range_of_test_images_that_does_not_exist_is_an_error(in_process, sample_run, text, message):
    result = in_process("predict", "--test", text, "--run", sample_run)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(("text", "indices"), [("7", [7]), ("3-3", [3]), ("998-999", [998, 999])])
def test_test_images_are_answered_with_their_truth(in_process, sample_run, text, indices):
    entries = document(in_process("predict", "--test", text, "--run", sample_run, "--json"))["predictions"]
    assert [entry["image"] for entry in entries] == [f"test image {index}" for index in indices]
    assert [entry["label"] for entry in entries] == [entry["truth"] for entry in entries]


def test_top_shows_the_most_probable_classes(in_process, pictures):
    line = in_process("predict", "three.png", "--top", "4").stdout.splitlines()[1]
    assert line.count("%") == 4


def test_quiet_prints_the_answers_alone(in_process, pictures):
    result = in_process("predict", "three.png", "--quiet")
    assert result.stdout.splitlines()[1].split()[:2] == ["three.png", "3"]
    assert result.stderr == ""


def test_steps_draws_a_strip_with_a_row_per_digit(in_process, pictures):
    result = in_process("predict", "three.png", "row.png", "--steps", "how.png")
    assert "drawn: how.png" in result.stderr
    with Image.open(pictures / "how.png") as strip:
        width, height = strip.size
        pixels = np.asarray(strip.convert("L"))
    assert width > 900
    assert height > 4 * 168
    # The network's image is the fourth panel: white strokes on black.
    panel = pixels[60:200, 16 + 3 * 184 : 16 + 3 * 184 + 168]
    assert panel.min() < 10
    assert panel.max() > 245


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("how.psd", "pictures with that suffix cannot be written; use .png"),
        ("no/how.png", "the folder no does not exist"),
    ],
)
def test_steps_that_cannot_be_written_are_reported_before_anything_is_read(in_process, pictures, path, message):
    result = in_process("predict", "three.png", "--steps", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr


def test_steps_draws_the_first_digits_and_keeps_no_more_pictures(in_process, pictures, monkeypatch):
    monkeypatch.setattr(recognition_strip, "MAX_ROWS", 4)
    to_draw = []
    monkeypatch.setattr(predictions, "draw_steps", lambda model, recognitions, path: to_draw.extend(recognitions))
    in_process("predict", "three.png", "row.png", "three.png", "--steps", "how.png")
    assert [recognition.picture is not None for recognition in to_draw] == [True, True, False]


def test_no_pictures_are_kept_without_steps(in_process, pictures, monkeypatch):
    shown = []
    monkeypatch.setattr(predictions, "show", lambda model, recognitions, **options: shown.extend(recognitions))
    in_process("predict", "three.png")
    assert [recognition.picture for recognition in shown] == [None]


@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_quiet_and_json_do_not_mention_the_strip(in_process, pictures, option):
    result = in_process("predict", "three.png", "--steps", "how.png", option)
    assert result.exit_code == 0
    assert (pictures / "how.png").exists()
    assert result.stderr == ""


def test_no_strip_is_drawn_if_nothing_could_be_read(in_process, pictures):
    result = in_process("predict", "blank.png", "--steps", "how.png")
    assert result.exit_code == 1
    assert not (pictures / "how.png").exists()
    assert result.stdout == ""


def test_a_terminal_gets_half_blocks_in_shades(nntrain, pictures):
    pty = pytest.importorskip("pty")
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nntrain", "predict", "three.png", "--show"],
        cwd=pictures,
        env={**nntrain.environment(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS="80"), "NO_COLOR": ""},
        stdout=end,
        stderr=subprocess.DEVNULL,
    )
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError):  # how a pseudo-terminal ends
        while read := os.read(terminal, 4096):
            shown += read
    os.close(terminal)
    assert process.wait() == 0
    lines = [line for line in shown.decode().splitlines() if "\N{UPPER HALF BLOCK}" in line]
    assert [line.count("\N{UPPER HALF BLOCK}") for line in lines] == [28] * 14
    assert "38;2;255;255;255" in shown.decode()


def test_show_prints_28_rows_of_plain_characters_if_there_is_no_terminal(in_process, pictures):
    lines = in_process("predict", "three.png", "--show").stdout.splitlines()
    image_lines = lines[lines.index("three.png  3") + 1 :]
    assert len(image_lines) == 28
    assert any("@@" in line for line in image_lines)
    assert "\x1b" not in "".join(image_lines)


def test_images_are_not_shown_unless_asked_for(in_process, pictures):
    assert len(in_process("predict", "three.png").stdout.splitlines()) == 2


@pytest.fixture
def own_run(tmp_path, monkeypatch):
    """Put the user's own run into the folder, on MNIST by path: the network that ships, made wrong and unsure."""
    shutil.copytree(PRETRAINED_DIR, tmp_path / "runs" / "own-1")
    path = tmp_path / "runs" / "own-1" / "run.json"
    info = json.loads(path.read_text())
    info["data"]["name"] = "/home/me/numbers.npz"
    path.write_text(json.dumps(info))
    classifier = TrainedModel.classifier

    class Wrong:
        def __init__(self, *arguments):
            self.predict_right = classifier(*arguments).predict

        def predict(self, images):
            return (0.6 * np.roll(self.predict_right(images), 1, axis=1) + 0.04).astype(np.float32)

    monkeypatch.setattr(
        TrainedModel,
        "classifier",
        lambda model, *rest: classifier(model, *rest) if model.run.is_pretrained else Wrong(model, *rest),
    )


def test_the_network_that_ships_disagrees_with_a_wrong_run_on_mnist_by_path(in_process, pictures, own_run):
    result = in_process("predict", "three.png", "row.png")
    assert result.stdout.splitlines()[1].split()[:2] == ["three.png", "4"]
    assert "unsure" in result.stdout
    note = result.stderr.splitlines()[1]
    assert note.startswith("pretrained disagrees: three.png is 3 (100.0 %), row.png is 745 (")
    assert note.endswith("; try `--run pretrained`")


def test_a_second_opinion_in_json(in_process, pictures, own_run):
    first, second = document(in_process("predict", "three.png", "row.png", "--json"))["predictions"]
    assert (first["digit"], first["unsure"], first["pretrained"]["digits"]) == (4, True, "3")
    assert first["pretrained"]["confidence"] > 0.99
    assert second["pretrained"]["digits"] == "745"


def test_the_network_that_ships_has_no_second_opinion_of_itself(in_process, pictures, own_run):
    (entry,) = document(in_process("predict", "three.png", "--run", "pretrained", "--json"))["predictions"]
    assert "pretrained" not in entry


# --- runs of every task ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def digits(tiny_data):
    """Return ten test images with their labels."""
    with np.load(tiny_data) as data:
        return data["x_test"][:10], data["y_test"][:10]


@pytest.mark.tensorflow
def test_predict_answers_pictures_by_file_folder_and_stdin(trained, digits):
    folder = trained.folder / "pictures"
    folder.mkdir(exist_ok=True)
    for index, pixels in enumerate(digits[0][:3]):
        (folder / f"{index}.png").write_bytes(encoded(pixels))
    result = trained("predict", "pictures", "pictures/0.png", "-", "--json", stdin=encoded(digits[0][3]))
    document = json.loads(result.stdout)
    names = [entry["image"] for entry in document["predictions"]]
    assert names == ["pictures/0.png", "pictures/1.png", "pictures/2.png", "pictures/0.png", "-"]


@pytest.mark.tensorflow
def test_a_png_of_a_test_image_is_answered_as_the_test_image_is(trained, digits):
    (trained.folder / "four.png").write_bytes(encoded(digits[0][4]))
    (entry,) = trained.json("predict", "four.png")["predictions"]
    (expected,) = trained.json("predict", "--test", "4")["predictions"]
    assert entry["probabilities"] == expected["probabilities"]
    assert entry["digit"] == int(np.argmax(entry["probabilities"]))
    assert entry["confidence"] == max(entry["probabilities"])
    assert expected["truth"] == str(digits[1][4])


@pytest.mark.tensorflow
def test_a_picture_that_cannot_be_read_is_reported_and_the_others_are_answered(trained, digits):
    (trained.folder / "good.png").write_bytes(encoded(digits[0][0]))
    (trained.folder / "bad.png").write_bytes(b"not a picture")
    result = trained("predict", "bad.png", "good.png", "nowhere.png", "--json")
    document = json.loads(result.stdout)
    assert result.returncode == 1
    assert [entry["image"] for entry in document["predictions"]] == ["good.png"]
    assert [error["image"] for error in document["errors"]] == ["bad.png", "nowhere.png"]


@pytest.mark.tensorflow
def test_predict_shows_the_truth_and_names_the_network_and_its_score(trained):
    result = trained("predict", "--test", "0-1", "--top", "3")
    assert [line.split()[:3] for line in result.stdout.splitlines()[1:]] == [
        ["test", "image", "0"],
        ["test", "image", "1"],
    ]
    assert result.stderr.startswith("answered by runs/tiny-1, test accuracy ")


@pytest.mark.tensorflow
def test_binary_and_regression_answer_in_their_own_terms(trained):
    (binary,) = trained.json("predict", "--test", "0", "--run", "sevens-1")["predictions"]
    assert set(binary) - {"why"} == {"image", "positive", "confidence", "probability", "unsure", "decisions", "truth"}
    (value,) = trained.json("predict", "--test", "0", "--run", "runs/value-1")["predictions"]
    assert value["digit"] == round(value["value"])


@pytest.mark.tensorflow
def test_a_run_without_tflite_is_answered_the_same_by_keras(trained, tmp_path):
    shutil.copytree(trained.folder / "runs", tmp_path / "runs")
    nntrain = type(trained)(tmp_path)
    by_litert = nntrain.json("predict", "--test", "0-4")["predictions"]
    (tmp_path / "runs/tiny-1/model.tflite").unlink()
    by_keras = nntrain.json("predict", "--test", "0-4")["predictions"]
    for first, second in zip(by_litert, by_keras, strict=True):
        assert first["probabilities"] == pytest.approx(second["probabilities"], abs=1e-5)


def test_test_images_of_other_data_are_answered(in_process, sample_run, tiny_data):
    done = in_process("predict", "--test", "3", "--data", str(tiny_data), "--run", str(sample_run))
    assert done.stdout.splitlines()[1].startswith("test image 3")
    done = in_process("predict", "three.png", "--data", "mnist_5k")
    assert (done.exit_code, done.stderr) == (
        2,
        "Error: --data names where test images come from; add --test, for example --test 0-4\n",
    )
