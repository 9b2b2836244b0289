"""Pictures from Python, read by the network that ships."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import drawn, row
from synthetic.shapes import DIGITS, LETTERS

import nntrain
from nntrain.errors import ImageError, UsageError


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_picture_is_a_path_contents_or_an_array_and_each_gives_the_same_answer(tmp_path):
    drawn(DIGITS["7"]).convert("RGB").save("seven.png")
    path, pixels = tmp_path / "seven.png", np.asarray(Image.open("seven.png"))
    forms = [path, "seven.png", path.read_bytes(), pixels, pixels[:, :, 0], pixels[:, :, :1], pixels / 255.0]
    predictions = [nntrain.predict(form) for form in forms]
    assert [prediction.text for prediction in predictions] == ["7"] * 7
    assert len({prediction.confidence for prediction in predictions}) == 1
    assert predictions[0].digits[0].image.shape == (28, 28)


def test_a_row_has_its_digits_in_order():
    row([DIGITS[name] for name in "745"]).save("row.png")
    prediction = nntrain.predict("row.png")
    assert (prediction.text, [digit.label for digit in prediction.digits]) == ("745", ["7", "4", "5"])
    assert prediction.confidence == min(digit.confidence for digit in prediction.digits)
    assert prediction.document["digits"] == "745"
    assert prediction._repr_html_().count("<img") == 3


def test_an_unsure_answer_says_why():
    drawn(LETTERS["K"]).save("letter.png")
    prediction = nntrain.predict("letter.png")
    assert prediction.unsure
    assert repr(prediction).endswith(f" %, unsure: {prediction.why_unsure})")


def test_several_pictures_are_a_list_a_folder_or_a_batch_of_arrays(tmp_path):
    drawn(DIGITS["3"]).save("three.png")
    (tmp_path / "two.txt").write_text("no picture")
    predictions = nntrain.predict(["three.png", np.asarray(drawn(DIGITS["7"])), "two.txt"])
    assert [(prediction.name, prediction.text) for prediction in predictions] == [
        ("three.png", "3"),
        ("picture 1", "7"),
    ]
    assert [failure.name for failure in predictions.failures] == ["two.txt"]
    assert "not read: two.txt: " in repr(predictions)
    assert [prediction.text for prediction in nntrain.predict(tmp_path)] == ["3"]
    images = nntrain.load_dataset("mnist_5k").x_test[:2]
    assert [(prediction.name, len(prediction.digits)) for prediction in nntrain.predict(images)] == [
        ("array 0", 1),
        ("array 1", 1),
    ]


def test_no_pictures_have_no_predictions():
    assert repr(nntrain.predict([])) == "no pictures"


def test_a_single_picture_that_cannot_be_read_raises():
    with pytest.raises(ImageError, match=r"none\.png: no such file"):
        nntrain.predict("none.png")
    with pytest.raises(ImageError, match="cannot be opened"):
        nntrain.predict("x" * 5000)
    with pytest.raises(ImageError, match=r"array: the array has the shape \(5,\)"):
        nntrain.predict(np.zeros(5))


def test_what_is_no_picture_is_named_by_its_type():
    with pytest.raises(UsageError, match="picture 0 is of type Image; give a path, bytes or a NumPy array"):
        nntrain.predict([drawn(DIGITS["3"])])
    with pytest.raises(UsageError, match="pictures are of type Image; give a path, bytes, a NumPy array"):
        nntrain.predict(drawn(DIGITS["3"]))


@pytest.mark.tensorflow
def test_binary_networks_and_regressions_have_their_answers(trained, monkeypatch):
    monkeypatch.chdir(trained.folder)
    image = nntrain.load_run("tiny-1").dataset().x_test[0]
    yes_no = nntrain.predict(image, run="sevens-1").digits[0]
    assert set(yes_no.probabilities) == {"no", "yes"}
    assert yes_no.confidence == pytest.approx(yes_no.probabilities[yes_no.label])
    value = nntrain.predict(image, run="value-1").digits[0]
    assert (value.label, value.confidence, value.probabilities) == (str(round(value.value)), None, {})
