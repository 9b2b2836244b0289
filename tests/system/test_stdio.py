"""Only nntrain writes to stderr, stdout accepts every character, and writing to either never fails."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# What a library writes goes to descriptor 2; what nntrain writes goes to sys.stderr.
SILENCED = """
import os, sys, warnings
from nntrain.system.stdio import silence_library_stderr
print("before", file=sys.stderr, end="; ")
silence_library_stderr()
os.write(2, b"a library's text; ")
warnings.warn("a library's warning")
print("nntrain's own", file=sys.stderr)
"""


def run(code, *, shell="", **environment):
    """Run Python, with redirections of the shell if any; returns exit code, stdout and stderr."""
    command = [sys.executable, "-c", code]
    if shell:
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]
    variables = {name: value for name, value in os.environ.items() if name != "NNTRAIN_DEBUG"}
    process = subprocess.run(command, capture_output=True, env={**variables, **environment}, timeout=60)
    return process.returncode, process.stdout, process.stderr


def test_nntrain_writes_to_stderr_and_libraries_do_not():
    assert run(SILENCED) == (0, b"", b"before; nntrain's own\n")


def test_with_nntrain_debug_libraries_write_to_stderr():
    code, _, err = run(SILENCED, NNTRAIN_DEBUG="1")
    assert code == 0
    assert b"a library's text" in err
    assert b"UserWarning: a library's warning" in err


def test_messages_are_shown_line_by_line_without_waiting_for_the_end():
    code = SILENCED + "os._exit(0)"
    assert run(code) == (0, b"", b"before; nntrain's own\n")


def test_stderr_keeps_its_encoding_and_escapes_other_characters():
    code = SILENCED + 'print("größe \\u2713 \\udcff", file=sys.stderr)'
    assert run(code, PYTHONIOENCODING="latin-1")[2].endswith(b"gr\xf6\xdfe \\u2713 \\udcff\n")


def test_the_null_device_is_not_left_open():
    code = SILENCED + "os.write(1, repr(sorted(map(int, os.listdir('/dev/fd')))).encode())"
    # 0, 1, 2, the copy of 2, and that of the folder itself.
    assert run(code)[1] == b"[0, 1, 2, 3, 4]"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_closed_stderr_is_not_an_error():
    code = "from nntrain.system.stdio import silence_library_stderr; silence_library_stderr(); print('end')"
    assert run(code, shell="2>&-") == (0, b"end\n", b"")


def test_a_crash_inside_a_library_shows_where_python_was():
    code, _, err = run(SILENCED + "import faulthandler; faulthandler._sigabrt()")
    assert code != 0
    assert b"Fatal Python error: Aborted" in err
    assert b'File "<string>", line' in err


def test_a_stderr_that_is_not_a_file_is_not_changed(monkeypatch, capsys):
    from nntrain.system.stdio import silence_library_stderr

    class NoFile:
        def flush(self):
            raise ValueError("I/O operation on closed file")

    stream = NoFile()
    monkeypatch.setattr(sys, "stderr", stream)
    silence_library_stderr()
    assert sys.stderr is stream


ESCAPED = """
import sys
from nntrain.system.stdio import escape_unencodable_stdout
escape_unencodable_stdout()
print("a\\u2713\\udcff")
"""


def test_stdout_escapes_characters_that_its_encoding_lacks():
    assert run(ESCAPED, PYTHONIOENCODING="ascii") == (0, b"a\\u2713\\udcff\n", b"")
    assert run(ESCAPED, PYTHONIOENCODING="utf-8") == (0, b"a\xe2\x9c\x93\\udcff\n", b"")


def test_a_stdout_that_cannot_be_configured_is_not_changed(monkeypatch):
    from nntrain.system.stdio import escape_unencodable_stdout

    stream = object()
    monkeypatch.setattr(sys, "stdout", stream)
    escape_unencodable_stdout()
    assert sys.stdout is stream


# A block in which libraries are silent, inside another one; then a library's text again.
BLOCKS = """
import os, sys
from nntrain.system.stdio import library_output
with library_output.silenced():
    os.write(2, b"a library's text; ")
    print("inside", file=sys.stderr, end="; ")
    with library_output.silenced():
        os.write(2, b"a library's text; ")
    os.write(2, b"a library's text; ")
print("after", file=sys.stderr, end="; ")
sys.stderr.flush()
os.write(2, b"a library's text")
"""


def test_libraries_are_silent_while_a_block_runs_and_no_longer():
    assert run(BLOCKS) == (0, b"", b"inside; after; a library's text")
    assert run(BLOCKS, NNTRAIN_DEBUG="1")[2].count(b"a library's text") == 4


def test_a_closed_stderr_is_no_obstacle():
    code = "from nntrain.system.stdio import library_output\nwith library_output.silenced(): print('inside')"
    assert run(code, shell="2>&-")[:2] == (0, b"inside\n")


LENIENT = """
import os, sys
from nntrain.system.stdio import output_error, prepare_streams
prepare_streams()
for line in range(10_000):
    print("a result", line)
    print("a message", line, file=sys.stderr)
sys.stdout.flush()
error = output_error()
os._exit(50 + (error.errno if error else 0))
"""
needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")


@needs_shell
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_with_a_closed_stream_the_program_goes_on_to_its_end(closed, unbuffered):
    assert run(LENIENT, shell=closed, PYTHONUNBUFFERED=unbuffered)[0] == 50


@needs_shell
@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_on_a_full_disk_the_program_goes_on_and_only_a_lost_result_is_an_error(unbuffered):
    code, out, _ = run(LENIENT, shell="2> /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (code, out.count(b"a result")) == (50, 10_000)
    code, _, err = run(LENIENT, shell="> /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (code, err.count(b"a message")) == (50 + 28, 10_000)


@needs_shell
@pytest.mark.parametrize("streams", ["", "2>&1"])
def test_when_the_reader_has_ended_the_program_goes_on(streams):
    script = f'set -o pipefail; "$@" {streams} | head -1'
    done = subprocess.run(["bash", "-c", script, "bash", sys.executable, "-c", LENIENT], capture_output=True)
    assert (done.returncode, len(done.stdout.splitlines())) == (50, 1)


@needs_shell
def test_a_closed_stream_is_not_taken_by_the_next_file_that_is_opened(tmp_path):
    code = (
        "import os; from nntrain.system.stdio import prepare_streams; prepare_streams()\n"
        "file = open('model', 'w'); os.write(1, b'a result'); os.write(2, b'a message'); os._exit(0)"
    )
    subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, "-c", code], cwd=tmp_path, timeout=60)
    assert (tmp_path / "model").read_text() == ""


@needs_shell
def test_a_full_pipe_that_does_not_block_is_waited_for():
    code = "import os, sys; os.set_blocking(1, False)\n" + LENIENT
    script = '"$@" 2> /dev/null | (sleep 1; wc -l)'
    done = subprocess.run(["bash", "-c", script, "bash", sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "10000"


def test_streams_that_are_no_files_are_not_changed(monkeypatch):
    from nntrain.system.stdio import output_error, prepare_streams

    class NoFile:
        encoding = "utf-8"

        def flush(self):
            pass

    stream = NoFile()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("NNTRAIN_DEBUG", "1")  # pytest's own stderr stays as it is
    monkeypatch.setattr(sys, "stderr", stream)
    prepare_streams()
    assert (sys.stdout, sys.stderr, output_error()) == (stream, stream, None)
