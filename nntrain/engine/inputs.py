"""What `fit` is fed: a subset of a data set's images, the data on the device, and chunks of batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from nntrain.system.threads import prefetch
from nntrain.training.augmentation import Distortion, batch_rng, distort

# A portion should last about this long, so that progress moves twice a second and an interrupt is seen soon. The
# machine's speed is assumed, not measured: a slow core's, so that most machines are quicker.
PORTION_SECONDS = 0.25


ASSUMED_SPEED = 60e9  # operations a second


ASSUMED_OVERHEAD = 200e-6  # seconds a batch


# The most bytes of images in one portion.
PORTION_BYTES = 16_000_000


EVALUATION_BATCH = 1000


@dataclass(frozen=True)
class Subset:
    """Some of a data set's images, by number, and what the loss compares with."""

    images: np.ndarray  # uint8 (n, 28, 28): all of them
    targets: np.ndarray  # of all: int32 (n,) labels, or float32 (n, 1)
    numbers: np.ndarray  # int32: which are meant

    def __len__(self) -> int:
        return len(self.numbers)


class DeviceDataset:
    """Images and targets in the device's memory, and a batch of them by number."""

    def __init__(self, images: np.ndarray, targets: np.ndarray, *, one_hot: int | None) -> None:
        self.images = tf.constant(images)
        self.targets = tf.constant(targets)
        self.one_hot = one_hot  # classes, where the loss wants labels one-hot

    @property
    def on_cpu(self) -> bool:
        """Whether the device is the processor itself."""
        return "CPU" in self.images.device

    def array(self) -> np.ndarray:
        """Return the images as an array: on a CPU in the same memory, so that they need be held once."""
        return np.asarray(memoryview(self.images)) if self.on_cpu else self.images.numpy()

    def fed(self, portions: Any) -> Any:
        """Return a data set of portions with their pictures, gathered beside training, or as it is on a GPU.

        On a CPU a gather within the loop makes XLA compile half a second longer, and the steps are no faster for it; on
        a GPU the bytes would have to cross the bus.
        """
        fed = portions.map(self._with_pictures) if self.on_cpu else portions
        # One portion ahead: images are gathered, and distorted, beside training.
        return fed.prefetch(1).with_options(_untuned())

    def _with_pictures(self, portion: dict[str, Any]) -> dict[str, Any]:
        if "pictures" in portion:  # distorted ones
            return portion
        return {
            **portion,
            "pictures": tf.gather(self.images, portion["batches"]),
            "rest_pictures": tf.gather(self.images, portion["rest"]),
        }

    def pictures(self, numbers: Any) -> Any:
        """Return uint8 pictures (batch, 28, 28)."""
        return tf.gather(self.images, numbers)

    def targets_at(self, numbers: Any) -> Any:
        """Return the targets in the form that the loss takes."""
        targets = tf.gather(self.targets, numbers)
        return targets if self.one_hot is None else tf.one_hot(targets, self.one_hot)


class BatchChunks:
    """The batches of epoch after epoch, as portions for `fit`.

    The order of images, and how each is distorted, is a function of seed, epoch and batch alone; without a seed they
    come as they are. All portions have one shape, so that the step is traced and compiled once; the last of an epoch
    may hold fewer batches than fit into it.
    """

    def __init__(
        self, examples: Subset, *, batch_size: int, seed: int | None = None, distortion: Distortion | None = None
    ) -> None:
        self.examples, self.seed, self.distortion = examples, seed, distortion
        self.batch_size = min(batch_size, len(examples))
        self.whole, self.left = divmod(len(examples), self.batch_size)
        self.size = self.whole  # whole batches in a portion

    def cut(self, batch_operations: int) -> None:
        """Choose the portion's size for batches that take about so many operations (multiplications and additions)."""
        seconds = batch_operations / ASSUMED_SPEED + ASSUMED_OVERHEAD
        room = PORTION_BYTES // (self.batch_size * self.examples.images[0].size)
        most = max(1, min(int(PORTION_SECONDS / seconds), room))
        # Evenly, so that the last portion is not a small one.
        self.size = -(-self.whole // -(-self.whole // most))

    @property
    def chunks_per_epoch(self) -> int:
        """Return the number of portions in an epoch."""
        return -(-self.whole // self.size)

    def dataset(self, first_epoch: int = 0) -> Any:
        """Return an endless data set of portions, beginning with an epoch (from 0)."""
        image = self.examples.images.shape[1:]
        signature = {
            "batches": tf.TensorSpec((self.size, self.batch_size), tf.int32),
            "count": tf.TensorSpec((), tf.int32),
            "rest": tf.TensorSpec((self.left,), tf.int32),
            "rest_due": tf.TensorSpec((), tf.bool),
        }
        if self.distortion is not None:
            signature["pictures"] = tf.TensorSpec((self.size, self.batch_size, *image), tf.uint8)
            signature["rest_pictures"] = tf.TensorSpec((self.left, *image), tf.uint8)

        def endless() -> Iterator[dict[str, Any]]:
            epochs = itertools.chain.from_iterable(map(self.epoch, itertools.count(first_epoch)))
            return epochs if self.distortion is None else prefetch(epochs)

        return tf.data.Dataset.from_generator(endless, output_signature=signature)

    def epoch(self, epoch: int) -> Iterator[dict[str, Any]]:
        """Yield one epoch's portions."""
        numbers = self.examples.numbers
        if self.seed is not None:
            order = np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(len(numbers))
            numbers = numbers[order]
        rows = numbers[: self.whole * self.batch_size].reshape(self.whole, self.batch_size)
        rest = numbers[self.whole * self.batch_size :]
        for begin in range(0, self.whole, self.size):
            chosen = rows[begin : begin + self.size]
            last = begin + len(chosen) == self.whole
            portion = {
                "batches": _filled(chosen, self.size),
                "count": np.int32(len(chosen)),
                "rest": rest,
                "rest_due": np.bool_(last),
            }
            if self.distortion is not None:
                drawn = [self._distorted(row, epoch, begin + index) for index, row in enumerate(chosen)]
                portion["pictures"] = _filled(np.stack(drawn), self.size)
                portion["rest_pictures"] = self._distorted(rest, epoch, self.whole) if last else self._images(rest)
            yield portion

    def _images(self, numbers: np.ndarray) -> np.ndarray:
        images: np.ndarray = self.examples.images[numbers]
        return images

    def _distorted(self, numbers: np.ndarray, epoch: int, batch: int) -> np.ndarray:
        if self.distortion is None or self.seed is None or not len(numbers):
            return self._images(numbers)
        return distort(self._images(numbers), self.distortion, batch_rng(self.seed, epoch, batch))


def _untuned() -> Any:
    """Return options of a data set without the thread that tunes it: here is nothing to tune.

    That thread may sleep through the end of training and hold it up until it wakes, for up to a minute: it sleeps twice
    as long each time.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _filled(rows: np.ndarray, size: int) -> np.ndarray:
    """Return rows with zeros after them, `size` in all."""
    if len(rows) == size:
        return rows
    return np.concatenate([rows, np.zeros((size - len(rows), *rows.shape[1:]), rows.dtype)])
