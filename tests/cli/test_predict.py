"""`nntrain predict` on pictures, with the network that ships: no training, no TensorFlow."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import drawn, encoded, row
from synthetic.shapes import DIGITS, LETTERS

from nntrain.cli import predict
from nntrain.data.catalog import DATASETS
from nntrain.inference.trained_model import TrainedModel
from nntrain.report import predictions as answers
from nntrain.report.recognition_strip import Row, draw_steps
from nntrain.runs.folder import PRETRAINED_DIR, RunDir


@pytest.fixture
def pictures(tmp_path):
    """Put a digit, a row, a letter, blank paper and text named .png into the folder."""
    drawn(DIGITS["3"]).save(tmp_path / "three.png")
    row([DIGITS[name] for name in "745"]).save(tmp_path / "row.png")
    drawn(LETTERS["K"]).save(tmp_path / "letter.png")
    Image.new("L", (80, 80), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("not a picture")
    return tmp_path


def document(done):
    """Return what --json printed."""
    return json.loads(done.stdout)


def test_without_a_run_the_shipped_network_answers_and_is_named(in_process, pictures):
    done = in_process("predict", "three.png")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split()[:2] == ["three.png", "3"]
    assert done.stderr.startswith("answered by pretrained, test accuracy 99.")


def test_one_digit_in_json(in_process, pictures):
    (one,) = document(in_process("predict", "three.png", "--json"))["predictions"]
    assert list(one) == ["image", "digit", "label", "confidence", "probabilities", "unsure", "decisions"]
    assert (one["image"], one["digit"], one["label"], one["unsure"]) == ("three.png", 3, "3", False)
    assert sum(one["probabilities"]) == pytest.approx(1, abs=1e-5)
    crop = "cropped to 71x130 at (62, 35), centred"
    assert one["decisions"] == ["light background: inverted", crop, "thin strokes: thickened"]


def test_a_row_is_one_entry_with_its_parts(in_process, pictures):
    (one,) = document(in_process("predict", "row.png", "--json"))["predictions"]
    assert one["digits"] == "745"
    assert [part["label"] for part in one["parts"]] == ["7", "4", "5"]
    assert one["confidence"] == min(part["confidence"] for part in one["parts"])
    assert "3 digits in a row: read one by one" in one["decisions"]


def test_an_unsure_answer_gives_the_two_best_and_the_reason(in_process, pictures):
    (one,) = document(in_process("predict", "letter.png", "--json"))["predictions"]
    assert one["unsure"]
    assert one["best_two"][0] == one["label"]
    assert len(one["best_two"]) == 2
    first, second = one["best_two"]
    assert one["why"] in (f"between {first} and {second}", f"no digit-like ink: nearest is {first}")
    line = in_process("predict", "letter.png").stdout.splitlines()[1]
    assert f"unsure: {one['why']}" in line
    assert line.count("%") == 2
    assert line.index(f"  {first} ") < line.index(f"  {second} ") < line.index("unsure")


def test_a_reason_that_all_parts_share_is_said_once(in_process, pictures):
    paper = Image.new("L", (260, 240), 230)
    for top, digits in ((0, "123"), (120, "456")):
        paper.paste(row([DIGITS[digit] for digit in digits]), (0, top))
    paper.save("rows.png")
    line = in_process("predict", "rows.png").stdout.splitlines()[1]
    assert line.rstrip().endswith("unsure: pieces lie above one another, as digits in several rows do")
    assert line.count("pieces") == 1


def test_what_cannot_be_read_stops_nothing_else(in_process, pictures):
    done = in_process("predict", "blank.png", "three.png", "text.png", "none.png", "--json")
    assert done.exit_code == 1
    assert [one["image"] for one in document(done)["predictions"]] == ["three.png"]
    assert done.stderr.splitlines() == [
        "Error: blank.png: nothing found: no writing stands out from the background",
        "Error: text.png: not a picture: the file contains text",
        "Error: none.png: no such file",
    ]


def test_what_cannot_be_looked_up_stops_nothing_else(in_process, pictures, monkeypatch):
    (pictures / "locked").mkdir()
    (pictures / "empty").mkdir()

    def iterdir(folder):
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return map(folder.joinpath, os.listdir(folder))

    monkeypatch.setattr(Path, "iterdir", iterdir)
    done = in_process("predict", "x" * 300, "locked", "three.png", "empty", "--json")
    assert done.exit_code == 1
    assert [one["image"] for one in document(done)["predictions"]] == ["three.png"]
    assert [one["error"].partition(" (")[0] for one in document(done)["errors"]] == [
        f"{'x' * 300}: cannot be opened",
        "locked: the folder cannot be read",
        "empty: no pictures in this folder",
    ]


def test_a_photo_of_an_iphone_in_a_folder_is_not_passed_over(in_process, pictures):
    (pictures / "photo.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(30))
    assert "photo.HEIC: an HEIC photo" in in_process("predict", ".").stderr


def test_a_name_that_says_another_format_is_noted(in_process, pictures):
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
    given = document(nntrain("predict", "many", "--json"))
    assert [one["image"][-7:-4] for one in given["predictions"]] == [f"{n:03d}" for n in range(120) if n != 50]
    assert [one["image"] for one in given["errors"]] == ["many/050.png"]
    assert given["predictions"][59]["unsure"]
    right = sum(one.get("digit") == int(one["image"][-7:-4]) % 10 for one in given["predictions"])
    assert right >= 115


def test_steps_draws_a_strip_with_a_row_a_digit(in_process, pictures):
    done = in_process("predict", "three.png", "row.png", "--steps", "how.png")
    assert "drawn: how.png" in done.stderr
    with Image.open(pictures / "how.png") as strip:
        wide, high = strip.size
        pixels = np.asarray(strip.convert("L"))
    assert wide > 900
    assert high > 4 * 168
    # The network's image is the fourth panel: white strokes on black.
    panel = pixels[60:200, 16 + 3 * 184 : 16 + 3 * 184 + 168]
    assert panel.min() < 10
    assert panel.max() > 245


def test_steps_cut_no_words_off(tmp_path):
    pixels = np.zeros((28, 28), np.uint8)
    way = Row(pixels, None, None, pixels, "an answer", ["words " * 30, "short"], unsure=True, name="a.png")
    draw_steps([way], tmp_path / "how.png")
    with Image.open(tmp_path / "how.png") as strip:
        inked = np.flatnonzero((np.asarray(strip.convert("L")) < 200).any(axis=0))
    assert 1200 < inked[-1] < strip.width - 8


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("how.psd", "no picture can be written"),
        ("how.hdf", "no picture can be written"),
        ("how.txt", "no picture can be written with that suffix"),
        ("no/how.png", "there is no folder no"),
    ],
)
def test_steps_that_cannot_be_written_are_said_before_anything_is_read(in_process, pictures, path, words):
    done = in_process("predict", "three.png", "--steps", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_steps_draws_the_first_digits_and_keeps_no_more_pictures(in_process, pictures, monkeypatch):
    monkeypatch.setattr(answers, "MOST_STEPS", 4)
    done = in_process("predict", "three.png", "row.png", "three.png", "--steps", "how.png")
    assert "how.png shows the first 4 of 5 digits" in done.stderr
    shown = []
    monkeypatch.setattr(answers, "draw", lambda trained, answered, path: shown.extend(answered))
    in_process("predict", "three.png", "row.png", "three.png", "--steps", "how.png")
    assert [one.picture is not None for one in shown] == [True, True, False]
    assert [one.reading.answers[0].digit.source is not None for one in shown] == [True, True, False]


def test_pictures_are_answered_in_batches_of_bounded_size(in_process, pictures, monkeypatch):
    sizes = []
    answer_some = predict._answer_some
    monkeypatch.setattr(
        predict, "_answer_some", lambda some, *rest: sizes.append(len(some)) or answer_some(some, *rest)
    )
    monkeypatch.setattr(predict, "BYTES_AT_ONCE", 500_000)  # 200x200 pixels take some 400,000
    in_process("predict", *["three.png"] * 5)
    assert sizes == [2, 2, 1]


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


def test_show_draws_28_rows_of_plain_characters_where_there_is_no_terminal(in_process, pictures):
    lines = in_process("predict", "three.png", "--show").stdout.splitlines()
    drawn_lines = lines[lines.index("three.png  3") + 1 :]
    assert len(drawn_lines) == 28
    assert any("@@" in line for line in drawn_lines)
    assert "\x1b" not in "".join(drawn_lines)


def test_pretrained_names_the_shipped_network_in_evaluate_too(in_process, tmp_path):
    done = in_process("evaluate", "pretrained", "--data", "mnist_5k", "--json")
    given = document(done)
    assert (given["run"], given["images"]) == ("pretrained", 1000)
    assert given["calibration"]["bins"] == 15
    assert given["calibration"]["error"] < 0.02
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "confusion-pretrained-mnist_5k.png",
        "worst-pretrained-mnist_5k.png",
    ]


def test_evaluate_says_how_far_confidence_is_off(in_process):
    lines = in_process("evaluate", "--data", "mnist_5k", "--no-plots").stdout.splitlines()
    assert lines[-2].startswith("confidence is off by 0.")
    assert lines[-1].startswith("pretrained: accuracy ")


def test_confidence_is_off_by_less_than_a_percent_on_mnists_test_images(in_process, full_mnist, monkeypatch):
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(full_mnist))
    given = document(in_process("evaluate", "pretrained", "--no-plots", "--json"))
    assert given["images"] == 10_000
    assert given["calibration"]["error"] < 0.01


@pytest.fixture
def own_run(tmp_path, monkeypatch):
    """Put a run of one's own into the folder, on MNIST by path: the shipped network, made to be wrong and in doubt."""
    shutil.copytree(PRETRAINED_DIR, tmp_path / "runs" / "own-1")
    path = tmp_path / "runs" / "own-1" / "run.json"
    info = json.loads(path.read_text())
    info["data"]["name"] = "/home/me/numbers.npz"
    path.write_text(json.dumps(info))
    classifier = TrainedModel.classifier

    class Doubtful:
        def __init__(self, trained, load_keras):
            self.outputs_of = classifier(trained, load_keras).predict

        def predict(self, images):
            return (0.6 * np.roll(self.outputs_of(images), 1, axis=1) + 0.04).astype(np.float32)

    monkeypatch.setattr(
        TrainedModel, "classifier", lambda *call: (classifier if call[0].run.is_pretrained else Doubtful)(*call)
    )
    return path


def test_the_shipped_network_says_where_it_is_surer_than_a_run_on_mnist_by_path(in_process, pictures, own_run):
    done = in_process("predict", "three.png", "row.png")
    assert done.stdout.splitlines()[1].split()[:2] == ["three.png", "4"]
    assert "unsure" in done.stdout
    note = "pretrained, the network that ships, is surer and reads three.png as 3 (100.0 %), row.png as 745 ("
    assert done.stderr.splitlines()[1].startswith(note)
    first, second = document(in_process("predict", "three.png", "row.png", "--json"))["predictions"]
    assert (first["digit"], first["unsure"], first["pretrained"]["digits"]) == (4, True, "3")
    assert first["pretrained"]["confidence"] > 0.99
    assert second["pretrained"]["digits"] == "745"
    (shipped,) = document(in_process("predict", "three.png", "--run", "pretrained", "--json"))["predictions"]
    assert "pretrained" not in shipped


def test_a_run_on_other_pictures_is_not_asked_for_digits(in_process, pictures, own_run):
    info = json.loads(own_run.read_text())
    info["data"]["fingerprints"]["x_train"] = "0" * 32
    own_run.write_text(json.dumps(info))
    (one,) = document(in_process("predict", "three.png", "--json"))["predictions"]
    assert "pretrained" not in one


def test_mnist_is_known_by_its_images():
    from nntrain.data.load import load_dataset

    assert (
        load_dataset("mnist_5k", splits=("train",)).fingerprints["x_train"] == DATASETS["mnist_5k"].digits_fingerprint
    )
    assert RunDir(PRETRAINED_DIR).read_info()["data"]["fingerprints"]["x_train"] == DATASETS["mnist"].digits_fingerprint


def test_the_shipped_run_is_whole_small_and_names_no_machine():
    run = RunDir(PRETRAINED_DIR)
    files = [path for path in PRETRAINED_DIR.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert {run.config_path, run.tflite_path, run.info_path, run.metrics_path, run.history_path} <= set(files)
    info = run.read_info()
    assert info["status"] == "complete"
    assert 0.3 < info["temperature"] < 3
    assert run.read_metrics()["test"]["accuracy"] > 0.995
    words = run.info_path.read_text() + run.metrics_path.read_text() + run.config_path.read_text()
    assert not any(place in words for place in ("/home", "/root", "/tmp", "/work", "C:\\"))


def test_a_picture_from_stdin_is_read(nntrain):
    done = nntrain("predict", "-", "--json", stdin=encoded(drawn(DIGITS["7"])))
    assert document(done)["predictions"][0]["digit"] == 7


def test_half_blocks_hold_two_rows_each_and_a_narrow_terminal_gets_half_the_size():
    from nntrain.report.terminal_image import draw_pixels

    pixels = np.zeros((28, 28), np.uint8)
    pixels[0, 0], pixels[1, 0] = 255, 128
    lines = draw_pixels(pixels, colours=True, columns=80)
    assert (len(lines), len(lines[0].plain)) == (14, 28)
    assert str(lines[0].spans[0].style) == "rgb(255,255,255) on rgb(128,128,128)"
    assert len(draw_pixels(pixels, colours=True, columns=20)) == 7
    assert [len(draw_pixels(pixels, colours=False, columns=columns)) for columns in (80, 30, 20)] == [28, 28, 14]
