"""What is made beside training comes in order, one ahead, and its maker ends with it."""

from __future__ import annotations

import itertools
import threading

import pytest

from nntrain.system.threads import prefetch


def makers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "made ahead"]


def test_items_come_in_order_and_an_end_is_an_end():
    assert list(prefetch(iter("abc"))) == ["a", "b", "c"]


def test_only_the_next_item_is_made_before_it_is_asked_for():
    begun: list[int] = []
    items = prefetch(begun.append(number) or number for number in itertools.count())
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    items.close()
    for maker in makers():
        maker.join(timeout=5)
    assert begun in ([0, 1, 2], [0, 1, 2, 3])
    assert makers() == []


def test_a_makers_error_is_raised_where_the_item_is_asked_for():
    items = prefetch(1 / number for number in (1, 0))
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)
