"""The program: `nntrain`, or `python -m nntrain`."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from nntrain.system.stdio import escape_unencodable_stdout, silence_library_stderr


def main() -> None:
    """Run the command line and end the process."""
    silence_library_stderr()
    escape_unencodable_stdout()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it is Ctrl-C, everywhere
    _end(exit_code(_run))


def _run() -> None:
    gc.disable()  # what is loaded stays: there is nothing to collect in it
    from nntrain.cli.app import app

    gc.freeze()
    gc.enable()
    app()


def exit_code(work: Callable[[], object]) -> int:
    """Do the work and write out what it said; returns the process's exit code."""
    try:
        try:
            work()
        finally:
            sys.stdout.flush()
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    except KeyboardInterrupt:  # before a command began, or after it ended
        from nntrain.system.signals import EXIT_CODE

        return EXIT_CODE
    except BrokenPipeError:
        return 0  # whoever read (`| head`) has enough
    except OSError as error:  # a full disk under a result that is written to a file, say
        print(f"Error: {error.filename or 'the output'}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def _end(code: int) -> None:
    """End the process without taking it apart object by object, which takes TensorFlow a second."""
    atexit._run_exitfuncs()
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
