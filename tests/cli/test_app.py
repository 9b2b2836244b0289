"""The command line as a whole: help, start, errors and their exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from nntrain import errors
from nntrain.cli.app import ErrorBoundary, app


def command_names(group=app, path=()):
    """Yield every command and group of the program as its words."""
    yield list(path)
    for command in group.registered_commands:
        yield [*path, command.name]
    for added in group.registered_groups:
        yield from command_names(added.typer_instance, (*path, added.name))


COMMANDS = list(command_names())


def test_the_program_has_its_commands():
    assert ["train"] in COMMANDS
    assert ["configs", "schema"] in COMMANDS
    assert len(COMMANDS) == 15


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_shows_a_worked_example(in_process, command):
    done = in_process(*command, "--help")
    assert done.exit_code == 0
    assert "Example" in done.output
    assert " ".join(["nntrain", *command]) in done.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_help_names_types_of_python(in_process, command):
    assert re.findall(r"<(?:bool|str|list|path)\b", in_process(*command, "-h").output) == []


HEAVY = ("tensorflow", "keras", "matplotlib", "PIL", "pooch", "ai_edge_litert", "pandas")


def modules_loaded(folder, command, names):
    """Run a command in a new interpreter; returns which of these modules it has imported."""
    code = f"""
import atexit, sys
sys.argv = ["nntrain", *{command!r}]
atexit.register(lambda: print([name for name in {names!r} if name in sys.modules]))
from nntrain.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "command", [["--help"], ["train", "--help"], ["check", "mlp"], ["configs"], ["runs"], ["--version"]], ids=" ".join
)
def test_a_command_imports_only_what_it_needs(tmp_path, command):
    assert modules_loaded(tmp_path, command, HEAVY) == "[]"


def test_a_prediction_needs_no_pydantic(tmp_path):
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    command = ["predict", "blank.png", "--run", "pretrained", "--runs-dir", "runs"]
    assert modules_loaded(tmp_path, command, ("pydantic", "numpy")) == "['numpy']"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("command", [["--help"], ["check", "mlp"], ["configs", "--json"]], ids=" ".join)
def test_a_result_that_cannot_be_written_is_one_error(tmp_path, command):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nntrain", *command], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.stderr == "Error: the output: No space left on device\n"
    assert done.returncode == 1


def test_nntrain_alone_shows_a_tour_of_four_lines(in_process, monkeypatch):
    monkeypatch.setattr("nntrain.report.console.command", lambda: "nntrain")
    done = in_process()
    assert done.exit_code == 0
    assert [line.split()[-1] for line in done.output.splitlines()] == ["minute", "from", "picture", "commands"]
    assert max(map(len, done.output.splitlines())) <= 80


def test_the_version_is_printed(in_process):
    done = in_process("--version")
    assert (done.exit_code, done.output) == (0, "nntrain 0.1.0\n")


def test_no_color_wins_over_force_color(in_process, monkeypatch):
    import os

    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in in_process("configs").output
    assert "\x1b[" not in in_process("--no-color", "configs").output
    assert (os.environ["NO_COLOR"], os.environ.get("FORCE_COLOR")) == ("1", None)


@pytest.mark.parametrize("before", [True, False])
def test_no_color_works_before_and_after_the_command(in_process, monkeypatch, before):
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    command = ["configs", "show", "mlp"]
    done = in_process("--no-color", *command) if before else in_process(*command, "--no-color")
    assert (done.exit_code, "\x1b[" in done.output) == (0, False)


def test_what_follows_two_dashes_is_no_option(in_process):
    assert in_process("check", "mlp", "--", "--no-color").exit_code == 2


def test_quiet_works_before_and_after_the_command(in_process):
    command = ["evaluate", "pretrained", "--data", "mnist_5k", "--no-plots"]
    after = in_process(*command, "--quiet")
    for option in ("--quiet", "-q"):
        before = in_process(option, *command)
        assert (before.exit_code, before.stdout, before.stderr) == (0, after.stdout, after.stderr)
    assert len(in_process(*command).stdout) > len(after.stdout)


def test_quiet_is_refused_for_a_command_that_has_none(in_process):
    done = in_process("--quiet", "configs")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "configs` has no --quiet" in done.stderr


@pytest.mark.parametrize("module", ["keras", "yaml", "typer", "random", "numpy"])
def test_a_users_own_module_in_the_current_folder_is_not_imported(tmp_path, module):
    (tmp_path / f"{module}.py").write_text("raise SystemExit(77)")
    command = [sys.executable, "-m", "nntrain", "check", "mlp"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def error_classes(parent=errors.NntrainError):
    """Return an error class and all below it."""
    return [parent, *(found for child in parent.__subclasses__() for found in error_classes(child))]


ERRORS = [error for error in error_classes() if error.__module__ == "nntrain.errors"]


def run_raising(error):
    """Run a program whose one command raises an error."""
    program = typer.Typer(cls=ErrorBoundary)

    @program.callback(invoke_without_command=True)
    def fail() -> None:
        raise error

    return CliRunner().invoke(program)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_becomes_a_message_and_its_exit_code(kind):
    problem = errors.ConfigError.__init__ is kind.__init__
    error = kind([]) if problem else kind("what was found; what to do")
    done = run_raising(error)
    assert done.exit_code == kind.exit_code
    assert done.stdout == ""
    assert done.stderr == ("0 problem; nothing was run\n" if problem else "Error: what was found; what to do\n")


def test_the_exit_codes_are_those_that_are_promised():
    codes = {kind.__name__: kind.exit_code for kind in ERRORS}
    assert (
        codes.items()
        >= {
            "NntrainError": 1,
            "ImageError": 1,
            "UsageError": 2,
            "ConfigError": 2,
            "DataError": 3,
            "RunError": 3,
            "DeviceError": 4,
            "DivergedError": 5,
            "RequirementError": 6,
            "NotReproducedError": 7,
        }.items()
    )


def test_ctrl_c_in_a_command_exits_with_130():
    done = run_raising(KeyboardInterrupt())
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_a_lack_of_memory_is_one_error_unless_it_is_debugged(monkeypatch):
    done = run_raising(MemoryError())
    message = "Error: not enough memory; close other programs, or raise the limit (ulimit -v)\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", message)
    monkeypatch.setenv("NNTRAIN_DEBUG", "1")
    assert isinstance(run_raising(MemoryError()).exception, MemoryError)


def test_a_bug_keeps_its_traceback():
    assert isinstance(run_raising(ZeroDivisionError("x")).exception, ZeroDivisionError)


needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell with pipes")


def run_in_bash(folder, script):
    """Run a script in which `nntrain` is this program; with `pipefail`, as in CI."""
    command = f'set -o pipefail; nntrain() {{ {sys.executable} -m nntrain "$@"; }}; {script}'
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)


@needs_bash
@pytest.mark.parametrize("command", ["configs schema", "--help", "configs", "check mlp", "configs --json"])
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path, command):
    done = run_in_bash(tmp_path, f"nntrain {command} | head -1 | wc -l")
    assert (done.returncode, done.stdout.strip()) == (0, "1")
    assert "Error" not in done.stderr


@needs_bash
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_without_a_stream_the_exit_code_is_that_of_the_work(tmp_path, closed):
    assert run_in_bash(tmp_path, f"nntrain check mlp {closed}").returncode == 0
    assert run_in_bash(tmp_path, f"nntrain check mpl {closed}").returncode == 2


@needs_bash
def test_a_missed_requirement_is_reported_to_a_script_that_reads_one_line(tmp_path):
    done = run_in_bash(tmp_path, "nntrain evaluate pretrained --data mnist_5k --require 'accuracy>=1.0' | head -1")
    assert done.returncode == 6


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["train"], "Missing argument"),
        (["train", "epochs=3"], "no config given; name a shipped config (`"),
        (["train", "mpl"], "Did you mean `mlp`?"),
        (["train", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["train", "mlp", "cnn"], "give one config, not 2: mlp and cnn"),
        (["train", "mlp", "--nmae", "x"], "No such option"),
        (["train", "mlp", "--name", "a/b"], "a run cannot be named 'a/b': use up to 100 letters"),
        (["train", "mlp", "fit.epochs=x"], "argument fit.epochs=x: fit.epochs: must be a whole number of at least 1"),
        (["train", "mlp", "data.dataset=minst"], "no data set 'minst'; did you mean 'mnist'?"),
        (["train", "mlp", "--require", "accuracy"], "--require 'accuracy': write NAME>=VALUE or NAME<=VALUE in quotes"),
        (["train", "mlp", "--require", "f1>=0.5"], "the test score has no f1; it has loss, accuracy"),
        (["resume"], "no unfinished run in runs"),
        (["resume", "--require", "x"], "--require 'x': write NAME>=VALUE"),
        (["reproduce"], "no complete run in runs yet; train one first: `"),
        (["evaluate", "mlp-7"], "no run 'mlp-7' in runs"),
        (["evaluate", "--require", "x"], "--require 'x': write NAME>=VALUE"),
        (["predict"], "give either pictures (`"),
        (["predict", "a.png", "--test", "3"], "give either pictures (`"),
        (["configs", "show", "nope"], "'nope'"),
        (["data", "fetch", "cifar10"], "no data set 'cifar10' to download"),
        (["nonsense"], "No such command"),
    ],
    ids=" ".join,
)
def test_a_mistake_in_the_command_exits_with_2_and_tells_what_is_meant(in_process, command, message):
    done = in_process(*command)
    assert message in " ".join(done.stderr.split())
    assert (done.exit_code, done.stdout) == (2, "")


def test_text_of_the_user_is_not_read_as_markup(in_process):
    assert "[red]x[/x].yaml: no such file" in in_process("train", "[red]x[/x].yaml").stderr


@pytest.mark.parametrize(
    "command", [["--x\u202ey"], ["data", "show", "mnist_5k", "x\u202ey"]], ids=["option", "argument"]
)
def test_control_characters_of_a_wrong_argument_are_shown_as_escapes(in_process, command):
    output = in_process(*command).output
    assert r"x\u202ey" in output
    assert "\u202e" not in output
