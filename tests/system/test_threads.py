"""Modules are imported in the background, and items are computed one in advance."""

from __future__ import annotations

import itertools
import os
import queue
import sys
import threading

import pytest

from nntrain.system import threads
from nntrain.system.threads import import_in_background, prefetch


def prefetchers():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


@pytest.fixture(autouse=True)
def _all_threads_end():
    yield
    for thread in prefetchers():
        thread.join(timeout=5)
    assert prefetchers() == []


def test_items_keep_their_order_and_number():
    assert list(prefetch(iter("abc"))) == ["a", "b", "c"]
    assert list(prefetch(iter(()))) == []


def test_none_is_an_item():
    assert list(prefetch(iter([None, 0, None]))) == [None, 0, None]


def test_only_the_next_item_is_computed_in_advance():
    started = queue.SimpleQueue()
    items = prefetch(started.put(number) or number for number in itertools.count())
    assert next(items) == 0
    assert [started.get(timeout=5), started.get(timeout=5)] == [0, 1]
    with pytest.raises(queue.Empty):
        started.get(timeout=0.05)
    assert next(items) == 1
    assert started.get(timeout=5) == 2
    items.close()


def test_closing_ends_the_thread():
    items = prefetch(itertools.count())
    next(items)
    assert [thread.daemon for thread in prefetchers()] == [True]
    items.close()
    for thread in prefetchers():
        thread.join(timeout=5)
    assert prefetchers() == []


def test_an_error_is_raised_when_its_item_is_requested():
    items = prefetch(1 / number for number in (1, 0))
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)


def test_a_system_exit_in_the_thread_is_raised_too():
    def stop():
        yield 1
        raise SystemExit(3)

    items = prefetch(stop())
    assert next(items) == 1
    with pytest.raises(SystemExit):
        next(items)


@pytest.mark.skipif(sys.platform != "linux", reason="on other systems a priority belongs to the process")
def test_items_are_computed_at_a_lower_priority():
    def nice():
        yield os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert list(prefetch(nice())) == [min(here + 5, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == here


@pytest.mark.skipif(sys.platform != "linux", reason="on other systems a priority belongs to the process")
def test_a_system_that_refuses_a_lower_priority_is_not_an_error(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("os.setpriority", refuse)
    assert list(prefetch(iter("ab"))) == ["a", "b"]


def test_the_priority_is_not_changed_on_systems_where_it_belongs_to_the_process(monkeypatch):
    monkeypatch.setattr(threads.sys, "platform", "darwin")
    monkeypatch.setattr("os.setpriority", lambda *_: pytest.fail("the whole process would be slower"), raising=False)
    assert list(prefetch(iter("ab"))) == ["a", "b"]


def test_a_module_is_imported_in_the_background(tmp_path, monkeypatch):
    (tmp_path / "module_for_a_thread.py").write_text("import threading\nthread = threading.current_thread()\n")
    monkeypatch.syspath_prepend(tmp_path)
    thread = import_in_background("module_for_a_thread")
    thread.join()
    assert sys.modules["module_for_a_thread"].thread is thread
    assert (thread.daemon, thread.name) == (True, "import of module_for_a_thread")


def test_an_import_error_is_raised_by_the_import_that_uses_the_module(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("raise SystemExit\n")
    monkeypatch.syspath_prepend(tmp_path)
    import_in_background("broken_module").join()
    with pytest.raises(SystemExit):
        import broken_module  # noqa: F401
