"""`nntrain predict` on pictures, with the network that ships: no training, no TensorFlow."""

from __future__ import annotations

import json

import numpy as np
import pytest
from drawing.paper import drawn, encoded, row
from drawing.shapes import DIGITS, LETTERS
from PIL import Image

from nntrain.runs import SHIPPED, RunDir


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
    assert one["decisions"] == ["light ground: inverted", "thin strokes: thickened"]


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
        "Error: blank.png: the picture is blank: no ink stands out from the ground",
        "Error: text.png: not a picture: the file holds text",
        "Error: none.png: there is no such file",
    ]


def test_many_pictures_are_answered_in_their_order(nntrain, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(120):
        drawn(DIGITS[str(number % 10)], size=(48, 48), stroke=0.1).save(tmp_path / "many" / f"{number:03d}.png")
    (tmp_path / "many" / "050.png").write_text("damaged")
    given = document(nntrain("predict", "many", "--json"))
    assert [one["image"][-7:-4] for one in given["predictions"]] == [f"{n:03d}" for n in range(120) if n != 50]
    assert [one["image"] for one in given["errors"]] == ["many/050.png"]
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


@pytest.mark.parametrize(
    ("path", "words"),
    [("how.txt", "no picture can be written with that suffix"), ("no/how.png", "there is no folder no")],
)
def test_steps_that_cannot_be_written_are_said_before_anything_is_read(in_process, pictures, path, words):
    done = in_process("predict", "three.png", "--steps", path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


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
    assert lines[-2].startswith("confidence off by 0.")
    assert lines[-1].startswith("pretrained: accuracy ")


def test_the_shipped_run_is_whole_small_and_names_no_machine():
    run = RunDir(SHIPPED)
    files = [path for path in SHIPPED.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert {run.config, run.tflite, run.info, run.metrics, run.history} <= set(files)
    info = run.read_info()
    assert info["status"] == "complete"
    assert 0.3 < info["temperature"] < 3
    assert run.read_metrics()["test"]["accuracy"] > 0.995
    words = run.info.read_text() + run.metrics.read_text() + run.config.read_text()
    assert not any(place in words for place in ("/home", "/root", "/tmp", "/work", "C:\\"))


def test_a_picture_from_stdin_is_read(nntrain):
    done = nntrain("predict", "-", "--json", stdin=encoded(drawn(DIGITS["7"])))
    assert document(done)["predictions"][0]["digit"] == 7


def test_half_blocks_hold_two_rows_each_and_a_narrow_terminal_gets_half_the_size():
    from nntrain.report.pixels import draw_pixels

    pixels = np.zeros((28, 28), np.uint8)
    pixels[0, 0], pixels[1, 0] = 255, 128
    lines = draw_pixels(pixels, colours=True, columns=80)
    assert (len(lines), len(lines[0].plain)) == (14, 28)
    assert str(lines[0].spans[0].style) == "rgb(255,255,255) on rgb(128,128,128)"
    assert len(draw_pixels(pixels, colours=True, columns=20)) == 7
    assert [len(draw_pixels(pixels, colours=False, columns=columns)) for columns in (80, 30, 20)] == [28, 28, 14]
