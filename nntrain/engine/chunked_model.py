"""The fast training step: the images stay on the device as bytes, and one call trains on many batches.

`Resident` is a keras.Sequential for Keras's own `fit`. What `fit` feeds it are *portions*: many batches at once, as
image numbers, a row a batch, with their pictures as bytes beside them where the device is the processor. `train_step`
scales and learns batch after batch in a loop that TensorFlow runs whole (and that XLA can compile whole), so that
Python and float copies of the images are out of the way. The result does not depend on how batches are grouped into
portions.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import tensorflow as tf

from nntrain.engine.inputs import BatchChunks, DeviceDataset


class ChunkedSequential(keras.Sequential):  # type: ignore[misc]  # Keras ships no types
    """A Sequential that learns from examples on the device; see the module's words."""

    train_function: Any
    test_function: Any

    def place(self, examples: DeviceDataset) -> None:
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
        return tf.cast(pictures, tf.float32), self.examples.targets_at(numbers)

    def _learn(self, x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, training=True)
            scaled = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        self._count(x, y, y_pred, loss)

    def set_validation_data(self, portions: BatchChunks) -> Any:
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
        for number in range(self._held_out.chunks_per_epoch):
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


def _of_no_batches(portions: Any) -> Any:
    """Return a portion, as large as a data set's, of which no batch counts."""
    return tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), portions.element_spec)
