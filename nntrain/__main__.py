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
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # handled as Ctrl-C in every command
    end_process(exit_code(_run))


def _run() -> None:
    with without_garbage_collection():
        from nntrain.cli.app import app
    app()


def exit_code(command: Callable[[], object]) -> int:
    """Run a command, flush its output and return the process's exit code."""
    try:
        try:
            command()
        finally:
            sys.stdout.flush()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except KeyboardInterrupt:  # before a command starts, or after it ends
        from nntrain.system.signals import EXIT_CODE

        return EXIT_CODE
    except BrokenPipeError:
        return 0  # the reader of stdout, such as `head`, has closed it
    except OSError as error:  # for example, the disk is full and the output goes to a file
        from nntrain.system.control_characters import escape_controls

        print(
            f"Error: {escape_controls(str(error.filename or 'the output'))}: {error.strerror or error}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    main()
