"""The program: `nntrain`, or `python -m nntrain`."""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` looks for modules in the current folder first, where a user's keras.py or yaml.py may be.
    sys.path.pop(0)

from collections.abc import Callable

from nntrain.cli.startup import end_process, without_garbage_collection
from nntrain.system.signals import exit_code_of, raise_on_signals
from nntrain.system.stdio import output_error, prepare_streams


def main() -> None:
    """Run the command line and end the process."""
    prepare_streams()
    raise_on_signals()
    end_process(exit_code(_run))


def _run() -> None:
    with without_garbage_collection():
        from nntrain.cli.app import app
    app()


def exit_code(command: Callable[[], object]) -> int:
    """Run a command and return the process's exit code: that of the work, or 1 if its result could not be written."""
    code = _run_command(command)
    error = output_error()
    if error is not None:  # for example, the disk is full and the output goes to a file
        print(f"Error: the output: {error.strerror or error}", file=sys.stderr)
    return code or (0 if error is None else 1)


def _run_command(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except KeyboardInterrupt as error:  # before a command starts, or after it ends
        return exit_code_of(error)
    except OSError as error:
        from nntrain.system.control_characters import escape_controls

        name = escape_controls(str(error.filename or "the system"))
        print(f"Error: {name}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    main()
