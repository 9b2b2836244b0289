"""Runs tests in forks: once on the unchanged source, to trace their calls, then on each mutant.

Each worker has its own copy of the project, which a fork puts first on the import path, also for processes that tests
start.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Collection, Generator, Iterable
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import pytest

from .mutations import Mutant
from .project import Test

MAX_MEMORY = 12 * 2**30  # bytes of address space: an endless loop that fills memory ends in a MemoryError
MAX_TRACE_SECONDS = 1800

_copy = Path()
_mtimes = itertools.count(1_000_000_000)


@dataclass(frozen=True)
class Outcome:
    """The result of testing a mutant."""

    killed_by: str | None  # the name of a test, or another reason; None if the mutant survived
    tests: int  # that could notice it
    seconds: float


def claim_copy(copies: SimpleQueue[Path]) -> None:
    """Assign a copy of the project to this worker."""
    global _copy
    _copy = copies.get()


def trace_tests(file: str, fast: bool) -> tuple[list[Test], list[str]]:
    """Run a test file on the unchanged source; returns the tests that pass and the names of those that fail."""

    def job() -> tuple[list[tuple[str, float, list[str]]], list[str]]:
        recorder = _Recorder(Path(tempfile.mkdtemp(dir=_copy.parent)))
        code = _pytest([file], fast, recorder)
        sys.settrace(None)
        ran = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
        return recorder.tests(), sorted(recorder.failing) if ran else [file]

    try:
        tests, failing = _in_fork(job, MAX_TRACE_SECONDS)
    except (TimeoutError, ChildProcessError):
        return [], [file]
    return [Test(name, seconds, frozenset(calls)) for name, seconds, calls in tests], failing


def try_mutant(mutant: Mutant, stages: list[list[Test]], known: Collection[str], fast: bool) -> Outcome:
    """Run the tests on a mutant, stage by stage, until one fails.

    `known` are the names of all tests on the unchanged source; tests with other names run too. `fast` deselects tests
    that need TensorFlow.
    """
    path = _copy / mutant.path
    original, times = path.read_bytes(), path.stat()
    start = time.monotonic()
    try:
        path.write_text(mutant.source, encoding="utf-8")
        mtime = next(_mtimes)  # unique: Python compares a compiled file's source by its size and whole seconds
        os.utime(path, (mtime, mtime))
        failures = (_failure(stage, known, fast) for stage in stages)
        killed_by = next((failure for failure in failures if failure is not None), None)
    finally:
        path.write_bytes(original)
        os.utime(path, (times.st_atime, times.st_mtime))
    return Outcome(killed_by, sum(len(stage) for stage in stages), time.monotonic() - start)


def _failure(stage: list[Test], known: Collection[str], fast: bool) -> str | None:
    """Run a stage; returns the first test that fails, or another reason, or None if all tests pass."""
    selection = _Selection({test.name for test in stage}, known)

    def job() -> tuple[int, str | None]:
        files = dict.fromkeys(test.file for test in stage)
        return _pytest(files, fast, selection, "--exitfirst", "--tb=no"), selection.failure

    try:
        code, failure = _in_fork(job, 30 + 6 * sum(test.seconds for test in stage))
    except TimeoutError:
        return "the time limit"
    except ChildProcessError:
        return "a crash"
    if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return None
    return str(failure or f"pytest's exit code {code}")


def _pytest(files: Iterable[str], fast: bool, plugin: object, *options: str) -> int:
    marked = ["-m", "not tensorflow"] if fast else []
    folders = [f"--rootdir={_copy}", f"--basetemp={_copy.with_suffix('.tmp')}"]
    return int(pytest.main(["-q", "-p", "no:cacheprovider", *folders, *marked, *options, *files], plugins=[plugin]))


def _in_fork(job: Callable[[], Any], seconds: float) -> Any:
    """Run a job in a fork, in the worker's copy; returns its result, which must be JSON.

    Raises TimeoutError after `seconds`, and ChildProcessError if the fork ends without a result.
    """
    result = _copy.with_suffix(".json")
    result.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            _enter_copy()
            result.write_text(json.dumps(job()), encoding="utf-8")
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    try:
        deadline = time.monotonic() + seconds
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                raise TimeoutError
            time.sleep(0.01)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)  # processes that tests left running
    if not result.exists():
        raise ChildProcessError
    return json.loads(result.read_text(encoding="utf-8"))


def _enter_copy() -> None:
    """Make the worker's copy the current folder and import path; limit memory, and redirect output to a log."""
    os.setsid()
    log = os.open(_copy.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, file in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(file, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    os.chdir(_copy)
    sys.path.insert(0, str(_copy))
    os.environ["PYTHONPATH"] = str(_copy)


class _Recorder:
    """Records how long each test takes, which functions it calls, and which tests fail."""

    def __init__(self, folder: Path) -> None:
        sys.modules.pop("sitecustomize", None)
        self._tracer = importlib.import_module("sitecustomize")
        self._folder = folder
        self._seconds: dict[str, float] = {}
        self.failing: set[str] = set()
        self._trace_to("shared")  # calls outside tests count for each test of the file

    def _trace_to(self, name: str) -> None:
        self._name = name
        self._tracer.trace_to(str(self._folder / name))

    def _calls(self, name: str) -> set[str]:
        path = self._folder / name
        return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()

    def tests(self) -> list[tuple[str, float, list[str]]]:
        """Return name, seconds and calls of each test that passed."""
        shared = self._calls("shared")
        return [
            (name, seconds, sorted(shared | self._calls(str(number))))
            for number, (name, seconds) in enumerate(self._seconds.items())
            if name not in self.failing
        ]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        _clear_caches()
        self._trace_to(str(len(self._seconds)))
        start = time.monotonic()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = time.monotonic() - start
            self._trace_to("shared")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        name = self._name
        if fixturedef.scope != "function":
            self._trace_to("shared")
        try:
            return (yield)
        finally:
            self._trace_to(name)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failing.add(report.nodeid)


def _clear_caches() -> None:
    """Clear the package's cached functions, so that each test makes the calls whose results it uses."""
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith(f"{_copy}{os.sep}"):
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


class _Selection:
    """Selects the chosen tests, and those that exist only with the mutation; keeps the first failure."""

    def __init__(self, chosen: set[str], known: Collection[str]) -> None:
        self._chosen, self._known = chosen, set(known)
        self.failure: str | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._chosen or item.nodeid not in self._known]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failure = self.failure or f"{report.nodeid} (collection)"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failure = self.failure or report.nodeid
