"""The fast training step: the images stay on the device as bytes, and one call trains on many batches.

`ChunkedSequential` is a keras.Sequential for Keras's own `fit`, which feeds it *chunks*. A chunk holds many batches as
image indices, one row per batch; on a CPU it also holds their images as bytes. `train_step` loops over the batches of a
chunk inside one TensorFlow function, which XLA can compile, without Python and without float copies of the data set.
The result does not depend on how batches are grouped into chunks.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import tensorflow as tf

from nntrain.engine.inputs import BatchChunks, DeviceDataset


class ChunkedSequential(keras.Sequential):  # type: ignore[misc]  # Keras ships no types
    """A keras.Sequential that trains on chunks of a data set on the device; see the module's docstring."""

    train_function: Any
    test_function: Any
    _validation_chunks: BatchChunks | None = None

    def set_data(self, device_data: DeviceDataset) -> None:
        """Set the data that chunks refer to, and create the variables of loss, metrics and optimizer.

        They have to be created outside the loop over batches.
        """
        self.device_data = device_data
        first_image = tf.constant([0], tf.int32)
        self._symbolic_build(data_batch=(*self._inputs_and_targets(first_image, None), None))
        self.optimizer.build(self.trainable_variables)

    def make_train_function(self, force: bool = False) -> None:
        """Make the function that `fit` calls for each chunk; Keras's would wrap the step in a loop of one iteration."""
        if self.train_function is None or force:
            self._compiled_train_step = self._as_function(self.train_step)
            self.train_function = lambda chunks: self._compiled_train_step(next(chunks))

    def make_test_function(self, force: bool = False) -> None:
        """Make the function that `evaluate` calls for each chunk."""
        if self.test_function is None or force:
            self._compiled_test_step = self._as_function(self.test_step)
            self.test_function = lambda chunks: self._compiled_test_step(next(chunks))

    def _as_function(self, step: Any) -> Any:
        return tf.function(step, autograph=False, jit_compile=self.jit_compile or None)

    def compile_steps(self, train_data: Any, validation_data: Any) -> None:
        """Have XLA compile both steps in parallel, each on its own core; `validation_data` may be None.

        A step is compiled when it is first called, so each is called with an empty chunk, which changes nothing.
        """
        self.make_train_function()
        self.make_test_function()
        steps = [(self._compiled_train_step, train_data), (self._compiled_test_step, validation_data)]
        calls = [(step, _empty_chunk(data)) for step, data in steps if data is not None]
        for step, chunk in calls:
            step.get_concrete_function(chunk)  # Keras keeps its state per thread, so both are traced in this thread
        with ThreadPoolExecutor(len(calls)) as pool:
            for future in [pool.submit(step, chunk) for step, chunk in calls]:
                future.result()

    def train_step(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Train on the batches of a chunk; returns loss and metrics, each averaged since the epoch's start."""
        return self._for_each_batch(chunk, self._train_batch)

    def test_step(self, chunk: dict[str, Any]) -> dict[str, Any]:
        """Evaluate the batches of a chunk; returns loss and metrics, averaged in the same way."""
        return self._for_each_batch(chunk, self._test_batch)

    def _for_each_batch(self, chunk: dict[str, Any], step: Callable[[Any, Any], None]) -> dict[str, Any]:
        """Call `step` with each full batch of a chunk, and with the remainder in the epoch's last chunk."""

        def full_batch(index: Any) -> Any:
            images = chunk["images"][index] if "images" in chunk else None
            step(*self._inputs_and_targets(chunk["batches"][index], images))
            return index + 1

        def remainder() -> Any:
            step(*self._inputs_and_targets(chunk["remainder"], chunk.get("remainder_images")))
            return tf.constant(0)

        tf.while_loop(lambda index: index < chunk["batch_count"], full_batch, [tf.constant(0)], parallel_iterations=1)
        if chunk["remainder"].shape[0]:
            tf.cond(chunk["with_remainder"], remainder, lambda: tf.constant(0))
        return dict(self.get_metrics_result())

    def _inputs_and_targets(self, indices: Any, images: Any) -> tuple[Any, Any]:
        """Return a batch: float32 images (batch, 28, 28) from 0 to 255, and the targets as the loss takes them."""
        images = self.device_data.images_at(indices) if images is None else images
        return tf.cast(images, tf.float32), self.device_data.targets_at(indices)

    def _train_batch(self, x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, training=True)
            scaled_loss = self.optimizer.scale_loss(loss)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled_loss, variables), variables)
        self._update_metrics(x, y, y_pred, loss)

    def _test_batch(self, x: Any, y: Any) -> None:
        y_pred = self(x, training=False)
        self._update_metrics(x, y, y_pred, self.compute_loss(x=x, y=y, y_pred=y_pred, training=False))

    def _update_metrics(self, x: Any, y: Any, y_pred: Any, loss: Any) -> None:
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(x)[0])
        self.compute_metrics(x, y, y_pred)

    def set_validation_data(self, chunks: BatchChunks) -> Any:
        """Set the data for `evaluate`; returns the `validation_data` to pass to `fit`, which then calls `evaluate`."""
        validation_data = self.device_data.with_images(chunks.dataset())
        self._validation_chunks = chunks
        self._validation_iterator = iter(validation_data)
        return validation_data

    def close(self) -> None:
        """Free the validation images, after training."""
        if self._validation_chunks is not None:
            self._validation_chunks.close()

    def evaluate(self, *_: Any, callbacks: Any = None, **__: Any) -> dict[str, float]:
        """Evaluate on the validation data that was set; the data that `fit` passes is ignored.

        Returns loss and metrics by name, or nothing if training is to stop within this epoch, which is then discarded.
        Keras's `evaluate` makes a new iterator each time, which takes a tenth of a dense network's epoch.
        """
        if self.stop_training:
            return {}
        self.make_test_function()
        self.reset_metrics()
        chunks_per_epoch = self._validation_chunks.chunks_per_epoch if self._validation_chunks else 0
        for index in range(chunks_per_epoch):
            self.test_function(self._validation_iterator)
            if callbacks is not None:
                callbacks.on_test_batch_end(index)
        return dict(self.get_metrics_result())


def _empty_chunk(chunks: Any) -> Any:
    """Return a chunk without batches, in the shape of a data set's chunks."""
    return tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), chunks.element_spec)
