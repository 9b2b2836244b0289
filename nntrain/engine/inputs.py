"""The inputs of `fit`: subsets of a data set, the data on the device, and chunks of batches."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
import tensorflow as tf

from nntrain.system.threads import prefetch
from nntrain.training.augmentation import Distortion, batch_rng, distort

# A chunk should last about this long, so that the progress bar moves and an interrupt is seen several times a second.
# The machine's speed is assumed, not measured. It is that of a slow core, so chunks are shorter on most machines.
CHUNK_SECONDS = 0.25
ASSUMED_FLOPS_PER_SECOND = 60e9
ASSUMED_BATCH_OVERHEAD = 200e-6  # seconds
MAX_CHUNK_BYTES = 16_000_000  # of images

EVALUATION_BATCH_SIZE = 1000


@dataclass(frozen=True)
class Subset:
    """Some images of a data set, by index, with their targets."""

    images: np.ndarray  # uint8 (n, 28, 28): all images of the data set
    targets: np.ndarray  # of all images: int32 (n,) labels, or float32 (n, 1)
    indices: np.ndarray  # int32 (m,): of the images in the subset

    def __len__(self) -> int:
        return len(self.indices)


class DeviceDataset:
    """Images and targets in the device's memory, looked up by index."""

    def __init__(self, images: np.ndarray, targets: np.ndarray, *, one_hot_depth: int | None) -> None:
        self.images = tf.constant(images)
        self.targets = tf.constant(targets)
        self.one_hot_depth = one_hot_depth  # the number of classes if the loss takes one-hot labels

    @property
    def on_cpu(self) -> bool:
        """Whether the device is the CPU."""
        return "CPU" in self.images.device

    def images_array(self) -> np.ndarray:
        """Return the images as an array; on a CPU it shares the device's memory, without a copy."""
        return np.asarray(memoryview(self.images)) if self.on_cpu else self.images.numpy()

    def with_images(self, chunks: Any) -> Any:
        """Return a tf.data.Dataset of chunks that hold their images; on a GPU, of the chunks unchanged.

        On a CPU the images are gathered here, in parallel with training: a gather within the training step makes XLA
        compile half a second longer, and the step no faster. On a GPU the images would have to cross the bus.
        """
        chunks = chunks.map(self._add_images) if self.on_cpu else chunks
        return chunks.prefetch(1).with_options(_without_autotune())

    def _add_images(self, chunk: dict[str, Any]) -> dict[str, Any]:
        if "images" in chunk:  # augmented ones
            return chunk
        return {
            **chunk,
            "images": self.images_at(chunk["batches"]),
            "remainder_images": self.images_at(chunk["remainder"]),
        }

    def images_at(self, indices: Any) -> Any:
        """Return uint8 images of shape (*indices.shape, 28, 28)."""
        return tf.gather(self.images, indices)

    def targets_at(self, indices: Any) -> Any:
        """Return the targets as the loss takes them."""
        targets = tf.gather(self.targets, indices)
        return targets if self.one_hot_depth is None else tf.one_hot(targets, self.one_hot_depth)


class BatchChunks:
    """The batches of each epoch, in chunks for `fit`.

    The order of the images and their augmentation depend only on seed, epoch and batch; without a seed the images keep
    their order. All chunks have the same shape, so that the step is traced and compiled once. The last chunk of an
    epoch may hold fewer batches than fit into it. It also holds the remainder: the images that do not fill a batch.
    """

    def __init__(
        self, subset: Subset, *, batch_size: int, seed: int | None = None, distortion: Distortion | None = None
    ) -> None:
        self.subset, self.seed, self.distortion = subset, seed, distortion
        self.batch_size = min(batch_size, len(subset))
        self.full_batches, self.remainder = divmod(len(subset), self.batch_size)
        self.chunk_size = self.full_batches  # full batches per chunk
        self._prefetched: list[Generator[dict[str, Any], None, None]] = []

    def close(self) -> None:
        """Free the images, after the last chunk. TensorFlow keeps the generator of a data set for good."""
        self.subset = replace(self.subset, images=self.subset.images[:0].copy())
        for chunks in self._prefetched:
            with suppress(ValueError):  # it is computing a chunk now
                chunks.close()

    def choose_chunk_size(self, batch_flops: int) -> None:
        """Set the chunk size for batches that take this many floating-point operations."""
        batch_seconds = batch_flops / ASSUMED_FLOPS_PER_SECOND + ASSUMED_BATCH_OVERHEAD
        fits_memory = MAX_CHUNK_BYTES // (self.batch_size * self.subset.images[0].size)
        max_size = max(1, min(int(CHUNK_SECONDS / batch_seconds), fits_memory))
        # Chunks are made about equal in size, so that the last one is not much smaller.
        self.chunk_size = ceil(self.full_batches / ceil(self.full_batches / max_size))

    @property
    def chunks_per_epoch(self) -> int:
        """The number of chunks in an epoch."""
        return ceil(self.full_batches / self.chunk_size)

    def dataset(self, first_epoch: int = 0) -> Any:
        """Return an endless tf.data.Dataset of chunks that starts at an epoch (from 0)."""
        image_shape = self.subset.images.shape[1:]
        signature = {
            "batches": tf.TensorSpec((self.chunk_size, self.batch_size), tf.int32),
            "batch_count": tf.TensorSpec((), tf.int32),
            "remainder": tf.TensorSpec((self.remainder,), tf.int32),
            "with_remainder": tf.TensorSpec((), tf.bool),
        }
        if self.distortion is not None:
            signature["images"] = tf.TensorSpec((self.chunk_size, self.batch_size, *image_shape), tf.uint8)
            signature["remainder_images"] = tf.TensorSpec((self.remainder, *image_shape), tf.uint8)

        def chunks() -> Iterator[dict[str, Any]]:
            endless = itertools.chain.from_iterable(map(self.epoch, itertools.count(first_epoch)))
            if self.distortion is None:
                return endless
            self._prefetched.append(prefetch(endless))
            return self._prefetched[-1]

        return tf.data.Dataset.from_generator(chunks, output_signature=signature)

    def epoch(self, epoch: int) -> Iterator[dict[str, Any]]:
        """Yield the chunks of one epoch (from 0)."""
        indices = self._shuffled(epoch)
        full = self.full_batches * self.batch_size
        batches, remainder = indices[:full].reshape(self.full_batches, self.batch_size), indices[full:]
        for start in range(0, self.full_batches, self.chunk_size):
            chunk_batches = batches[start : start + self.chunk_size]
            is_last = start + len(chunk_batches) == self.full_batches
            chunk = {
                "batches": _padded(chunk_batches, self.chunk_size),
                "batch_count": np.int32(len(chunk_batches)),
                "remainder": remainder,
                "with_remainder": np.bool_(is_last),
            }
            if self.distortion is not None:
                images = [self._augmented(batch, epoch, start + index) for index, batch in enumerate(chunk_batches)]
                chunk["images"] = _padded(np.stack(images), self.chunk_size)
                # The remainder of earlier chunks is not trained on, so it need not be distorted.
                chunk["remainder_images"] = (
                    self._augmented(remainder, epoch, self.full_batches) if is_last else self.subset.images[remainder]
                )
            yield chunk

    def _shuffled(self, epoch: int) -> np.ndarray:
        if self.seed is None:
            return self.subset.indices
        order = np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(len(self.subset))
        return self.subset.indices[order]

    def _augmented(self, indices: np.ndarray, epoch: int, batch: int) -> np.ndarray:
        images: np.ndarray = self.subset.images[indices]
        if self.distortion is None or self.seed is None:
            return images
        return distort(images, self.distortion, batch_rng(self.seed, epoch, batch))


def _without_autotune() -> Any:
    """Return tf.data options that disable the autotuning thread, which has nothing to tune here.

    The thread doubles its sleep each time, up to a minute, and training cannot end until it wakes.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _padded(rows: np.ndarray, count: int) -> np.ndarray:
    """Return `rows` padded with zeros to `count` rows."""
    if len(rows) == count:
        return rows
    return np.concatenate([rows, np.zeros((count - len(rows), *rows.shape[1:]), rows.dtype)])
