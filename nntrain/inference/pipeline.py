"""Recognizes prepared pictures in batches, so that memory does not grow with the number of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeVar

from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.reading import Reading
from nntrain.inference.recognize import disagrees_with_more_confidence, recognize
from nntrain.preprocessing.parallel import PictureFailure, PictureRequest
from nntrain.preprocessing.prepare import PreparedPicture

# Bounds of a batch; whichever is reached first ends it.
MAX_BATCH_PICTURES = 256
MAX_BATCH_BYTES = 64_000_000


class _HasBytes(Protocol):
    @property
    def nbytes(self) -> int: ...


Item = TypeVar("Item", bound=_HasBytes)


class Networks(NamedTuple):
    """The networks that recognize pictures."""

    network: CalibratedClassifier
    second_opinion: CalibratedClassifier | None = None  # reported if it disagrees with more confidence


@dataclass(frozen=True)
class Recognition:
    """A picture and its reading."""

    name: str  # as the caller wrote it
    reading: Reading
    picture: PreparedPicture | None = None  # None if it will not be drawn: it takes much memory
    truth: str | None = None
    second_opinion: Reading | None = None  # of another network, if it disagrees with more confidence

    def without_pictures(self) -> Recognition:
        """Return the same recognition without the picture and the sources of its digits."""
        second_opinion = None if self.second_opinion is None else self.second_opinion.without_sources()
        return replace(self, reading=self.reading.without_sources(), second_opinion=second_opinion, picture=None)


def recognize_requests(
    requests: Iterable[PictureRequest | PictureFailure],
    load_networks: Callable[[], Networks],
    *,
    keep_pictures: int = 0,
) -> Iterator[Recognition | PictureFailure]:
    """Recognize pictures and yield the results in their order, including failures.

    The pictures of the first `keep_pictures` digits are kept in the recognitions. The networks are loaded after the
    first pictures are prepared: LiteRT starts threads, and preparing many pictures forks processes.
    """
    networks = None
    for batch in batches(requests):
        networks = networks or load_networks()
        for result in _recognize_batch(batch, networks):
            if isinstance(result, PictureFailure):
                yield result
            elif keep_pictures > 0:
                keep_pictures -= len(result.reading.answers)
                yield result
            else:
                yield result.without_pictures()


def recognize_all(pictures: Iterable[PreparedPicture], network: CalibratedClassifier) -> list[Reading]:
    """Return the readings of any number of pictures."""
    return [reading for batch in batches(pictures) for reading in recognize(batch, network)]


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Divide items into batches of bounded count and memory; a batch ends with the item that reaches a bound."""
    batch: list[Item] = []
    nbytes = 0
    for item in items:
        batch.append(item)
        nbytes += item.nbytes
        if len(batch) == MAX_BATCH_PICTURES or nbytes >= MAX_BATCH_BYTES:
            yield batch
            batch, nbytes = [], 0
    if batch:
        yield batch


def _recognize_batch(
    batch: list[PictureRequest | PictureFailure], networks: Networks
) -> Iterator[Recognition | PictureFailure]:
    pictures = [item.picture for item in batch if isinstance(item, PictureRequest)]
    readings = iter(recognize(pictures, networks.network))
    second_readings = iter(recognize(pictures, networks.second_opinion) if networks.second_opinion else ())
    for item in batch:
        if isinstance(item, PictureFailure):
            yield item
            continue
        reading, second_reading = next(readings), next(second_readings, None)
        if second_reading is not None and not disagrees_with_more_confidence(second_reading, reading):
            second_reading = None
        yield Recognition(item.name, reading, item.picture, item.truth, second_reading)
