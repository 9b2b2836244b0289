"""Python programs that start with TensorFlow imported: each is forked from a process that has done so.

A training of a tiny network takes a second, the import of TensorFlow three. TensorFlow can be forked as long as it has
not run an operation: the server imports it and does nothing else. A forked program has its own arguments, folder,
environment and standard streams; only what a library reads from the environment while it is imported is the server's.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_REQUEST = 200_000  # bytes
PRELOADED = (
    "nntrain.cli.app",
    "nntrain.cli.listener",
    "nntrain.engine.keras_classifier",
    "nntrain.engine.train",
    "nntrain.jobs.evaluate",
    "nntrain.jobs.reproduce",
    "nntrain.jobs.resume",
    "nntrain.report.plots",
    "ai_edge_litert.interpreter",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
)


class ForkServer:
    """Starts programs as `python -c CODE ARGUMENT...` would."""

    def __init__(self) -> None:
        self._socket, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with server:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(server.fileno())], pass_fds=[server.fileno()], stdin=subprocess.DEVNULL
            )

    def start(
        self,
        code: str,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
    ) -> Program:
        """Start a program; what it prints comes through pipes."""
        request = {"code": code, "arguments": list(arguments), "cwd": str(cwd), "env": dict(env or os.environ)}
        (out, out_end), (err, err_end), (status, status_end) = (os.pipe() for _ in range(3))
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            socket.send_fds(self._socket, [json.dumps(request).encode()], [file.fileno(), out_end, err_end, status_end])
        for fd in (out_end, err_end, status_end):
            os.close(fd)
        return Program(out, err, status)

    def close(self) -> None:
        """End the server; programs that it has started go on."""
        self._socket.close()
        self._process.wait()


class Program:
    """A started program, with the part of subprocess.Popen's interface that is needed."""

    def __init__(self, out: int, err: int, status: int) -> None:
        self.stdout, self.stderr = (os.fdopen(fd, encoding="utf-8", errors="backslashreplace") for fd in (out, err))
        self.returncode: int | None = None
        self._status = os.fdopen(status)
        self.pid = int(self._status.readline())

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the program is known to have ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; returns the exit code, or minus the signal's number."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("forked program", timeout or 0)
            self.returncode = int(self._status.readline())
            self._status.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Read what is printed until the end."""
        texts = ["", ""]

        def read(index: int, file: Any) -> None:
            with file:
                texts[index] = file.read()

        readers = [
            threading.Thread(target=read, args=pair, daemon=True) for pair in enumerate((self.stdout, self.stderr))
        ]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join()
        return texts[0], texts[1]


def serve(connection: socket.socket) -> None:
    """Start what is asked for until the other side closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which end the server
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    while True:
        message, fds, _, _ = socket.recv_fds(connection, MAX_REQUEST, 4)
        if not message:
            return
        if os.fork() == 0:
            connection.close()
            _keep(json.loads(message), *fds)
        for fd in fds:
            os.close(fd)


def _keep(request: dict[str, Any], stdin: int, out: int, err: int, status: int) -> None:
    """Run a program in a child, and report its process and how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(status)
        for source, target in ((stdin, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
            os.close(source)
        _run(request)
    for fd in (stdin, out, err):
        os.close(fd)
    os.write(status, f"{pid}\n".encode())
    _, ending = os.waitpid(pid, 0)
    os.write(status, f"{os.waitstatus_to_exitcode(ending)}\n".encode())
    os._exit(0)


def _run(request: dict[str, Any]) -> None:
    """Be the program, as a fresh interpreter would."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.stdin, sys.stdout = os.fdopen(0, encoding="utf-8"), os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    # As in an interpreter, so that descriptor 2 stays open when nntrain replaces sys.stderr.
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    sys.argv = ["-c", *request["arguments"]]
    code = 0
    try:
        exec(compile(request["code"], "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Import what is slow, then serve."""
    from nntrain.system.stdio import silence_library_stderr

    silence_library_stderr()
    for module in PRELOADED:
        importlib.import_module(module)
    importlib.import_module("tensorflow").lite.TFLiteConverter  # noqa: B018 - an attribute that is imported when asked for
    import gc

    gc.freeze()  # what is collected is copied into the forked process first
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
