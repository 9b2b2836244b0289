"""Digits, letters and scribbles as lines in a unit square, x to the right, y down."""

from __future__ import annotations

import itertools
import math

import numpy as np

Line = list[tuple[float, float]]


def arc(x: float, y: float, wide: float, high: float, start: float, end: float) -> Line:
    """Return part of an ellipse about (x, y); angles in degrees, from the right, clockwise as seen."""
    steps = np.linspace(math.radians(start), math.radians(end), 24)
    return [(x + wide * math.cos(step), y + high * math.sin(step)) for step in steps]


DIGITS: dict[str, list[Line]] = {
    "0": [arc(0.5, 0.5, 0.3, 0.5, -90, 270)],
    "1": [[(0.35, 0.2), (0.52, 0.0), (0.52, 1.0)]],
    "2": [[*arc(0.5, 0.28, 0.3, 0.28, -170, 30), (0.2, 1.0), (0.82, 1.0)]],
    "3": [arc(0.45, 0.26, 0.3, 0.26, -150, 90) + arc(0.45, 0.75, 0.33, 0.25, -90, 150)],
    "4": [[(0.55, 0.0), (0.15, 0.62), (0.85, 0.62)], [(0.62, 0.3), (0.62, 1.0)]],
    "5": [[(0.78, 0.0), (0.28, 0.0), (0.25, 0.42), *arc(0.45, 0.68, 0.32, 0.31, -120, 140)]],
    "6": [[(0.65, 0.0), (0.4, 0.25), *arc(0.5, 0.7, 0.27, 0.3, -180, 180)]],
    "7": [[(0.2, 0.0), (0.8, 0.0), (0.42, 1.0)]],
    "8": [arc(0.5, 0.25, 0.24, 0.25, 90, 450) + arc(0.5, 0.74, 0.29, 0.25, -90, 270)],
    "9": [[*arc(0.48, 0.28, 0.27, 0.28, 0, -360), (0.74, 0.3), (0.62, 1.0)]],
}

# As other hands write them. The detector is trained on STYLES and tested on HELD_OUT_STYLES.
STYLES: dict[str, list[list[Line]]] = {
    "0": [[arc(0.5, 0.5, 0.48, 0.5, -90, 270)], [arc(0.5, 0.5, 0.3, 0.5, -90, 270), [(0.75, 0.1), (0.25, 0.9)]]],
    "1": [[[(0.65, 0.0), (0.4, 1.0)]], [[(0.3, 0.22), (0.52, 0.0), (0.52, 1.0)], [(0.25, 1.0), (0.8, 1.0)]]],
    "2": [[[*arc(0.5, 0.28, 0.3, 0.28, -170, 40), (0.3, 0.9), (0.2, 1.0), (0.25, 0.85), (0.4, 0.88), (0.85, 1.0)]]],
    "3": [[[(0.2, 0.0), (0.75, 0.0), (0.45, 0.4), *arc(0.45, 0.7, 0.33, 0.3, -90, 150)]]],
    "4": [[[(0.62, 1.0), (0.62, 0.0), (0.15, 0.65), (0.88, 0.65)]]],
    "5": [[[(0.8, 0.0), (0.2, 0.0), (0.2, 0.45), (0.6, 0.45), (0.8, 0.6), (0.8, 0.85), (0.6, 1.0), (0.2, 1.0)]]],
    "6": [[[*arc(0.5, 0.45, 0.3, 0.45, -60, -180), *arc(0.5, 0.7, 0.3, 0.3, -180, 180)]]],
    "7": [
        [[(0.2, 0.0), (0.8, 0.0), (0.42, 1.0)], [(0.35, 0.5), (0.78, 0.5)]],
        [[(0.2, 0.0), (0.75, 0.0), (0.7, 1.0)]],
    ],
    "8": [
        [
            [
                (0.75, 0.12),
                *arc(0.5, 0.22, 0.24, 0.22, -30, -230),
                (0.7, 0.6),
                *arc(0.5, 0.78, 0.27, 0.22, -40, 220),
                (0.62, 0.45),
                (0.75, 0.12),
            ]
        ]
    ],
    "9": [[[*arc(0.48, 0.28, 0.27, 0.28, 0, -360), (0.75, 0.3), (0.75, 1.0)]]],
}
HELD_OUT_STYLES: dict[str, list[list[Line]]] = {
    "0": [[arc(0.5, 0.5, 0.2, 0.5, -90, 270)], [arc(0.5, 0.5, 0.3, 0.5, -80, 255)]],
    "1": [[[(0.5, 0.0), (0.5, 1.0)]], [[(0.15, 0.45), (0.52, 0.0), (0.52, 1.0)]]],
    "2": [[[*arc(0.5, 0.28, 0.3, 0.28, -170, 60), (0.2, 0.95), (0.5, 0.92), (0.82, 1.0)]]],
    "3": [[[*arc(0.45, 0.22, 0.25, 0.22, -150, 90)], [*arc(0.42, 0.72, 0.36, 0.28, -90, 150)]]],
    "4": [[[(0.3, 0.0), (0.2, 0.55), (0.8, 0.55)], [(0.7, 0.1), (0.65, 1.0)]]],
    "5": [[[(0.3, 0.05), (0.27, 0.42), *arc(0.45, 0.68, 0.32, 0.31, -120, 140)], [(0.3, 0.03), (0.8, 0.0)]]],
    "6": [[[(0.6, 0.0), (0.25, 0.65), *arc(0.5, 0.72, 0.26, 0.28, -180, 180)]]],
    "7": [
        [[(0.2, 0.15), (0.2, 0.0), (0.8, 0.0), (0.42, 1.0)]],
        [[(0.15, 0.12), (0.25, 0.0), (0.8, 0.0), (0.42, 1.0)], [(0.35, 0.5), (0.75, 0.45)]],
    ],
    "8": [[arc(0.5, 0.24, 0.3, 0.24, 90, 450), arc(0.5, 0.74, 0.26, 0.26, -90, 270)]],
    "9": [[[*arc(0.48, 0.28, 0.27, 0.28, 0, -360), (0.75, 0.3), *arc(0.48, 0.72, 0.27, 0.28, 0, 140)]]],
}

# What no digit resembles, in two halves: the detector and the coefficients of trust are fitted on the first and tested
# on both. Letters that resemble a digit (I, l, O, Z, S, B, D, G, T, q, b, ...) are in neither.
LETTERS: dict[str, list[Line]] = {
    "A": [[(0.1, 1.0), (0.5, 0.0), (0.9, 1.0)], [(0.28, 0.62), (0.72, 0.62)]],
    "E": [[(0.8, 0.0), (0.2, 0.0), (0.2, 1.0), (0.8, 1.0)], [(0.2, 0.5), (0.7, 0.5)]],
    "F": [[(0.8, 0.0), (0.2, 0.0), (0.2, 1.0)], [(0.2, 0.5), (0.7, 0.5)]],
    "K": [[(0.2, 0.0), (0.2, 1.0)], [(0.8, 0.0), (0.2, 0.55)], [(0.4, 0.4), (0.85, 1.0)]],
    "M": [[(0.1, 1.0), (0.1, 0.0), (0.5, 0.6), (0.9, 0.0), (0.9, 1.0)]],
    "R": [[(0.2, 1.0), (0.2, 0.0), *arc(0.45, 0.26, 0.33, 0.26, -90, 90), (0.2, 0.52)], [(0.45, 0.52), (0.85, 1.0)]],
    "W": [[(0.05, 0.0), (0.28, 1.0), (0.5, 0.35), (0.72, 1.0), (0.95, 0.0)]],
    "Σ": [[(0.85, 0.0), (0.15, 0.0), (0.55, 0.5), (0.15, 1.0), (0.85, 1.0)]],
}
HELD_OUT_LETTERS: dict[str, list[Line]] = {
    "H": [[(0.15, 0.0), (0.15, 1.0)], [(0.85, 0.0), (0.85, 1.0)], [(0.15, 0.5), (0.85, 0.5)]],
    "N": [[(0.15, 1.0), (0.15, 0.0), (0.85, 1.0), (0.85, 0.0)]],
    "V": [[(0.1, 0.0), (0.5, 1.0), (0.9, 0.0)]],
    "X": [[(0.15, 0.0), (0.85, 1.0)], [(0.85, 0.0), (0.15, 1.0)]],
    "m": [
        [(0.0, 0.2), (0.0, 1.0)],
        [*arc(0.25, 0.45, 0.25, 0.25, -180, 0), (0.5, 1.0)],
        [*arc(0.75, 0.45, 0.25, 0.25, -180, 0), (1.0, 1.0)],
    ],
    "k": [[(0.25, 0.0), (0.25, 1.0)], [(0.7, 0.4), (0.25, 0.7)], [(0.4, 0.6), (0.75, 1.0)]],
    "Π": [[(0.1, 1.0), (0.1, 0.0), (0.9, 0.0), (0.9, 1.0)]],
    "Ж": [[(0.5, 0.0), (0.5, 1.0)], [(0.05, 0.0), (0.95, 1.0)], [(0.95, 0.0), (0.05, 1.0)]],
}
SYMBOLS: dict[str, list[Line]] = {
    "question mark": [[*arc(0.5, 0.25, 0.26, 0.25, -170, 60), (0.5, 0.55), (0.5, 0.72)], [(0.5, 0.96), (0.5, 1.0)]],
    "plus": [[(0.5, 0.1), (0.5, 0.9)], [(0.1, 0.5), (0.9, 0.5)]],
    "triangle": [[(0.5, 0.0), (0.95, 0.9), (0.05, 0.9), (0.5, 0.0)]],
    "hash": [
        [(0.35, 0.0), (0.3, 1.0)],
        [(0.7, 0.0), (0.65, 1.0)],
        [(0.1, 0.35), (0.9, 0.35)],
        [(0.1, 0.68), (0.9, 0.68)],
    ],
    "arrow": [[(0.0, 0.5), (1.0, 0.5)], [(0.65, 0.2), (1.0, 0.5), (0.65, 0.8)]],
}
HELD_OUT_SYMBOLS: dict[str, list[Line]] = {
    "star": [[(0.5 + 0.5 * math.sin(k * 0.8 * math.pi), 0.5 - 0.5 * math.cos(k * 0.8 * math.pi)) for k in range(6)]],
    "asterisk": [
        [(0.5 + 0.45 * math.cos(k * math.pi / 3), 0.5 + 0.45 * math.sin(k * math.pi / 3)) for k in (turn, turn + 3)]
        for turn in (0.5, 1.5, 2.5)
    ],
    "house": [[(0.1, 0.45), (0.5, 0.0), (0.9, 0.45), (0.9, 1.0), (0.1, 1.0), (0.1, 0.45), (0.9, 0.45)]],
    "heart": [
        [(0.5, 1.0), (0.05, 0.4), *arc(0.275, 0.27, 0.225, 0.25, -180, 0)],
        [*arc(0.725, 0.27, 0.225, 0.25, -180, 0), (0.95, 0.4), (0.5, 1.0)],
    ],
    "exclamation mark": [[(0.5, 0.0), (0.5, 0.7)], [(0.5, 0.96), (0.5, 1.0)]],
}


def flagged_one(rng: np.random.Generator) -> list[Line]:
    """Return a 1 as Europeans write it, with a flag a quarter to three quarters as tall as its stem."""
    return [[(rng.uniform(0.15, 0.35), rng.uniform(0.25, 0.75)), (0.55, 0.0), (0.55, 1.0)]]


def ringed(lines: list[Line], rng: np.random.Generator) -> list[Line]:
    """Return lines made small, with a ring or a box around them that touches none."""
    scale = rng.uniform(0.25, 0.6)
    small = [[(0.5 + scale * (x - 0.5), 0.5 + scale * (y - 0.5)) for x, y in line] for line in lines]
    if rng.random() < 0.5:
        return [*small, arc(0.5, 0.5, rng.uniform(0.45, 0.6), 0.55, 0, 360)]
    left, right = rng.uniform(-0.1, 0.1), rng.uniform(0.9, 1.1)
    return [*small, [(left, 0.0), (right, 0.0), (right, 1.0), (left, 1.0), (left, 0.0)]]


def scribble(rng: np.random.Generator) -> list[Line]:
    """Return a scribble: a smooth curve through random points of the square."""
    points = rng.uniform(0, 1, (int(rng.integers(8, 15)), 2))
    line: Line = []
    for before, first, second, after in zip(points, points[1:], points[2:], points[3:], strict=False):
        for t in np.linspace(0, 1, 12, endpoint=False):
            # Catmull and Rom 1974: a curve that runs through its points.
            square, cube = t**2, t**3
            point = 0.5 * (
                2 * first
                + (second - before) * t
                + (2 * before - 5 * first + 4 * second - after) * square
                + (3 * first - before - 3 * second + after) * cube
            )
            line.append((float(point[0]), float(point[1])))
    return [line]


def strokes_at_random(rng: np.random.Generator) -> list[Line]:
    """Return two to five lines, arcs and curves; most start on an earlier one, as those of a letter do."""
    strokes = [_stroke(rng)]
    for _ in range(int(rng.integers(1, 5))):
        points = np.array(_stroke(rng))
        if rng.random() < 0.6:
            earlier = strokes[int(rng.integers(len(strokes)))]
            points = np.clip(points - points[0] + earlier[int(rng.integers(len(earlier)))], -0.1, 1.1)
        strokes.append([(float(x), float(y)) for x, y in points])
    return strokes


def _stroke(rng: np.random.Generator) -> Line:
    kind = rng.integers(4)
    first, second, third = rng.uniform(0, 1, (3, 2))
    if rng.random() < 0.5:  # on a grid, so that lines are level, upright and parallel
        first, second, third = (np.round(4 * place) / 4 for place in (first, second, third))
    if kind == 0:
        return [tuple(first), tuple(second)]
    if kind == 1:
        return [tuple(first), tuple(second), tuple(third)]
    if kind == 2:
        start = rng.uniform(0, 360)
        x, y = 0.25 + 0.5 * first
        return arc(x, y, *rng.uniform(0.1, 0.45, 2), start, start + rng.uniform(90, 360))
    t = np.linspace(0, 1, 20)[:, None]
    curve = (1 - t) ** 2 * first + 2 * t * (1 - t) * second + t**2 * third  # Bezier's, of degree 2
    return [(float(x), float(y)) for x, y in curve]


def by_hand(lines: list[Line], rng: np.random.Generator, *, amount: float = 1.0) -> list[Line]:
    """Return lines as another hand would draw them: leaning, stretched, turned and bent a little."""
    lean, stretch = rng.normal(0, 0.12 * amount), 1 + rng.normal(0, 0.08 * amount)
    turn = rng.normal(0, math.radians(4) * amount)
    waves = rng.normal(0, 0.02 * amount, (2, 3, 2))
    drawn = []
    for line in lines:
        points = np.array(dense(line)) - 0.5
        bent = points + sum(
            waves[0, k - 1] * np.sin(k * np.pi * points[:, ::-1])
            + waves[1, k - 1] * np.cos(k * np.pi * points[:, ::-1])
            for k in (1, 2, 3)
        )
        x, y = bent[:, 0] * stretch - lean * bent[:, 1], bent[:, 1]
        x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        drawn.append(list(zip((x + 0.5).tolist(), (y + 0.5).tolist(), strict=True)))
    return drawn


def dense(line: Line) -> Line:
    """Return a line with a point every fiftieth of the square's side, so that it can be bent."""
    result: Line = [line[0]]
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        steps = max(1, round(math.hypot(x1 - x0, y1 - y0) / 0.02))
        result += [(x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps) for k in range(1, steps + 1)]
    return result


def zigzag(rng: np.random.Generator) -> list[Line]:
    """Return a line up and down, from left to right."""
    count = int(rng.integers(6, 14))
    x = np.linspace(0, 1, count) + rng.normal(0, 0.03, count)
    y = np.where(np.arange(count) % 2, 0, 1) * rng.uniform(0.6, 1, count) + rng.normal(0, 0.08, count)
    return [list(zip(x.tolist(), y.tolist(), strict=True))]


def loops(rng: np.random.Generator) -> list[Line]:
    """Return a line round and round."""
    turn = np.linspace(0, 2 * np.pi * int(rng.integers(3, 7)), 200)
    x = 0.5 + 0.3 * np.cos(turn) + 0.2 * np.sin(turn * rng.uniform(0.1, 0.4))
    y = 0.5 + 0.4 * np.sin(turn * rng.uniform(0.8, 1.2))
    return [list(zip(x.tolist(), y.tolist(), strict=True))]


def spiral(rng: np.random.Generator) -> list[Line]:
    """Return a line from the middle outwards, three times round or more."""
    turn = np.linspace(0, 2 * np.pi * rng.uniform(3, 4.5), 200)
    reach, begin = 0.5 * turn / turn[-1], rng.uniform(0, 2 * np.pi)
    x, y = 0.5 + reach * np.cos(turn + begin), 0.5 + reach * np.sin(turn + begin)
    return [list(zip(x.tolist(), y.tolist(), strict=True))]


def waves(rng: np.random.Generator) -> list[Line]:
    """Return two or three wavy lines, as of illegible writing."""
    x = np.linspace(0, 1, 80)
    lines = []
    for place in np.linspace(0.2, 0.8, int(rng.integers(2, 4))):
        y = place + rng.uniform(0.06, 0.12) * np.sin(2 * np.pi * rng.uniform(2, 4) * x + rng.uniform(0, 6))
        lines.append(list(zip(x.tolist(), y.tolist(), strict=True)))
    return lines


def hatching(rng: np.random.Generator) -> list[Line]:
    """Return slanted lines side by side, crossed out by a level one."""
    count, lean = int(rng.integers(4, 7)), rng.uniform(0.1, 0.3)
    lines = [[(x, 1.0), (x + lean, 0.0)] for x in np.linspace(0, 0.7, count) + rng.normal(0, 0.02, count)]
    return [*lines, [(0.0, rng.uniform(0.3, 0.7)), (1.0, rng.uniform(0.3, 0.7))]]


SCRIBBLES = (scribble, zigzag, loops)
HELD_OUT_SCRIBBLES = (spiral, waves, hatching)
