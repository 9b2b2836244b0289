"""Makes the folder in which the commands of a page run: pictures, a data set of shapes, a config with mistakes.

Who writes a page makes one as well, to see what its commands print:

    PYTHONPATH=tools:tests/helpers python -m doc_folder FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from synthetic.paper import drawn, row
from synthetic.shapes import DIGITS, LETTERS

SAMPLE = Path(__file__).parents[2] / "nntrain" / "assets" / "mnist_5k.npz"

MISTAKES = """model:
  - dense: {units: 128, activation: rellu}
  - dropout: 2.0
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learnig_rate: 0.001}}
loss: categorical_crossentropy
"""


def make_doc_folder(folder: Path) -> None:
    """Write the files that the pages speak of, except those that a page shows in full.

    data/mnist.npz      the 5,000 images that ship with nntrain, in place of all of MNIST
    photo.jpg           a dark 7 on a light background; scans/one.png is the same, smaller
    row.png             the digits 7, 4 and 5 in a row
    letter.png          the letter K
    shapes/             10 circles and 10 squares for training, and as many for testing
    mistakes.yaml       a config with three mistakes
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mistakes.yaml").write_text(MISTAKES)
    (folder / "data").mkdir()
    shutil.copy(SAMPLE, folder / "data" / "mnist.npz")
    _draw_digits(folder)
    for part in ("train", "test"):
        for shape in ("circle", "square"):
            _draw_shapes(folder / "shapes" / part / shape)


def _draw_digits(folder: Path) -> None:
    with np.load(SAMPLE) as sample:
        seven = sample["x_test"][sample["y_test"] == 7][0]
    digit = Image.fromarray(255 - seven)
    digit.resize((300, 300)).save(folder / "photo.jpg")
    (folder / "scans").mkdir()
    digit.save(folder / "scans" / "one.png")
    row([DIGITS[name] for name in "745"]).save(folder / "row.png")
    drawn(LETTERS["K"]).save(folder / "letter.png")


def _draw_shapes(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(10):
        picture = Image.new("L", (28, 28))
        draw = ImageDraw.Draw(picture)
        outline = draw.ellipse if folder.name == "circle" else draw.rectangle
        outline((4, 4, 14 + number, 14 + number), outline=255)
        picture.save(folder / f"{number}.png")


if __name__ == "__main__":
    make_doc_folder(Path(sys.argv[1]))
