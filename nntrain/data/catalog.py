"""The data sets known by name, one entry per data set, and the paths where they may be. Imports nothing heavy."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from nntrain.errors import DatasetNotFoundError, UsageError

DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
GARMENTS = (
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
# The ten characters of Kuzushiji-MNIST, one from each row of the hiragana table.
HIRAGANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
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
# Address: README.md of github.com/rois-codh/kmnist. Checksums: datasets/kmnist/checksums.tsv of TensorFlow Datasets.
# The server speaks plain HTTP, so these are SHA-256.
KMNIST_IDX = {
    "train-images-idx3-ubyte.gz": "sha256:51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
    "train-labels-idx1-ubyte.gz": "sha256:e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
    "t10k-images-idx3-ubyte.gz": "sha256:edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
    "t10k-labels-idx1-ubyte.gz": "sha256:20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
}
# Files: README.md of github.com/facebookresearch/qmnist. Address and checksums: datasets/mnist.py of torchvision.
QMNIST_IDX = {
    "qmnist-train-images-idx3-ubyte.gz": "md5:ed72d4157d28c017586c42bc6afe6370",
    "qmnist-train-labels-idx2-int.gz": "md5:0058f8dd561b90ffdd0f734c6a30e5e4",
    "qmnist-test-images-idx3-ubyte.gz": "md5:1394631089c404de565df7b7aeaf9412",
    "qmnist-test-labels-idx2-int.gz": "md5:5b5b05890a5e13444e108efe57b788aa",
}


@dataclass(frozen=True)
class Origin:
    """A URL that a data set can be downloaded from."""

    base_url: str  # ends with a slash
    files: dict[str, str]  # checksum by file name: "md5:..." or "sha256:..."


@dataclass(frozen=True)
class DatasetInfo:
    """A data set that is known by name. It either has origins and a name in Keras's cache, or ships with nntrain."""

    name: str  # in a config
    title: str  # in messages
    description: str
    classes: tuple[str, ...]  # names by label
    training_images: int
    test_images: int
    has_mnist_digits: bool = False  # whether the images are digits, prepared as MNIST's were
    images_fingerprint: str | None = None  # MD5 of the training images, by which a copy at a path is recognized
    origins: tuple[Origin, ...] = ()  # in the order in which they are tried
    # In Keras's cache: with the suffix .npz, IDX files are saved as one file; without a suffix, in a folder.
    cache_name: str | None = None
    bundled_path: Path | None = None


DATASETS = {
    info.name: info
    for info in (
        DatasetInfo(
            name="mnist",
            title="MNIST",
            description="70,000 handwritten digits",
            classes=DIGITS,
            training_images=60_000,
            test_images=10_000,
            has_mnist_digits=True,
            images_fingerprint="6510e85a72c3e9475c492d559d3770d2",
            origins=(
                Origin(
                    KERAS_URL,
                    {"mnist.npz": "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"},
                ),
                Origin("https://storage.googleapis.com/cvdf-datasets/mnist/", MNIST_IDX),
                Origin("https://ossci-datasets.s3.amazonaws.com/mnist/", MNIST_IDX),
            ),
            cache_name="mnist.npz",
        ),
        DatasetInfo(
            name="fashion_mnist",
            title="Fashion-MNIST",
            description="70,000 pictures of clothes, in MNIST's format",
            classes=GARMENTS,
            training_images=60_000,
            test_images=10_000,
            origins=(
                Origin(KERAS_URL, FASHION_IDX),
                Origin(
                    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/", FASHION_IDX
                ),
            ),
            cache_name="fashion-mnist",
        ),
        DatasetInfo(
            name="kmnist",
            title="Kuzushiji-MNIST",
            description="70,000 characters of old Japanese, in MNIST's format; CC BY-SA 4.0",
            classes=HIRAGANA,
            training_images=60_000,
            test_images=10_000,
            origins=(Origin("http://codh.rois.ac.jp/kmnist/dataset/kmnist/", KMNIST_IDX),),
            cache_name="kmnist.npz",
        ),
        DatasetInfo(
            name="qmnist",
            title="QMNIST",
            description="MNIST made again from its sources, with 60,000 test images; BSD license",
            classes=DIGITS,
            training_images=60_000,
            test_images=60_000,
            has_mnist_digits=True,
            origins=(Origin("https://raw.githubusercontent.com/facebookresearch/qmnist/master/", QMNIST_IDX),),
            cache_name="qmnist.npz",
        ),
        DatasetInfo(
            name="mnist_5k",
            title="MNIST-5k",
            description="5,000 of MNIST's training images, which ship with nntrain",
            classes=DIGITS,
            training_images=4_000,
            test_images=1_000,
            has_mnist_digits=True,
            images_fingerprint="e4a629466b5f4c1b40c50c6433650dc0",
            bundled_path=Path(__file__).parent.parent / "assets" / "mnist_5k.npz",
        ),
    )
}


def find_dataset(name: str) -> Path | None:
    """Return the path of a data set, without downloading it, or None if it is not found.

    Data sets known by name are searched for in the package, in the folder NNTRAIN_DATA_DIR, and in Keras's cache.
    Raises UsageError if the name is neither known nor a path.
    """
    candidates = _candidate_paths(name) if name in DATASETS else [dataset_path(name)]
    # os.path.exists, because Path.exists raises an error if a parent folder is not accessible.
    return next((path for path in candidates if os.path.exists(path)), None)


def _candidate_paths(name: str) -> list[Path]:
    info = DATASETS[name]
    if info.bundled_path is not None:
        return [info.bundled_path]
    folder = os.environ.get("NNTRAIN_DATA_DIR")
    return [*([Path(folder) / f"{name}.npz"] if folder else []), cached_path(name)]


def has_mnist_digits(name: str, images_fingerprint: str | None) -> bool:
    """Return whether a data set holds digits prepared as MNIST's were.

    It is recognized by its name, or by the MD5 of its training images, which may be a copy at a path.
    """
    digits = [info for info in DATASETS.values() if info.has_mnist_digits]
    known = {info.images_fingerprint for info in digits} - {None}
    return name in {info.name for info in digits} or images_fingerprint in known


def is_dataset_path(name: str) -> bool:
    """Return whether a data set's name is a path: whether it has a suffix or a slash."""
    return "/" in name or "\\" in name or Path(name).suffix != "" or name in (".", "..", "~")


def dataset_path(name: str) -> Path:
    """Return the path that names a data set, `~` expanded; raises UsageError for a name without suffix or slash."""
    if is_dataset_path(name):
        # os.path.expanduser, because Path.expanduser raises an error if there is no such user.
        return Path(os.path.expanduser(name))
    if Path(name).exists():
        path = f"{name}/" if Path(name).is_dir() else f"./{name}"
        raise UsageError(f"no data set '{name}'; did you mean the path `{path}`?")
    close = difflib.get_close_matches(name.lower(), DATASETS, n=1, cutoff=0.4)
    choose = f"did you mean '{close[0]}'? Choose" if close else "choose"
    raise UsageError(
        f"no data set '{name}'; {choose} from {', '.join(DATASETS)}, or give a path (with a suffix or a slash)"
    )


def missing_path(name: str) -> DatasetNotFoundError:
    """Return the error for a data set whose path does not exist."""
    path = dataset_path(name)
    reason = "a link that leads nowhere" if os.path.islink(path) else "no such file or folder"
    return DatasetNotFoundError(f"{path}: {reason}")


def cached_path(name: str) -> Path:
    """Return the path at which Keras caches a data set; raises ValueError if it cannot be downloaded."""
    cache_name = DATASETS[name].cache_name
    if cache_name is None:
        raise ValueError(f"{name} is not downloaded")
    return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "datasets" / cache_name
