"""Mutation testing: make a single small change to the source and see whether a test fails.

    python tools/mutants.py [--seed N] [--count N] [--modules PATH ...]

A mutant is a module with such a change: `<` becomes `<=`, `+` becomes `-`, a number changes, or a `not`, a call or an
argument is removed (see mutation/mutations.py). Mutants are drawn at random from the modules that do not need
TensorFlow, or from the files and folders of `--modules`. The same seed draws the same mutants from the same source.

First, all fast tests run once, and their calls are traced. Then the tests that call the changed function run on each
mutant until a test fails; if the change is outside functions, those that use the module or one that imports it. For
nntrain/a/b.py, tests/a/test_b.py runs first (or, if there is no such file, the test files that import the module), then
other tests in its folder, then all others. Tests marked `tensorflow` run only for modules that need TensorFlow, and
only those in the files that run first.

The report is printed and written to .mutants/report.txt. A mutant is

- killed if a test failed or crashed, or if the tests took much longer than before;
- a survivor if all these tests passed, or no test calls the function. Then a test is missing, the code does nothing, or
  the change has no effect (`<` to `<=` between floats). The report shows the change of each survivor for review.

The mutation score is the fraction of mutants killed, with its 95 % confidence interval: about +- 4 points for 300
mutants.

Only copies in a temporary folder are changed. The tests run in forks of a process that has imported pytest, NumPy and
other libraries, but not the package, so most mutants take one to three seconds. Forks need Linux or macOS.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import math
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from mutation.mutations import Mutant, draw
from mutation.project import Project, Test, copy_project
from mutation.runner import Outcome, claim_copy, trace_tests, try_mutant

PRELOADED = ("numpy", "PIL.Image", "pydantic", "rich.console", "typer.testing", "yaml")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=300, help="number of mutants (300)")
    parser.add_argument("--modules", nargs="+", help="files or folders (all modules that need no TensorFlow)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants tried at a time (one per core)")
    parser.add_argument("--root", type=Path, default=Path(__file__).parent.parent, help="folder of the project")
    parser.add_argument("--package", default="nntrain")
    options = parser.parse_args()
    project = Project(options.root.resolve(), options.package)
    modules = project.modules_in(options.modules) if options.modules else project.modules_without_tensorflow()
    if not modules:
        parser.error(f"no modules in {' '.join(options.modules or [options.package])}")
    report = run(project, modules, options.count, options.seed, options.jobs)
    print(report)
    path = project.root / ".mutants" / "report.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(report + "\n", encoding="utf-8")


def run(project: Project, modules: list[str], count: int, seed: int, jobs: int) -> str:
    """Draw mutants and try them; returns the report."""
    mutants, positions = draw(project.root, modules, count, seed)
    notes = [f"seed {seed}: {len(mutants)} of {positions:,} positions in {len(modules)} modules"]
    outcomes: list[tuple[Mutant, Outcome]] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, _workers(project, Path(folder), jobs) as workers:
        tests, failing = _trace(project, modules, workers)
        notes += [f"not used, fails on the unchanged source: {test}" for test in failing]
        print(*notes, f"tests traced: {len(tests)}", sep="\n", file=sys.stderr)
        names = [test.name for test in tests]
        futures = {
            workers.submit(try_mutant, mutant, project.stages(mutant, tests), names, _is_fast(project, mutant)): mutant
            for mutant in mutants
        }
        try:
            for number, future in enumerate(as_completed(futures), 1):
                mutant, outcome = futures[future], future.result()
                outcomes.append((mutant, outcome))
                verdict = f"killed by {outcome.killed_by}" if outcome.killed_by else "SURVIVED"
                place = f"{mutant.path}:{mutant.line}"
                print(f"{number}/{len(mutants)} {place} {verdict}, {outcome.seconds:.1f} s", file=sys.stderr)
        except KeyboardInterrupt:
            notes.append(f"interrupted after {len(outcomes)} mutants")
            workers.shutdown(cancel_futures=True)
    return _report(outcomes, notes)


def _is_fast(project: Project, mutant: Mutant) -> bool:
    return not project.needs_tensorflow(mutant.path)


def _workers(project: Project, folder: Path, jobs: int) -> ProcessPoolExecutor:
    """Return workers with a copy of the project each, forked after the libraries that tests use are imported."""
    sys.dont_write_bytecode = False  # with compiled files, a process that a test starts is much faster
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if data := os.environ.get("NNTRAIN_DATA_DIR"):
        os.environ["NNTRAIN_DATA_DIR"] = os.path.abspath(data)
    for module in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    context = multiprocessing.get_context("fork")
    copies: SimpleQueue[Path] = context.SimpleQueue()
    for number in range(jobs):
        copy = folder.resolve() / f"copy{number}"
        copy_project(project.root, copy)
        copies.put(copy)
    return ProcessPoolExecutor(jobs, context, claim_copy, (copies,))


def _trace(project: Project, modules: list[str], workers: ProcessPoolExecutor) -> tuple[list[Test], list[str]]:
    """Run all tests that mutants may need; returns those that pass, and the names of those that fail."""
    slow = {file for module in modules if project.needs_tensorflow(module) for file in project.first_files(module)}
    traced = list(workers.map(trace_tests, project.test_files, [file not in slow for file in project.test_files]))
    return [test for tests, _ in traced for test in tests], [name for _, failing in traced for name in failing]


def _report(outcomes: list[tuple[Mutant, Outcome]], notes: list[str]) -> str:
    """Return the text of the report: each survivor with its change, the counts by folder, and the mutation score."""
    survivors = [(mutant, outcome) for mutant, outcome in outcomes if outcome.killed_by is None]
    lines = [*notes, ""]
    for mutant, outcome in sorted(survivors, key=lambda pair: (pair[0].path, pair[0].line)):
        tests = f"tests passed: {outcome.tests}" if outcome.tests else "no test calls it"
        lines += [f"{mutant.path}:{mutant.line} ({mutant.operator}): {tests}", mutant.diff, ""]
    counts = Counter(mutant.path.rpartition("/")[0] for mutant, _ in outcomes)
    survived = Counter(mutant.path.rpartition("/")[0] for mutant, _ in survivors)
    lines += [f"{folder}: {count - survived[folder]} of {count} killed" for folder, count in sorted(counts.items())]
    count = max(1, len(outcomes))
    score = 1 - len(survivors) / count
    margin = 1.96 * math.sqrt(score * (1 - score) / count)
    seconds = sum(outcome.seconds for _, outcome in outcomes) / count
    untested = sum(outcome.tests == 0 for _, outcome in survivors)
    lines += [
        f"{len(outcomes) - len(survivors)} of {len(outcomes)} killed; no test calls {untested} of the survivors",
        f"mutation score {score:.1%} +- {margin:.1%}; {seconds:.1f} s per mutant",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
