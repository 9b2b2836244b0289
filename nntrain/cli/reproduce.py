"""`nntrain reproduce`: train a run again and compare the results."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nntrain.cli.options import Json, Quiet, RunArgument, RunData, RunsDir
from nntrain.errors import NotReproducedError

if TYPE_CHECKING:
    from nntrain.jobs.comparison import Reproduction


def reproduce_command(
    run: RunArgument = None,
    data: RunData = None,
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a run again in a temporary folder and compare the two, epoch by epoch. The run is not changed.

    The exit code is 0 if all metrics and weights are identical. On another machine or with other versions, metrics may
    differ by up to 0.02. Otherwise the exit code is 7.

    Example: nntrain reproduce mlp-1
    """
    from nntrain.cli.listener import terminal_listener
    from nntrain.jobs.reproduce import reproduce
    from nntrain.report import console
    from nntrain.report.progress import TrainingProgress

    with TrainingProgress(quiet=quiet) as progress:
        reproduction = reproduce(
            run, data=data, runs_dir=runs_dir, listener=terminal_listener(progress), handle_signals=True
        )
    if json:
        console.print_json(_document(reproduction))
    sentence = verdict(reproduction)
    if not (reproduction.identical or reproduction.within_tolerance):
        raise NotReproducedError(sentence)
    if not json:
        console.print_result(sentence)


def _document(reproduction: Reproduction) -> dict[str, object]:
    first = reproduction.first_difference
    return {
        "schema": 1,
        "run": str(reproduction.run.path),
        "epochs": reproduction.compared,
        "identical": reproduction.identical,
        "weights_identical": reproduction.weights_identical,
        "first_difference": first
        and {
            "epoch": first.epoch,
            "what": first.name,
            "was": first.before,
            "is": first.after if math.isfinite(first.after) else None,
        },
        "reasons": list(reproduction.reasons),
    }


def verdict(reproduction: Reproduction) -> str:
    """Return the outcome as a sentence."""
    path, epochs = reproduction.run.path, reproduction.epochs
    compared = f"all {epochs:,} epochs" if epochs != 1 else "the only epoch"
    if reproduction.identical:
        weights = (
            "(the weights of the last epoch were not saved)"
            if reproduction.weights_identical is None
            else "and weights"
        )
        return f"{path}: identical in {compared} {weights}"
    cause = ", ".join(reproduction.reasons) or "data, config, versions and machine are the same"
    if reproduction.within_tolerance:
        return f"{path}: within {reproduction.largest:.2g} of the run in {compared}; {cause}"
    first = reproduction.first_difference
    if first is not None:
        difference = f"epoch {first.epoch} has {first.name} {first.after:.9g}, was {first.before:.9g}"
    elif reproduction.compared == epochs:
        difference = "the weights differ"
    else:
        difference = f"the repetition stopped after epoch {reproduction.compared}"
    return f"{path}: not reproduced: {difference}; {cause}"
