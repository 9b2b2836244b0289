"""The program: `nntrain`, or `python -m nntrain`."""

from __future__ import annotations

from nntrain.streams import own_stderr, own_stdout


def main() -> None:
    """Run the command line."""
    own_stderr()
    own_stdout()
    from nntrain.cli.app import app

    app()


if __name__ == "__main__":
    main()
