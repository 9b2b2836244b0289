"""Pictures of all kinds, and what the whole preprocessing makes of them.

Expected are golden/expected.json, what was found in each picture, and golden/expected.png, all images side by side. If
a result is meant to change, `python tests/preprocessing/test_golden.py` writes both again; look at the difference.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nntrain.errors import ImageError
from nntrain.preprocessing.prepare import PreparedPicture, prepare, within_sheet, without_ruled_lines
from nntrain.preprocessing.segment import in_several_rows, only_lines

FOLDER = Path(__file__).parent / "golden"
COLUMNS = 12  # of expected.png
PAPER, INK = 230, 30

Line = list[tuple[float, float]]


def arc(y: float, x: float, height: float, width: float, start: float, end: float) -> Line:
    """Return part of an ellipse as points, row first; degrees are from the right, clockwise."""
    angles = np.radians(np.linspace(start, end, 13))
    return list(zip((y + height * np.sin(angles)).tolist(), (x + width * np.cos(angles)).tolist(), strict=True))


DIGITS: dict[str, list[Line]] = {
    "0": [arc(0.5, 0.5, 0.5, 0.3, -90, 270)],
    "1": [[(0.2, 0.35), (0.0, 0.52), (1.0, 0.52)]],
    "2": [[*arc(0.28, 0.5, 0.28, 0.3, -170, 30), (1.0, 0.2), (1.0, 0.82)]],
    "3": [arc(0.26, 0.45, 0.26, 0.3, -150, 90), arc(0.75, 0.45, 0.25, 0.33, -90, 150)],
    "4": [[(0.0, 0.55), (0.62, 0.15), (0.62, 0.85)], [(0.3, 0.62), (1.0, 0.62)]],
    "5": [[(0.0, 0.78), (0.0, 0.28), (0.42, 0.25), *arc(0.68, 0.45, 0.31, 0.32, -120, 140)]],
    "6": [[(0.0, 0.65), (0.25, 0.4), *arc(0.7, 0.5, 0.3, 0.27, -180, 180)]],
    "7": [[(0.0, 0.2), (0.0, 0.8), (1.0, 0.42)]],
    "8": [arc(0.25, 0.5, 0.25, 0.24, 90, 450), arc(0.74, 0.5, 0.25, 0.29, -90, 270)],
    "9": [[*arc(0.28, 0.48, 0.28, 0.27, 0, -360), (0.3, 0.74), (1.0, 0.62)]],
    "four in two strokes": [[(0.0, 0.3), (0.5, 0.2), (0.5, 0.6)], [(0.0, 0.78), (1.0, 0.75)]],
    "five without its bar": [
        [(0.1, 0.28), (0.42, 0.25), *arc(0.68, 0.45, 0.31, 0.32, -120, 140)],
        [(0, 0.42), (0, 0.9)],
    ],
    "broken zero": [arc(0.5, 0.5, 0.5, 0.3, -80, 80), arc(0.5, 0.46, 0.5, 0.3, 100, 260)],
    "diagonal": [[(0.0, 0.0), (1.0, 1.0)]],
}


def coverage(lines: list[Line], shape: tuple[int, int], box: tuple[float, float, float, float], stroke: float):
    """Return how far a pen of that width covers each pixel of a picture, 0 to 1.

    `lines` are points of the unit square, row first, drawn into a box: top, left, height, width, in pixels.
    """
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    distance = np.full(shape, np.inf)
    for line in lines:
        points = np.array(line) * box[2:] + box[:2]
        for (y0, x0), (y1, x1) in itertools.pairwise(points):
            dy, dx = y1 - y0, x1 - x0
            along = np.clip(((y - y0) * dy + (x - x0) * dx) / (dy * dy + dx * dx), 0, 1)
            distance = np.minimum(distance, np.hypot(y - y0 - along * dy, x - x0 - along * dx))
    return np.clip(stroke / 2 - distance + 0.5, 0, 1)


def drawn(
    name: str,
    *,
    shape: tuple[int, int] = (120, 100),
    box: tuple[float, float, float, float] = (20, 10, 80, 80),
    stroke: float = 8,
    ink: float = INK,
    paper: float = PAPER,
) -> np.ndarray:
    return paper + (ink - paper) * coverage(DIGITS[name], shape, box, stroke)


def row(names: str, *, step: float, stroke: float = 6) -> np.ndarray:
    """Return digits side by side, their boxes so many pixels apart."""
    shape = (90, round(40 + step * len(names)))
    covered = [
        coverage(DIGITS[name], shape, (15, 10 + step * index, 60, 60), stroke) for index, name in enumerate(names)
    ]
    return PAPER + (INK - PAPER) * np.max(covered, axis=0)


def grain(levels: np.ndarray, deviation: float) -> np.ndarray:
    return levels + np.random.default_rng(0).normal(0, deviation, levels.shape)


def light(levels: np.ndarray, corner: float, slope_y: float, slope_x: float, curve: float = 0.0) -> np.ndarray:
    """Return levels in light that changes across the picture and falls off from its middle."""
    y, x = (np.linspace(0, 1, length) for length in levels.shape)
    bowl = curve * ((y[:, None] - 0.5) ** 2 + (x - 0.5) ** 2)
    return levels * (corner + slope_y * y[:, None] + slope_x * x - bowl)


def shadow(levels: np.ndarray, column: int, factor: float) -> np.ndarray:
    return np.concatenate([levels[:, :column], factor * levels[:, column:]], axis=1)


def ruled(
    levels: np.ndarray, *, apart: float, slope: float = 0.0, squared: bool = False, ink: float = 60
) -> np.ndarray:
    """Return levels on ruled paper, its lines three pixels thick."""
    y, x = np.mgrid[: levels.shape[0], : levels.shape[1]]
    directions = [y - slope * x, x + slope * y][: 1 + squared]
    lines = np.max([np.abs(direction % apart - apart / 2) <= 1.5 for direction in directions], axis=0)
    return np.where(lines, np.minimum(levels, ink), levels)


def patch(levels: np.ndarray, *boxes: tuple[int, int, int, int], level: float = INK) -> np.ndarray:
    """Return levels with boxes of one level pasted in: top, bottom, left, right."""
    levels = levels.copy()
    for top, bottom, left, right in boxes:
        levels[top:bottom, left:right] = level
    return levels


def on_desk(sheet: np.ndarray, desk: float, *, askew: float = 0.05) -> np.ndarray:
    """Return a sheet on a desk of 40 pixels around it, its sides a little aslant."""
    height, width = sheet.shape
    y, x = np.mgrid[: height + 80, : width + 80] - 40.0
    inside = (y > askew * x - 10) & (y < height + askew * x) & (x > 10 - askew * y) & (x < width + 5 - askew * y)
    return np.where(inside, np.pad(sheet, 40, mode="edge"), desk)


def ringed(levels: np.ndarray, outline: str) -> np.ndarray:
    """Return levels with a thin box or circle around the middle."""
    height, width = levels.shape
    y, x = np.abs(np.mgrid[:height, :width] - np.array([height / 2, width / 2])[:, None, None])
    radius = np.maximum(y, 0.9 * x) if outline == "box" else np.hypot(y, x)
    return np.where(np.abs(radius - 0.45 * height) < 1.5, 70, levels)


def whole(name: str, size: int, stroke: float) -> np.ndarray:
    return drawn(name, shape=(size, size), box=(0.1 * size, 0.1 * size, 0.8 * size, 0.8 * size), stroke=stroke)


TWO_ROWS = np.concatenate([row("21", step=40), row("07", step=40)])
PICTURES: dict[str, np.ndarray] = {
    **{f"a {name}": drawn(name) for name in DIGITS},
    "light on dark": drawn("3", ink=220, paper=25),
    "grey on grey": drawn("6", ink=120, paper=133),
    "too faint": drawn("6", ink=128, paper=133),
    "light on black in uneven light": light(drawn("5", ink=240, paper=4), 0.35, 0.3, 0.35),
    "hair lines": drawn("2", shape=(500, 420), box=(60, 30, 380, 380), stroke=1),
    "hair lines on dark": drawn("8", shape=(300, 260), box=(30, 30, 240, 240), stroke=0.8, ink=250, paper=10),
    "thin strokes": drawn("9", shape=(240, 200), box=(20, 10, 200, 200), stroke=3.5),
    "thick strokes": drawn("7", stroke=22),
    "thick strokes that hardly part": drawn("8", shape=(160, 140), box=(25, 20, 110, 110), stroke=31),
    "a blot": drawn("0", stroke=36),
    "light from above": light(drawn("2"), 0.35, 0.65, 0.0),
    "light from a corner": light(drawn("4"), 0.3, 0.35, 0.35),
    "light in the middle": light(drawn("5"), 1.0, 0.0, 0.0, curve=1.2),
    "a hard shadow": shadow(drawn("3"), 55, 0.5),
    "a deep shadow at the edge": shadow(drawn("3"), 85, 0.3),
    "a shadow beside": shadow(drawn("1", shape=(120, 200)), 120, 0.45),
    "grain": grain(drawn("6"), 12),
    "grain and faint ink": grain(drawn("2", ink=170, paper=200), 5),
    "grain on dark": grain(drawn("9", ink=160, paper=60), 9),
    "grain without ink": grain(np.full((120, 100), 180.0), 4),
    "specks": patch(drawn("4"), (8, 11, 80, 83), (100, 102, 12, 14)),
    "dust alone": patch(np.full((300, 300), 230.0), (100, 105, 100, 105)),
    "a small mark": patch(np.full((300, 300), 230.0), (100, 110, 100, 108)),
    "a neighbour at the edge": patch(drawn("1"), (40, 110, 0, 6)),
    "a fold along the edge": patch(drawn("1"), (0, 120, 96, 100)),
    "two neighbours at the edge": patch(drawn("7"), (0, 9, 20, 50), (111, 120, 60, 95)),
    "half a digit at the edge": drawn("5", box=(20, 50, 80, 80)),
    "from edge to edge": drawn("1", shape=(100, 80), box=(-10, -2, 120, 80)),
    "row": row("745", step=42),
    "row with a wide gap": row("10", step=75),
    "touching": row("44", step=33, stroke=7),
    "three touching": row("828", step=36, stroke=8),
    "narrow row": row("111", step=22),
    "two rows": TWO_ROWS,
    "a fragment on the left": patch(drawn("1"), (80, 108, 12, 22)),
    "a fragment on the right": patch(drawn("1"), (80, 108, 70, 80)),
    "a dot above": patch(drawn("1", box=(45, 10, 60, 60)), (12, 20, 34, 44)),
    "a plus and a row": patch(row("44", step=36, stroke=7), (42, 48, 0, 30)),
    "only lines": patch(np.full((120, 300), 230.0), (40, 44, 20, 280), (80, 84, 30, 260)),
    "dashes": patch(np.full((120, 300), 230.0), *[(60, 66, left, left + 30) for left in range(10, 270, 38)]),
    "too many pieces": patch(np.full((100, 900), 230.0), *[(20, 80, left, left + 8) for left in range(20, 770, 30)]),
    "sheet on a dark desk": on_desk(drawn("3"), 70),
    "sheet on a light desk": on_desk(drawn("2", ink=20, paper=120), 235),
    "light sheet on black": on_desk(drawn("9"), 10, askew=0.0),
    "ruled sheet on a desk": on_desk(ruled(drawn("5"), apart=24), 60),
    "empty sheet on a desk": on_desk(np.full((120, 100), 225.0), 60),
    "dark border": np.pad(drawn("4"), 5, constant_values=20),
    "box": ringed(drawn("6", box=(35, 25, 50, 50), stroke=6), "box"),
    "circle": ringed(drawn("7", shape=(140, 140), box=(42, 42, 56, 56), stroke=6), "circle"),
    "box around dots": ringed(patch(np.full((120, 120), 230.0), (58, 63, 58, 63)), "box"),
    "a bold square zero": patch(patch(np.full((150, 150), 230.0), (20, 130, 30, 120)), (50, 100, 60, 90), level=230),
    "a bold bar": patch(np.full((150, 150), 20.0), (15, 135, 45, 105), level=230),
    "ruled": ruled(drawn("3", shape=(160, 160), box=(30, 30, 100, 100)), apart=30),
    "ruled aslant": ruled(drawn("2", shape=(160, 160), box=(30, 30, 100, 100)), apart=37, slope=0.06),
    "squared": ruled(
        drawn("7", shape=(160, 160), box=(30, 30, 100, 100), stroke=9), apart=26, slope=0.03, squared=True
    ),
    "squared on dark": 255 - ruled(drawn("4", shape=(160, 130), stroke=9), apart=31, squared=True, ink=150),
    "ruled and nothing else": ruled(np.full((160, 160), 230.0), apart=30),
    "20 pixels": whole("3", 20, 2),
    "20 pixels, light on dark": 255 - whole("6", 20, 2),
    "28 pixels": whole("5", 28, 2.5),
    "28 pixels, light on dark": 255 - whole("8", 28, 2.0),
    "40 pixels": whole("9", 40, 4),
    "63 pixels at the edge": drawn("2", shape=(63, 63), box=(10, -8, 44, 44), stroke=5),
    "64 pixels at the edge": drawn("2", shape=(64, 64), box=(10, -8, 44, 44), stroke=5),
    "a strip": drawn("6", shape=(40, 300), box=(6, 120, 28, 28), stroke=3),
    "a tall strip": drawn("4", shape=(400, 40), box=(150, 4, 32, 32), stroke=4),
}


def levels_of(name: str) -> np.ndarray:
    return np.clip(np.rint(PICTURES[name]), 0, 255).astype(np.float32)


def results(name: str) -> dict[str, PreparedPicture | str]:
    """Return what a picture is prepared as: as it is, within its sheet, without its lines; or the error."""
    try:
        picture = prepare(levels_of(name))
    except ImageError as error:
        return {name: str(error)}
    again: dict[str, Callable[[PreparedPicture], PreparedPicture | None]] = {
        f"{name}: within a sheet": within_sheet,
        f"{name}: without lines": without_ruled_lines,
    }
    other = {key: function(picture) for key, function in again.items()}
    return {name: picture, **{key: result for key, result in other.items() if result is not None}}


def described(picture: PreparedPicture | str) -> dict[str, Any]:
    """Return what was found in a picture, as JSON holds it."""
    if isinstance(picture, str):
        return {"error": picture}
    found: dict[str, Any] = {"decisions": [str(decision) for decision in picture.decisions]}
    if picture.ink is not None:
        found["threshold"] = round(picture.ink.threshold, 3)
        found["contrast"] = round(float(picture.ink.contrast.mean()), 3)
        found["weights"] = [round(component.weight) for component in picture.ink.components]
        found["several rows, only lines"] = [in_several_rows(picture.ink), only_lines(picture.ink)]
    found["candidates"] = [
        {
            "atoms": [candidate.first, candidate.last],
            "cuts": candidate.cuts,
            "box": list(candidate.digit.bbox_in_picture or ()),
            "length": round(candidate.digit.stroke_length, 2),
            "border": candidate.digit.touches_border,
            "ink": [int(image.sum()) for image in (candidate.digit.image, *candidate.digit.at_other_thresholds())],
        }
        for candidate in picture.candidates
    ]
    return found


def same(found: Any, expected: Any) -> bool:
    """Tell whether two descriptions agree, numbers to a thousandth: processors round sums in different ways."""
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(same(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float) or (isinstance(expected, int) and expected > 2000):
        return bool(abs(found - expected) <= 1e-3 * abs(expected) + 1e-3)
    return bool(found == expected)


def tile(index: int) -> tuple[slice, slice]:
    top, left = (28 * place for place in divmod(index, COLUMNS))
    return slice(top, top + 28), slice(left, left + 28)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def expected_images(expected) -> dict[str, np.ndarray]:
    sheet = np.asarray(Image.open(FOLDER / "expected.png"))
    return {name: sheet[tile(index)] for index, name in enumerate(expected)}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_prepared_as_before(name, expected, expected_images):
    pictures = results(name)
    assert list(pictures) == [key for key in expected if key.split(": ")[0] == name]
    for key, picture in pictures.items():
        assert same(described(picture), expected[key]), (described(picture), expected[key])
        if not isinstance(picture, str):
            assert np.abs(picture.image.astype(int) - expected_images[key]).max() <= 1


def write_expected() -> None:
    pictures = {key: picture for name in PICTURES for key, picture in results(name).items()}
    sheet = np.zeros((28 * -(-len(pictures) // COLUMNS), 28 * COLUMNS), np.uint8)
    for index, picture in enumerate(pictures.values()):
        if not isinstance(picture, str):
            sheet[tile(index)] = picture.image
    FOLDER.mkdir(exist_ok=True)
    Image.fromarray(sheet).save(FOLDER / "expected.png")
    text = json.dumps({key: described(picture) for key, picture in pictures.items()}, indent=1)
    (FOLDER / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_expected()
