"""The first signal asks training to stop and the second ends the process; calls into libraries have a time limit."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import ClassVar

import pytest

from nntrain.system.signals import REPETITION, SIGNALS, Interruption, Interrupts, exit_code_of, time_limit

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")

PROGRAM = """
import os, signal, sys, time
from nntrain.system.signals import Interrupts
def write_line(text):
    os.write(1, f"{{text}}\\n".encode())  # in one piece: two threads write
interrupts = Interrupts(
    on_first=lambda number: write_line(f"stopping after {{number.name}}"),
    on_exit=lambda: (print("quitting"), print("to stderr", end="", file=sys.stderr)),
)
with interrupts:
    interrupts.can_stop = {can_stop}
    write_line("ready")
    while not interrupts.stop_requested:
        time.sleep(0.01)
    write_line("stopped")
    {then}
write_line("after")
"""


class Program:
    """A process that is sent signals, and whose lines are read as they come."""

    started: ClassVar[list[subprocess.Popen[str]]] = []

    def __init__(self, can_stop, then="time.sleep(60)"):
        code, pipe = PROGRAM.format(can_stop=can_stop, then=then), subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True)
        self.started.append(self.process)
        assert self.line() == "ready"

    def line(self):
        return self.process.stdout.readline().strip()

    def send(self, number):
        self.process.send_signal(number)

    def send_again(self, number):
        time.sleep(10 * REPETITION)
        self.send(number)

    def end(self):
        """Wait for the end; returns the exit code, what was written to stdout since the last line, and stderr."""
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture(autouse=True)
def _no_program_is_left():
    """End what a failed test has left running."""
    yield
    while Program.started:
        process = Program.started.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


@needs_posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129), ("SIGUSR1", 138)])
def test_the_first_signal_asks_to_stop_and_the_second_ends_the_process(name, code):
    program = Program(can_stop=True)
    program.send(signal.Signals[name])
    assert {program.line(), program.line()} == {f"stopping after {name}", "stopped"}
    program.send_again(signal.Signals[name])
    assert program.end() == (code, "quitting\n", "to stderr")


@needs_posix
def test_another_signal_ends_the_process_at_once_with_its_own_code():
    program = Program(can_stop=True)
    program.send(signal.SIGTERM)
    program.send(signal.SIGHUP)
    assert program.end()[0] in (129, 143)  # the system may deliver both in any order


@needs_posix
def test_a_signal_that_is_sent_twice_at_once_is_one_signal():
    """A terminal that is closed sends SIGHUP twice; `timeout` sends its signal to the process and to its group."""
    code = (
        "import os, signal, time; from nntrain.system.signals import Interrupts\n"
        "with Interrupts(on_first=lambda number: print(number.name), on_exit=print) as interrupts:\n"
        "    interrupts.can_stop = True\n"
        "    for _ in range(3): os.kill(os.getpid(), signal.SIGHUP)\n"
        "    time.sleep(0.3)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (process.returncode, process.stdout) == (0, "SIGHUP\n")


IGNORING = """
import os, signal, time
from nntrain.system.signals import Interrupts, raise_on_signals
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, signal.SIG_IGN)
raise_on_signals()
with Interrupts(on_first=print, on_exit=print) as interrupts:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        os.kill(os.getpid(), number)
    time.sleep(0.3)
print(interrupts.stop_requested)
"""


@needs_posix
def test_a_signal_that_was_ignored_stays_ignored():
    process = subprocess.run([sys.executable, "-c", IGNORING], capture_output=True, text=True, timeout=30)
    assert (process.returncode, process.stdout) == (0, "False\n")


RAISING = """
import os, signal, sys
from nntrain.system.signals import exit_code_of, raise_on_signals
raise_on_signals()
try:
    os.kill(os.getpid(), signal.Signals[sys.argv[1]])
except KeyboardInterrupt as error:
    os.kill(os.getpid(), signal.Signals[sys.argv[1]])  # it does not interrupt what the first one started
    print(exit_code_of(error))
"""


@needs_posix
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGUSR1", 138)])
def test_outside_a_training_each_signal_interrupts_as_ctrl_c_does(name, code):
    process = subprocess.run([sys.executable, "-c", RAISING, name], capture_output=True, text=True, timeout=30)
    assert (process.returncode, process.stdout) == (0, f"{code}\n")


def test_an_interruption_by_ctrl_c_or_another_signal_has_the_exit_code_of_a_shell():
    assert [exit_code_of(error) for error in (KeyboardInterrupt(), Interruption(15))] == [130, 143]


def test_where_the_system_has_them_four_signals_are_handled():
    names = {"SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"} & set(signal.Signals.__members__)
    assert {number.name for number in SIGNALS} == names


def test_a_message_that_cannot_be_shown_does_not_keep_the_next_signal_from_ending_the_process():
    code = (
        "import os, signal, time; from nntrain.system.signals import Interrupts\n"
        "with Interrupts(on_first=lambda number: 1 / 0, on_exit=lambda: None) as interrupts:\n"
        "    interrupts.can_stop = True\n"
        "    os.kill(os.getpid(), signal.SIGTERM); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30).returncode in (130, 143)


@needs_posix
def test_a_signal_while_there_is_nothing_to_save_ends_the_process():
    program = Program(can_stop=False)
    program.send(signal.SIGINT)
    assert program.end() == (130, "quitting\n", "to stderr")


@needs_posix
def test_after_one_signal_the_program_continues_to_its_end():
    program = Program(can_stop=True, then="time.sleep(0.05)")
    program.send(signal.SIGTERM)
    code, out, err = program.end()
    assert sorted(out.splitlines()) == ["after", "stopped", "stopping after SIGTERM"]
    assert (code, err) == (0, "")


@needs_posix
def test_a_signal_ends_the_process_while_the_main_thread_is_inside_a_library():
    # It takes minutes without running Python code, so Python calls no signal handler.
    program = Program(can_stop=True, then="import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)")
    program.send(signal.SIGINT)
    assert {program.line(), program.line()} == {"stopping after SIGINT", "stopped"}
    program.send_again(signal.SIGINT)
    assert program.end()[0] == 130


@needs_posix
def test_the_process_ends_even_if_the_last_action_fails():
    code = (
        "import os, signal, time; from nntrain.system.signals import Interrupts\n"
        "with Interrupts(on_first=print, on_exit=lambda: 1 / 0):\n"
        "    os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30).returncode == 130


@needs_posix
def test_other_signals_are_not_handled():
    code = (
        "import os, signal, time; from nntrain.system.signals import Interrupts\n"
        "signal.signal(signal.SIGUSR2, lambda *_: print('handled', flush=True))\n"
        "with Interrupts(on_first=print, on_exit=print):\n"
        "    os.kill(os.getpid(), signal.SIGUSR2); time.sleep(0.2)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (process.returncode, process.stdout) == (0, "handled\n")


@needs_posix
def test_handlers_and_wakeup_descriptor_are_restored():
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts(on_first=pytest.fail, on_exit=pytest.fail) as interrupts:
        assert signal.getsignal(signal.SIGINT) not in handlers
        assert signal.getsignal(signal.SIGTERM) not in handlers
        descriptor = signal.set_wakeup_fd(-1)
        assert descriptor >= 0
        signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert signal.set_wakeup_fd(-1) == -1
    assert not interrupts.stop_requested


@needs_posix
def test_the_wakeup_descriptor_of_another_library_is_restored():
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    signal.set_wakeup_fd(writes)
    try:
        with Interrupts(on_first=pytest.fail, on_exit=pytest.fail):
            pass
    finally:
        assert signal.set_wakeup_fd(-1) == writes
        os.close(reads)
        os.close(writes)


def test_the_thread_ends_with_the_block():
    with Interrupts(on_first=pytest.fail, on_exit=pytest.fail):
        thread = next(thread for thread in threading.enumerate() if thread.name == "interrupts")
        assert thread.daemon
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_no_handler_is_set_outside_the_main_thread():
    """Python lets only the main thread set handlers."""
    entered = []

    def enter():
        with Interrupts(on_first=pytest.fail, on_exit=pytest.fail) as interrupts:
            entered.append((interrupts.stop_requested, signal.getsignal(signal.SIGINT)))

    handler = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered == [(False, handler)]


LIMITED = """
import sys, time
from nntrain.system.signals import time_limit
with time_limit(float(sys.argv[1]), "model.tflite: no answer"):
    time.sleep(float(sys.argv[2]))
time.sleep(0.5)
print("after")
"""


def limited(seconds, work):
    process = subprocess.run(
        [sys.executable, "-c", LIMITED, seconds, work], capture_output=True, text=True, timeout=30, check=False
    )
    return process.returncode, process.stdout, process.stderr


def test_a_block_over_its_time_limit_ends_the_process():
    assert limited("0.15", "30") == (3, "", "Error: model.tflite: no answer\n")


def test_a_block_within_its_time_limit_is_not_affected_and_ends_the_limit():
    assert limited("0.3", "0") == (0, "after\n", "")


def test_a_time_limit_ends_with_an_error_in_the_block():
    def fail(threads):
        threads += [thread for thread in threading.enumerate() if thread.name == "time limit"]
        raise ZeroDivisionError

    threads = []
    with pytest.raises(ZeroDivisionError), time_limit(60, "never shown"):
        fail(threads)
    assert [thread.daemon for thread in threads] == [True]
    threads[0].join(timeout=10)
    assert not threads[0].is_alive()


def test_a_time_limit_is_checked_every_tenth_of_a_second(monkeypatch):
    """Time during which the process is suspended counts as one step at most."""
    waits, exit_codes = [], queue.SimpleQueue()

    class Event(threading.Event):
        def wait(self, timeout=None):
            if timeout is not None:
                waits.append(timeout)
            return False

    monkeypatch.setattr("threading.Event", Event)
    monkeypatch.setattr("os._exit", exit_codes.put)
    with time_limit(0.55, "no answer"):
        assert exit_codes.get(timeout=10) == 3
    assert waits == [0.1] * 6
