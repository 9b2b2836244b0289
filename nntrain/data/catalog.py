"""The data sets known by name: one row per data set."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from nntrain.errors import UsageError

DATASETS = {
    "mnist": "70,000 handwritten digits",
    "fashion_mnist": "70,000 pictures of clothes, in MNIST's format",
    "mnist_5k": "5,000 of MNIST's training images, which ship with nntrain",
}


SAMPLE = Path(__file__).parent.parent / "assets" / "mnist_5k.npz"


FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True)
class Origin:
    """One place that a data set can be downloaded from."""

    base: str  # address, with a slash at its end
    files: dict[str, str]  # name: checksum, "md5:..." or "sha256:..."


MNIST_IDX = {
    "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
}


FASHION_IDX = {
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}


KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


ORIGINS = {
    "mnist": (
        Origin(KERAS, {"mnist.npz": "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}),
        Origin("https://storage.googleapis.com/cvdf-datasets/mnist/", MNIST_IDX),
        Origin("https://ossci-datasets.s3.amazonaws.com/mnist/", MNIST_IDX),
    ),
    "fashion_mnist": (
        Origin(KERAS, FASHION_IDX),
        Origin("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/", FASHION_IDX),
    ),
}


KEPT = {"mnist": "mnist.npz", "fashion_mnist": "fashion-mnist"}  # file or folder of Keras's cache, named as Keras does


def find_dataset(name: str) -> Path | None:
    """Return where a data set would be read from without a download, or None."""
    if name == "mnist_5k":
        return SAMPLE
    if name not in DATASETS:
        path = _path(name)
        return path if os.path.exists(path) else None
    folder = os.environ.get("NNTRAIN_DATA_DIR")
    places = [Path(folder) / f"{name}.npz"] if folder else []
    # os.path: a folder that may not be looked into holds nothing for us.
    return next((place for place in [*places, _cached(name)] if os.path.exists(place)), None)


def _path(name: str) -> Path:
    """Return a path as a path; raises UsageError for a bare name that is no data set's."""
    if is_dataset_path(name):
        # os.path: Path.expanduser raises where there is no such user.
        return Path(os.path.expanduser(name))
    close = difflib.get_close_matches(name.lower(), DATASETS, n=1, cutoff=0.4)
    guess = f"; did you mean '{close[0]}'?" if close else "."
    raise UsageError(f"no data set '{name}'{guess} There are {', '.join(DATASETS)}; a path has a suffix or a slash")


def _cached(name: str) -> Path:
    """Return where Keras keeps a data set."""
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "datasets" / KEPT[name]


def is_dataset_path(name: str) -> bool:
    """Return whether a data set is named by its path: by anything with a suffix or a slash."""
    return "/" in name or "\\" in name or Path(name).suffix != "" or name in (".", "..", "~")
