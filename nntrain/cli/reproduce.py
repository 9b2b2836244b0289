"""`nntrain reproduce`: does a run come out the same again?"""

from __future__ import annotations

from nntrain.cli.options import Json, Quiet, RunArgument, RunsDir


def reproduce(run: RunArgument = None, runs_dir: RunsDir = None, quiet: Quiet = False, json: Json = False) -> None:
    """Train a run again from its own folder, elsewhere, and compare epoch by epoch; the run is not touched.

    Exit code 0: identical, or, on another machine, within the tolerance that is stated. 7: another result.

    Example: nntrain reproduce mlp-1
    """
    from nntrain.jobs.reproduce import reproduce_run

    reproduce_run(run, runs_dir=runs_dir, quiet=quiet, json=json)
