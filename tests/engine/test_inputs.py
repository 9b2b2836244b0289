"""Chunks of batches: their order, their images, and their size."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def make_chunks(tiny):
    """Return a function that gives the first images of the tiny data set in batches."""
    from nntrain.engine.inputs import BatchChunks, Subset

    def make(count=250, *, batch_size=32, seed=7, distortion=None):
        subset = Subset(tiny.x_train, tiny.y_train.astype(np.int32), np.arange(count, dtype=np.int32))
        return BatchChunks(subset, batch_size=batch_size, seed=seed, distortion=distortion)

    return make


@pytest.fixture
def device_data(tiny):
    """Return the tiny data set on the device."""
    from nntrain.engine.inputs import DeviceDataset

    return DeviceDataset(tiny.x_train, tiny.y_train, one_hot_depth=10)


def indices_in_order(chunks, epoch):
    """Return the indices of the images of an epoch in the order of training."""
    indices = []
    for chunk in chunks.epoch(epoch):
        indices += list(chunk["batches"][: chunk["batch_count"]].ravel())
        if chunk["with_remainder"]:
            indices += list(chunk["remainder"])
    return indices


def images_in_order(chunks, epoch):
    """Return the images of an epoch in the order of training."""
    images = []
    for chunk in chunks.epoch(epoch):
        images += list(chunk["images"][: chunk["batch_count"]].reshape(-1, 28, 28))
        if chunk["with_remainder"]:
            images += list(chunk["remainder_images"])
    return np.stack(images)


def test_an_epoch_holds_every_image_once_those_of_the_remainder_included(make_chunks):
    chunks = make_chunks()
    chunks.chunk_size = 3
    assert (chunks.full_batches, chunks.remainder, chunks.chunks_per_epoch) == (7, 26, 3)
    assert sorted(indices_in_order(chunks, 0)) == list(range(250))


def test_the_order_depends_on_seed_and_epoch_and_not_on_the_chunk_size(make_chunks):
    chunks = make_chunks()
    chunks.chunk_size = 1
    singly = indices_in_order(chunks, 4)
    chunks.chunk_size = 7
    assert indices_in_order(chunks, 4) == singly
    assert indices_in_order(chunks, 5) != singly
    assert indices_in_order(make_chunks(seed=8), 4) != singly


def test_without_a_seed_images_keep_their_order(make_chunks):
    assert indices_in_order(make_chunks(seed=None), 3) == list(range(250))


def test_all_chunks_have_the_same_shape_and_the_last_is_padded(make_chunks):
    chunks = make_chunks(batch_size=50)
    chunks.chunk_size = 3
    first, last = chunks.epoch(0)
    assert first["batches"].shape == last["batches"].shape == (3, 50)
    assert (first["batch_count"], last["batch_count"]) == (3, 2)
    assert not last["batches"][2].any()


def test_the_data_set_starts_with_the_epoch_that_a_resume_continues_at(make_chunks):
    chunks = make_chunks()
    (chunk,) = chunks.dataset(first_epoch=5).take(1)
    assert np.array_equal(chunk["batches"], next(chunks.epoch(5))["batches"])


def test_the_data_set_goes_on_with_the_next_epoch(make_chunks):
    chunks = make_chunks(distortion=rotation())
    chunk = list(islice(chunks.dataset(), 2))[1]
    expected = next(chunks.epoch(1))
    assert np.array_equal(chunk["batches"], expected["batches"])
    assert np.array_equal(chunk["images"], expected["images"])


def rotation():
    """Return a distortion of a few degrees."""
    from nntrain.training.augmentation import Distortion

    return Distortion(rotation=10.0)


def test_augmentation_depends_on_seed_and_epoch_and_not_on_the_chunk_size(make_chunks):
    chunks = make_chunks(distortion=rotation())
    chunks.chunk_size = 1
    singly = images_in_order(chunks, 2)
    chunks.chunk_size = 4
    assert np.array_equal(images_in_order(chunks, 2), singly)
    assert not np.array_equal(images_in_order(chunks, 3), singly)


def test_every_image_is_augmented_those_of_the_remainder_included(make_chunks, tiny):
    chunks = make_chunks(distortion=rotation())
    unchanged = tiny.x_train[indices_in_order(chunks, 0)]
    assert (images_in_order(chunks, 0) != unchanged).any(axis=(1, 2)).all()


def test_a_data_set_smaller_than_a_batch_is_one_batch(make_chunks):
    chunks = make_chunks(5)
    assert (chunks.batch_size, chunks.full_batches, chunks.remainder) == (5, 1, 0)


@pytest.mark.parametrize(
    ("batch_flops", "chunk_size", "chunks_per_epoch"),
    [
        (0, 250, 1),  # 0.2 ms per batch: 1,250 of them in 0.25 s
        (138_000_000, 84, 3),  # 2.5 ms per batch: at most 100, so three chunks of about the same size
        (60_000_000_000, 1, 250),  # a batch alone takes longer
    ],
)
def test_a_chunk_takes_a_quarter_of_a_second(make_chunks, batch_flops, chunk_size, chunks_per_epoch):
    chunks = make_chunks(250, batch_size=1)
    chunks.choose_chunk_size(batch_flops)
    assert (chunks.chunk_size, chunks.chunks_per_epoch) == (chunk_size, chunks_per_epoch)


def test_a_chunk_holds_at_most_16_mb_of_images(make_chunks, monkeypatch):
    monkeypatch.setattr("nntrain.engine.inputs.MAX_CHUNK_BYTES", 3 * 32 * 784)
    chunks = make_chunks()
    chunks.choose_chunk_size(0)
    assert (chunks.chunk_size, chunks.chunks_per_epoch) == (3, 3)


def test_the_images_are_held_once(tiny, device_data):
    assert np.shares_memory(device_data.images_array(), np.asarray(memoryview(device_data.images)))
    assert np.array_equal(device_data.images_array(), tiny.x_train)


def test_images_and_targets_are_looked_up_by_index(tiny, device_data):
    assert np.array_equal(device_data.images_at([4, 2]), tiny.x_train[[4, 2]])
    assert np.array_equal(device_data.targets_at([4, 2]), np.eye(10)[tiny.y_train[[4, 2]]])


def test_targets_that_need_not_be_one_hot_are_unchanged(tiny):
    from nntrain.engine.inputs import DeviceDataset

    labels = DeviceDataset(tiny.x_train, tiny.y_train, one_hot_depth=None)
    assert np.array_equal(labels.targets_at([4, 2]), tiny.y_train[[4, 2]])


def test_chunks_are_given_their_images(tiny, device_data, make_chunks):
    (chunk,) = device_data.with_images(make_chunks().dataset()).take(1)
    assert np.array_equal(chunk["images"], tiny.x_train[chunk["batches"]])
    assert np.array_equal(chunk["remainder_images"], tiny.x_train[chunk["remainder"]])


def test_chunks_with_augmented_images_keep_them(device_data, make_chunks):
    chunks = make_chunks(distortion=rotation())
    (chunk,) = device_data.with_images(chunks.dataset()).take(1)
    assert np.array_equal(chunk["images"], next(chunks.epoch(0))["images"])


def test_no_thread_tunes_the_data_set_and_may_sleep_through_the_end_of_training(device_data, make_chunks):
    assert device_data.with_images(make_chunks().dataset()).options().autotune.enabled is False


def test_closed_chunks_free_their_images_and_the_thread_that_augments(make_chunks):
    before, chunks = set(threading.enumerate()), make_chunks(distortion=rotation())
    next(iter(chunks.dataset()))
    (thread,) = (thread for thread in set(threading.enumerate()) - before if thread.name == "prefetch")
    chunks.close()
    thread.join(10)
    assert not thread.is_alive()
    assert chunks.subset.images.shape == (0, 28, 28)
