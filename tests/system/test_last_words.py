"""What a library writes as it ends the process is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(shutil.which("sed") is None, reason="needs sed")

PROGRAM = """
import os, signal, sys
from nntrain.cli.startup import end_process
from nntrain.system.last_words import keep_last_words
from nntrain.system.stdio import prepare_streams
prepare_streams()
keep_last_words()
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\\n")
os.write(2, b"I0000 00:00:1795639525.096166 1 port.cc:1] oneDNN is on\\n")
os.write(2, b"W0000 00:00:1795639525.096166 1 gpu.cc:1] no GPU\\n")
os.write(2, b"F0000 00:00:1795639525.096166 1 flags.cc:1] Unknown flag: --bogus\\nmore")
print("nntrain's own", file=sys.stderr)
"""


def run(ending, **environment):
    """Run a program with this ending; returns the exit code and stderr, which is complete once all have closed it."""
    variables = {name: value for name, value in os.environ.items() if name != "NNTRAIN_DEBUG"}
    command = [sys.executable, "-c", PROGRAM + ending]
    done = subprocess.run(command, capture_output=True, text=True, env={**variables, **environment}, timeout=60)
    return done.returncode, done.stderr


def test_a_library_that_ends_the_process_is_heard_but_for_its_information_and_warnings():
    code, err = run("os._exit(1)")
    assert code == 1
    assert err == "nntrain's own\nF0000 00:00:1795639525.096166 1 flags.cc:1] Unknown flag: --bogus\nmore"


def test_after_a_kill_the_messages_are_shown_too():
    code, err = run("os.kill(os.getpid(), 9)")
    assert code == -9
    assert "Unknown flag: --bogus" in err


@pytest.mark.parametrize("code", [0, 6])
def test_a_program_that_ends_as_it_should_shows_no_messages(code):
    assert run(f"end_process({code})") == (code, "nntrain's own\n")


def test_with_nntrain_debug_messages_are_shown_at_once_and_only_once():
    assert run("os._exit(1)", NNTRAIN_DEBUG="1")[1].count("--bogus") == 1


def test_without_sed_messages_are_dropped(tmp_path):
    assert run("os._exit(1)", PATH=str(tmp_path)) == (1, "nntrain's own\n")


def test_a_signal_that_ends_the_process_shows_no_messages():
    ending = (
        "import time; from nntrain.system.signals import Interrupts\n"
        "with Interrupts(on_first=print, on_exit=lambda: None): os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    assert run(ending) == (143, "nntrain's own\n")
