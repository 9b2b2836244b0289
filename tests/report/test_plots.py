import math
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nntrain.errors import NntrainError
from nntrain.report import plots
from nntrain.report.plots import draw_confusion, draw_training, draw_worst
from nntrain.results import ClassScore, Mistake, Prediction, Scores

IMAGES = np.zeros((10, 28, 28), np.uint8)


def epoch(number, **values):
    return {"epoch": float(number), "seconds": 0.5, "learning_rate": 0.001, **values}


def two_epochs():
    return [
        epoch(1, loss=0.5, val_loss=0.3, accuracy=0.8, val_accuracy=0.85),
        epoch(2, loss=0.2, val_loss=0.4, accuracy=0.9, val_accuracy=0.84),
    ]


def scores(*names, right=90, wrong=10):
    """Each class is taken for the next one `wrong` times."""
    size = len(names)
    confusion = right * np.eye(size, dtype=int) + wrong * np.roll(np.eye(size, dtype=int), 1, axis=1)
    return Scores(
        images=size * (right + wrong),
        metrics={"loss": 0.3},
        classes=tuple(ClassScore(name, 0.9, 0.9, 0.9, right + wrong) for name in names),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def mistake(index, truth, answered, confidence=0.75):
    return Mistake(index, truth, Prediction(answered, confidence, (0.25, 0.75)))


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Keeps the figures that are drawn, beside writing them."""
    figures = []
    save = plots._save
    monkeypatch.setattr(plots, "_save", lambda figure, path: (figures.append(figure), save(figure, path)))
    return figures


def texts(figure):
    from matplotlib.text import Text

    return {text.get_text() for text in figure.findobj(Text)} - {""}


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def drawn_values(axes, color):
    """What the longest line of a colour runs through."""
    lines = [line for line in axes.lines if line.get_color() == color]
    return list(max(lines, key=lambda line: len(line.get_xdata())).get_ydata())


@pytest.mark.parametrize(
    "draw",
    [
        lambda path: draw_training(two_epochs(), path, title="mlp-1"),
        lambda path: draw_confusion(scores("0", "1"), path, title="mlp-1"),
        lambda path: draw_worst(IMAGES, [mistake(3, "0", "1")], path, title="mlp-1"),
    ],
    ids=["training", "confusion", "worst"],
)
def test_a_png_replaces_the_old_one_and_nothing_is_left_beside_it(draw, tmp_path):
    path = tmp_path / "picture.png"
    path.write_text("old")
    draw(path)
    with Image.open(path) as image:
        assert image.format == "PNG"
    assert os.listdir(tmp_path) == ["picture.png"]


def test_a_picture_that_cannot_be_written_leaves_the_old_one(monkeypatch, tmp_path):
    def fail(source, target):
        raise OSError(28, "No space left on device")

    path = tmp_path / "training.png"
    path.write_text("old")
    monkeypatch.setattr("nntrain.system.files.replace_and_sync", fail)
    with pytest.raises(NntrainError, match=r"training\.png: cannot be written: No space left on device"):
        draw_training(two_epochs(), path, title="mlp-1")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["training.png"]


def test_training_has_a_panel_for_loss_each_metric_and_the_learning_rate(drawn, tmp_path):
    draw_training(two_epochs(), tmp_path / "t.png", title="mlp-1")
    assert [axes.get_title(loc="left") for axes in drawn[0].axes] == ["loss", "accuracy", "learning rate"]
    assert {"mlp-1", "train", "validation"} <= texts(drawn[0])
    assert drawn_values(panel(drawn[0], "loss"), plots.BLUE) == [0.5, 0.2]
    assert drawn_values(panel(drawn[0], "loss"), plots.VERMILION) == [0.3, 0.4]


def test_the_epoch_with_the_lowest_validation_loss_is_marked_in_every_panel(drawn, tmp_path):
    draw_training(two_epochs(), tmp_path / "t.png", title="mlp-1")
    assert "2 epochs; rings mark epoch 1, which has the lowest validation loss" in texts(drawn[0])
    assert panel(drawn[0], "loss").get_title(loc="right") == "0.3"
    assert panel(drawn[0], "accuracy").get_title(loc="right") == "0.85"


def test_training_without_validation_marks_nothing(drawn, tmp_path):
    draw_training([epoch(1, loss=0.5), epoch(2, loss=0.2)], tmp_path / "t.png", title="mlp-1")
    assert {"2 epochs", "train"} <= texts(drawn[0])
    assert "validation" not in texts(drawn[0])


def test_one_epoch_is_drawn(drawn, tmp_path):
    draw_training([epoch(1, loss=0.5, val_loss=0.3)], tmp_path / "t.png", title="mlp-1")
    assert list(panel(drawn[0], "loss").get_xticks()) == [1]


def test_a_training_without_a_finished_epoch_says_so(drawn, tmp_path):
    draw_training([], tmp_path / "t.png", title="mlp-1")
    assert {"0 epochs", "no values to draw"} <= texts(drawn[0])


def test_values_that_are_not_finite_are_gaps(drawn, tmp_path):
    rows = [epoch(i, loss=loss, val_loss=math.nan) for i, loss in enumerate([0.5, math.inf, math.nan, 0.25], 1)]
    draw_training(rows, tmp_path / "t.png", title="mlp-1")
    values = drawn_values(panel(drawn[0], "loss"), plots.BLUE)
    assert [value if math.isfinite(value) else None for value in values] == [0.5, None, None, 0.25]


def test_a_learning_rate_that_changes_has_a_logarithmic_scale(drawn, tmp_path):
    rows = two_epochs()
    draw_training(rows, tmp_path / "t.png", title="mlp-1")
    rows[1]["learning_rate"] = 0.0005
    draw_training(rows, tmp_path / "t.png", title="mlp-1")
    assert [panel(figure, "learning rate").get_yscale() for figure in drawn] == ["linear", "log"]


def test_a_learning_rate_that_ends_at_zero_is_drawn(drawn, tmp_path):
    rows = two_epochs()
    rows[1]["learning_rate"] = 0.0
    draw_training(rows, tmp_path / "t.png", title="mlp-1")
    assert panel(drawn[0], "learning rate").get_yscale() == "linear"


def test_the_names_of_curves_that_end_together_stand_apart(drawn, tmp_path):
    draw_training(
        [epoch(1, loss=0.5, val_loss=0.5), epoch(2, loss=0.2, val_loss=0.2)], tmp_path / "t.png", title="mlp-1"
    )
    train, validation = (text.get_position()[1] for text in panel(drawn[0], "loss").texts)
    assert abs(train - validation) == pytest.approx(0.16 / 2.3)


def test_the_confusion_matrix_shows_counts_names_and_ratios(drawn, tmp_path):
    draw_confusion(scores("cat", "dog", "owl"), tmp_path / "c.png", title="pets-1")
    assert {"cat", "dog", "owl", "truth", "answered as", "90", "10", "90.0%", "recall", "precision"} <= texts(drawn[0])
    assert "300 images, 90.00% right, 30 mistakes" in texts(drawn[0])


def test_a_count_stands_in_the_row_of_its_truth_and_the_column_of_its_answer(drawn, tmp_path):
    only = Scores(8, {"loss": 1.0}, scores("no", "yes").classes, ((0, 7), (1, 0)))
    draw_confusion(only, tmp_path / "c.png", title="binary-1")
    places = {text.get_text(): text.get_position() for text in drawn[0].axes[0].texts}
    assert places["7"] == (1, 0)
    assert places["1"] == (0, 1)


def test_mistakes_are_seen_beside_a_strong_diagonal(drawn, tmp_path):
    draw_confusion(scores("0", "1", "2", right=9990, wrong=10), tmp_path / "c.png", title="mlp-1")
    colors = drawn[0].axes[0].images[0].get_array()
    assert colors[0, 0].tolist() == pytest.approx([0.1, 0.5, 0.73], abs=0.02)  # blue
    assert colors[0, 1].tolist() == pytest.approx([0.98, 0.92, 0.88], abs=0.02)  # a tenth of a percent, in orange
    assert colors[0, 2].tolist() == [1, 1, 1]


def test_a_class_without_images_is_drawn(tmp_path):
    empty = Scores(5, {"loss": 1.0}, scores("no", "yes").classes, ((5, 0), (0, 0)))
    draw_confusion(empty, tmp_path / "c.png", title="binary-1")
    assert (tmp_path / "c.png").exists()


def test_long_class_names_are_shortened_and_stay_within_the_picture(drawn, tmp_path):
    draw_confusion(scores(*(f"{i} is the name of a class" for i in range(30))), tmp_path / "c.png", title="own-1" * 99)
    assert "7 is the name of a cl…" in texts(drawn[0])
    renderer = drawn[0].canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in [*drawn[0].texts, *drawn[0].axes[0].get_yticklabels()]]
    assert min(box.x0 for box in boxes) > 0
    assert max(box.x1 for box in boxes) < drawn[0].bbox.width


def test_a_matrix_of_many_classes_stays_a_picture_of_moderate_size(tmp_path):
    draw_confusion(scores(*(str(i) for i in range(170))), tmp_path / "c.png", title="own-1")
    with Image.open(tmp_path / "c.png") as image:
        assert max(image.size) < 2500


def test_each_of_the_worst_has_its_picture_truth_answer_and_confidence(drawn, tmp_path):
    images = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    draw_worst(images, [mistake(7, "4", "9", 0.987), mistake(2, "5", "3")], tmp_path / "w.png", title="mlp-1")
    assert {"is 4", "answered 9", "98.7% sure, no. 7", "is 5", "answered 3", "75.0% sure, no. 2"} <= texts(drawn[0])
    assert [image.get_array().max() for image in drawn[0].axes[0].images] == [7, 2]
    assert "2 mistakes, the most confident first" in texts(drawn[0])


def test_the_worst_of_a_regression_show_the_value_that_was_answered(drawn, tmp_path):
    wrong = [Mistake(1, "7", Prediction("3", None, (2.6789,))), Mistake(0, "7", Prediction("6", None, (6.25,)))]
    draw_worst(IMAGES, wrong, tmp_path / "w.png", title="regression-1")
    assert {"is 7", "answered 2.68", "no. 1", "2 mistakes, the largest error first"} <= texts(drawn[0])


def test_no_mistakes_are_said_in_words(drawn, tmp_path):
    draw_worst(IMAGES, [], tmp_path / "w.png", title="mlp-1")
    assert "no mistakes" in texts(drawn[0])


@pytest.mark.parametrize("name", ["$x^2", "$5 and $6", r"\frac{", "猫", "two\nlines", "\udcff", "100%", "_a_"])
def test_any_class_name_is_drawn_as_it_is_and_never_read_as_a_formula(name, tmp_path):
    draw_confusion(scores(name, "dog"), tmp_path / "c.png", title=name)
    draw_worst(IMAGES, [mistake(0, name, name)], tmp_path / "w.png", title=name)


def test_drawing_leaves_no_settings_behind(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw_training(two_epochs(), tmp_path / "t.png", title="mlp-1")
    assert dict(matplotlib.rcParams) == before


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_matplotlib_is_loaded_only_when_something_is_drawn():
    code = "import sys, nntrain.report.plots; sys.exit('matplotlib' in sys.modules)"
    assert python(code).returncode == 0


def test_drawing_says_nothing_even_where_matplotlib_has_no_folder_to_write_to(tmp_path):
    (tmp_path / "file").touch()
    code = (
        "import sys\nfrom pathlib import Path\nfrom nntrain.report.plots import draw_training\n"
        f"draw_training([{{'epoch': 1, 'loss': 0.5}}], Path({str(tmp_path / 't.png')!r}), title='猫')\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    nowhere = str(tmp_path / "file" / "folder")
    done = python(code, MPLCONFIGDIR=nowhere, HOME=nowhere)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
