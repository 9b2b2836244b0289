"""Make reference.npz: 400 images a digit of the shipped sample and 40 drawn ones, as resemblance.py compares them.

python -m nntrain.pictures.make_reference

MNIST was written in the United States: its ones have no flag, or a short one. The drawn ones have it, as Europeans
write them.
"""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image, ImageDraw

from nntrain.data.sources import SAMPLE
from nntrain.pictures import prepare
from nntrain.pictures.filters import Pixels
from nntrain.pictures.resemblance import REFERENCE, describe, measures

A_DIGIT = 400
UNUSUAL = 2  # percent of a digit's images that lie below what is usual for it, and above


def main() -> None:
    """Write the file; the same sample gives the same bytes."""
    with np.load(SAMPLE, allow_pickle=False) as sample:
        images, labels = sample["x_train"], sample["y_train"]
    chosen = np.concatenate([np.flatnonzero(labels == digit)[:A_DIGIT] for digit in range(10)])
    ones = flagged_ones()
    images = np.concatenate([images[chosen], ones])
    labels = np.concatenate([labels[chosen], np.ones(len(ones), labels.dtype)])
    rows, found = describe(images), measures(images)
    low, high = (
        np.stack([np.percentile(found[labels == digit], share, axis=0) for digit in range(10)])
        for share in (UNUSUAL, 100 - UNUSUAL)
    )
    own = np.stack([found[labels == digit].std(axis=0) for digit in range(10)])
    spread = np.maximum(own, found.std(axis=0) / 2)
    levels = np.rint(255 * rows / rows.max(axis=1, keepdims=True)).astype(np.uint8)
    np.savez_compressed(REFERENCE, rows=levels, labels=labels.astype(np.uint8), low=low, high=high, spread=spread)


def flagged_ones() -> Pixels:
    """Draw ones with a flag, from short to nearly as long as the stem, some with a foot; uint8 (40, 28, 28)."""
    plain = itertools.product((50, 70, 90, 110), (50, 100, 165, 180), [0])
    on_a_foot = itertools.product((40, 60), (40, 60), [45])
    drawn = []
    for (wide, high, foot), stroke in itertools.product([*plain, *on_a_foot], (14, 24)):
        paper = Image.new("L", (280, 280))
        pen = ImageDraw.Draw(paper)
        stem, top, bottom = 170, 40, 240
        pen.line([(stem - wide, top + high), (stem, top), (stem, bottom)], fill=255, width=stroke)
        if foot:
            pen.line([(stem - foot, bottom), (stem + foot, bottom)], fill=255, width=stroke)
        drawn.append(prepare(np.asarray(paper, np.float32)).pixels)
    return np.stack(drawn)


if __name__ == "__main__":
    main()
