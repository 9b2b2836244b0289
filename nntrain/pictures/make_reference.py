"""Make reference.npz: 400 images a digit of the shipped sample, described as resemblance.py compares them.

python -m nntrain.pictures.make_reference
"""

from __future__ import annotations

import numpy as np

from nntrain.data.sources import SAMPLE
from nntrain.pictures.resemblance import REFERENCE, describe

A_DIGIT = 400


def main() -> None:
    """Write the file; the same sample gives the same bytes."""
    with np.load(SAMPLE, allow_pickle=False) as sample:
        images, labels = sample["x_train"], sample["y_train"]
    chosen = np.concatenate([np.flatnonzero(labels == digit)[:A_DIGIT] for digit in range(10)])
    rows = describe(images[chosen])
    levels = np.rint(255 * rows / rows.max(axis=1, keepdims=True)).astype(np.uint8)
    np.savez_compressed(REFERENCE, rows=levels, labels=labels[chosen].astype(np.uint8))


if __name__ == "__main__":
    main()
