"""The program: `nntrain`, or `python -m nntrain`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from nntrain.cli.startup import end_process, without_garbage_collection
from nntrain.system.signals import exit_code_of, raise_on_signals
from nntrain.system.stdio import escape_unencodable_stdout, silence_library_stderr


def main() -> None:
    """Run the command line and end the process."""
    silence_library_stderr()
    escape_unencodable_stdout()
    raise_on_signals()
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
    except KeyboardInterrupt as error:  # before a command starts, or after it ends
        return exit_code_of(error)
    except BrokenPipeError:
        return 0  # the reader of stdout, such as `head`, has closed it
    except OSError as error:  # for example, the disk is full and the output goes to a file
        print(f"Error: {error.filename or 'the output'}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    main()
