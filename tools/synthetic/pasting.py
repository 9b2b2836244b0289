"""Images of MNIST pasted into larger pictures: shifted, scaled, inverted, shaded, noisy, on ruled paper, framed."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from synthetic.paper import grainy, ruled, shaded


def pasted(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return grey levels, (side, side) of 64 to 1024 pixels, with a 28x28 image of MNIST on them.

    The image stands anywhere, at 40 to 100 % of the side; half of the pictures are dark on light; the levels of
    ink and background differ by 90 or more; half lie in uneven light with a hard shadow; half have a sensor's grain.
    """
    side = round(64 * 16 ** rng.random())
    size = max(28, round(side * rng.uniform(0.4, 1.0)))
    top, left = rng.integers(0, side - size + 1, 2)
    canvas = Image.new("L", (side, side))
    scaled = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
    canvas.paste(scaled, (int(left), int(top)))
    opacity = np.asarray(canvas, dtype=np.float64) / 255
    background = rng.uniform(0, 60) if rng.random() < 0.5 else rng.uniform(170, 255)
    ink = rng.uniform(background + 90, 255) if background < 128 else rng.uniform(0, background - 90)
    levels = background + (ink - background) * opacity
    if rng.random() < 0.5:
        levels = shaded(levels, rng)
    if rng.random() < 0.5:
        levels = grainy(levels, rng, spread=rng.uniform(2, 8))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def on_ruled_paper(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return grey levels, (side, side) of 240 to 640 pixels: a 28x28 image of MNIST on ruled or squared paper.

    The lines are 40 to 90 % as dark as the ink, 0.3 to 1.3 digits apart, and up to 4 degrees aslant.
    """
    side = int(rng.integers(240, 641))
    size = round(side * rng.uniform(0.45, 0.8))
    top, left = rng.integers(0, side - size + 1, 2)
    canvas = Image.new("L", (side, side))
    canvas.paste(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC), (int(left), int(top)))
    paper, ink = rng.uniform(180, 255), rng.uniform(20, 90)
    levels = paper + (ink - paper) * np.asarray(canvas, dtype=np.float64) / 255
    lines = _lines(side, size, paper, ink, rng)
    return np.rint(grainy(np.minimum(levels, lines), rng, spread=rng.uniform(2, 6)))


def enclosed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return grey levels, (side, side) of 240 to 640 pixels: a 28x28 image of MNIST inside something that is no ink.

    That is a sheet on a desk, half of them ruled, a box or a circle drawn around it, or a dark border, all somewhat
    askew.
    """
    side = int(rng.integers(240, 641))
    paper, dark = rng.uniform(170, 250), rng.uniform(30, 110)
    margin = side * rng.uniform(0.04, 0.16)
    kind = ("sheet", "box", "circle", "border")[int(rng.integers(4))]
    outside = dark if kind in ("sheet", "border") else paper
    picture = Image.new("L", (side, side), round(outside))
    draw = ImageDraw.Draw(picture)
    corners = np.array(
        [(margin, margin), (side - margin, margin), (side - margin, side - margin), (margin, side - margin)]
    )
    askew = [tuple(corner) for corner in corners + rng.uniform(-0.03, 0.03, corners.shape) * side]
    thick = max(2, round(side * rng.uniform(0.005, 0.015)))
    if kind == "border":
        draw.rectangle((2 * thick, thick, side - 2 * thick, side - thick), fill=round(paper))
    elif kind == "sheet":
        draw.polygon(askew, fill=round(paper))
    elif kind == "box":
        draw.line([*askew, *askew[:2]], fill=round(dark), width=thick, joint="curve")
    else:
        draw.ellipse((*askew[0], *askew[2]), outline=round(dark), width=thick)
    size = round((side - 2 * margin) * rng.uniform(0.45, 0.65))
    place = round((side - size) / 2)
    digit = Image.new("L", (side, side))
    digit.paste(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC), (place, place))
    ink = rng.uniform(10, paper - 90)
    written = paper + (ink - paper) * np.asarray(digit, dtype=np.float64) / 255
    levels = np.minimum(np.asarray(picture, dtype=np.float64), written)
    if kind == "sheet" and rng.random() < 0.5:
        lined = np.minimum(levels, _lines(side, size, paper, ink, rng))
        levels = np.where(np.asarray(picture) == round(paper), lined, levels)
    return np.rint(grainy(levels, rng, spread=rng.uniform(2, 6)))


def _lines(side: int, size: int, paper: float, ink: float, rng: np.random.Generator) -> np.ndarray:
    """Return ruled paper of so many pixels a side, its lines in proportion to the size of a digit's image on it."""
    return ruled(
        np.full((side, side), paper),
        apart=size * 20 / 28 * rng.uniform(0.3, 1.3),
        ink=paper + (ink - paper) * rng.uniform(0.4, 0.9),
        thick=side * rng.uniform(1, 2.5) / 400,
        angle=rng.uniform(-4, 4),
        squared=bool(rng.random() < 0.5),
    )
