"""Images of MNIST pasted onto larger pictures: shifted, scaled, inverted, shaded, with noise."""

from __future__ import annotations

import numpy as np
from PIL import Image

from drawing.paper import grainy, shaded


def pasted(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return grey levels, (side, side) of 64 to 1024 pixels, with a 28x28 image of MNIST on them.

    The image stands anywhere, at 40 to 100 % of the side; half of them are dark on light, ink and ground of any levels
    that differ by 90 or more; half lie in uneven light with a hard shadow; half have a sensor's grain.
    """
    side = round(64 * 16 ** rng.random())
    size = max(28, round(side * rng.uniform(0.4, 1.0)))
    top, left = rng.integers(0, side - size + 1, 2)
    canvas = Image.new("L", (side, side))
    scaled = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
    canvas.paste(scaled, (int(left), int(top)))
    share = np.asarray(canvas, dtype=np.float64) / 255
    ground = rng.uniform(0, 60) if rng.random() < 0.5 else rng.uniform(170, 255)
    ink = rng.uniform(ground + 90, 255) if ground < 128 else rng.uniform(0, ground - 90)
    levels = ground + (ink - ground) * share
    if rng.random() < 0.5:
        levels = shaded(levels, rng)
    if rng.random() < 0.5:
        levels = grainy(levels, rng, spread=rng.uniform(2, 8))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
