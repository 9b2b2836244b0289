"""The program: `nntrain`, or `python -m nntrain`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from nntrain.cli.startup import end_process, without_garbage_collection
from nntrain.system.stdio import escape_unencodable_stdout, silence_library_stderr


def main() -> None:
    """Run the command line and end the process."""
    silence_library_stderr()
    escape_unencodable_stdout()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same as Ctrl-C, in every command
    end_process(exit_code(_run))


def _run() -> None:
    with without_garbage_collection():
        from nntrain.cli.app import app
    app()


def exit_code(command: Callable[[], object]) -> int:
    """Run a command and flush its output; returns the process's exit code."""
    try:
        try:
            command()
        finally:
            sys.stdout.flush()
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    except KeyboardInterrupt:  # before a command began, or after it ended
        from nntrain.system.signals import EXIT_CODE

        return EXIT_CODE
    except BrokenPipeError:
        return 0  # the reader (`| head`) has seen enough
    except OSError as error:  # for example a full disk under a result that goes to a file
        print(f"Error: {error.filename or 'the output'}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    main()
