"""The fast training step: the images stay on the device as bytes, and one call trains on many batches.

`Resident` is a keras.Sequential for Keras's own `fit`. What `fit` feeds it are *portions*: many batches at once, as
image numbers, a row a batch, with their pictures as bytes beside them where the device is the processor. `train_step`
scales and learns batch after batch in a loop that TensorFlow runs whole (and that XLA can compile whole), so that
Python and float copies of the images are out of the way. The result does not depend on how batches are grouped into
portions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nntrain.augmentation import Distortion, batch_rng, distort
from nntrain.background import made_ahead

# A portion should last about this long, so that progress moves twice a second and an interrupt is seen soon. The
# machine's speed is assumed, not measured: a slow core's, so that most machines are quicker.
PORTION_SECONDS = 0.25
ASSUMED_SPEED = 60e9  # operations a second
ASSUMED_OVERHEAD = 200e-6  # seconds a batch
# The most bytes of images in one portion.
PORTION_BYTES = 16_000_000
EVALUATION_BATCH = 1000


@dataclass(frozen=True)
class Examples:
    """Some of a data set's images, by number, and what the loss compares with."""

    images: np.ndarray  # uint8 (n, 28, 28): all of them
    targets: np.ndarray  # of all: int32 (n,) labels, or float32 (n, 1)
    numbers: np.ndarray  # int32: which are meant

    def __len__(self) -> int:
        return len(self.numbers)


class OnDevice:
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

    def compared_with(self, numbers: Any) -> Any:
        """Return the targets in the form that the loss takes."""
        targets = tf.gather(self.targets, numbers)
        return targets if self.one_hot is None else tf.one_hot(targets, self.one_hot)


class Resident(keras.Sequential):  # type: ignore[misc]  # Keras ships no types
    """A Sequential that learns from examples on the device; see the module's words."""

    train_function: Any
    test_function: Any

    def place(self, examples: OnDevice) -> None:
        """Take the examples, and make every variable of loss, metrics and optimizer, outside any loop."""
        self.examples = examples
        first = tf.constant([0], tf.int32)
        self._symbolic_build(data_batch=(*self._made(first, None), None))
        self.optimizer.build(self.trainable_variables)

    def make_train_function(self, force: bool = False) -> None:
        """Make what `fit` calls for each portion; Keras's own wraps the step in loops of one round."""
        if self.train_function is None or force:
            self._learning = self._traced_once(self.train_step)
            self.train_function = lambda portions: self._learning(next(portions))

    def make_test_function(self, force: bool = False) -> None:
        """Make what `evaluate` calls."""
        if self.test_function is None or force:
            self._scoring = self._traced_once(self.test_step)
            self.test_function = lambda portions: self._scoring(next(portions))

    def _traced_once(self, step: Any) -> Any:
        return tf.function(step, autograph=False, jit_compile=self.jit_compile or None)

    def compile_steps(self, training: Any, validation: Any) -> None:
        """Have XLA compile both steps at once, each on a core; `validation` may be None.

        They are compiled when they are called first, so each is called with a portion of no batches, which changes
        nothing.
        """
        self.make_train_function()
        self.make_test_function()
        steps = [(self._learning, training), (self._scoring, validation)]
        idle = [(step, _of_no_batches(portions)) for step, portions in steps if portions is not None]
        for step, portion in idle:
            step.get_concrete_function(portion)  # Keras's state is a thread's own: traced here, all of them
        with ThreadPoolExecutor(len(idle)) as pool:
            for done in [pool.submit(step, portion) for step, portion in idle]:
                done.result()

    def train_step(self, portion: dict[str, Any]) -> dict[str, Any]:
        """Learn from a portion's batches."""
        return self._over(portion, self._learn)

    def test_step(self, portion: dict[str, Any]) -> dict[str, Any]:
        """Score a portion's batches."""
        return self._over(portion, self._score)

    def _over(self, portion: dict[str, Any], work: Callable[[Any, Any], None]) -> dict[str, Any]:
        """Work on a portion's whole batches, and on the epoch's shorter last one where it is due."""

        def one(index: Any) -> Any:
            work(*self._batch(portion, index))
            return index + 1

        def rest() -> Any:
            work(*self._rest(portion))
            return tf.constant(0)

        tf.while_loop(lambda index: index < portion["count"], one, [tf.constant(0)], parallel_iterations=1)
        if portion["rest"].shape[0]:
            tf.cond(portion["rest_due"], rest, lambda: tf.constant(0))
        return dict(self.get_metrics_result())

    def _batch(self, portion: dict[str, Any], index: Any) -> tuple[Any, Any]:
        return self._made(portion["batches"][index], portion["pictures"][index] if "pictures" in portion else None)

    def _rest(self, portion: dict[str, Any]) -> tuple[Any, Any]:
        return self._made(portion["rest"], portion.get("rest_pictures"))

    def _made(self, numbers: Any, pictures: Any) -> tuple[Any, Any]:
        """Return a batch: float32 pictures (batch, 28, 28), 0 to 255, and what the loss compares with."""
        pictures = self.examples.pictures(numbers) if pictures is None else pictures
        return tf.cast(pictures, tf.float32), self.examples.compared_with(numbers)

    def _learn(self, x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, training=True)
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        self._count(x, y, y_pred, loss)

    def hold_out(self, portions: Portions) -> Any:
        """Take the portions to validate on; returns their data set, which `fit` has to be given to call `evaluate`."""
        fed = self.examples.fed(portions.dataset())
        self._held_out, self._validation = portions, iter(fed)
        return fed

    def evaluate(self, *_: Any, callbacks: Any = None, **__: Any) -> dict[str, float]:
        """Score the held-out examples when `fit` asks for it after an epoch, whatever else it passes.

        Returns loss and metrics by name, nothing where training is to stop within the epoch, which leaves no trace.
        Keras's own makes an iterator each time, a tenth of a dense network's epoch.
        """
        if self.stop_training:
            return {}
        self.make_test_function()
        self.reset_metrics()
        for number in range(self._held_out.an_epoch):
            self.test_function(self._validation)
            if callbacks is not None:
                callbacks.on_test_batch_end(number)
        return dict(self.get_metrics_result())

    def _score(self, x: Any, y: Any) -> None:
        y_pred = self(x, training=False)
        self._count(x, y, y_pred, self.compute_loss(x=x, y=y, y_pred=y_pred, training=False))

    def _count(self, x: Any, y: Any, y_pred: Any, loss: Any) -> None:
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])
        self.compute_metrics(x, y, y_pred)


class Portions:
    """The batches of epoch after epoch, as portions for `fit`.

    The order of images, and how each is distorted, is a function of seed, epoch and batch alone; without a seed they
    come as they are. All portions have one shape, so that the step is traced and compiled once; the last of an epoch
    may hold fewer batches than fit into it.
    """

    def __init__(
        self, examples: Examples, *, batch_size: int, seed: int | None = None, distortion: Distortion | None = None
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
    def an_epoch(self) -> int:
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
            return epochs if self.distortion is None else made_ahead(epochs)

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


def _of_no_batches(portions: Any) -> Any:
    """Return a portion, as large as a data set's, of which no batch counts."""
    return tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), portions.element_spec)


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
