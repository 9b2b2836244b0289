"""The errors that nntrain raises, and the exit code of a command that ends with one.

    NntrainError             1  the work failed
    ├── ImageError           1  a picture cannot be read
    ├── LockedError          1  another process is using the folder
    ├── UsageError           2  the command is wrong: an unknown run, config or data set name
    ├── ConfigError          2  the config or an override is wrong; has all problems found
    ├── DataError            3  a data set is missing or damaged
    │   └── DatasetNotFoundError  3  it is not on disk
    ├── RunError             3  a run folder is damaged, or lacks a file
    │   └── NewerSchemaError 3  a newer version of nntrain wrote a file of the run
    ├── DeviceError          4  the device asked for is not available
    ├── DivergedError        5  the loss became NaN or infinite
    ├── RequirementError     6  a --require was missed
    └── NotReproducedError   7  a run was trained again with another result

A command that a signal ends exits with 128 + the signal's number, 130 for Ctrl-C (`nntrain.system.signals`).

Messages are sentences for the user: what was found, and what to do about it. They are shown without a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from nntrain.results import Problem


class NntrainError(Exception):
    """A failure that the user can do something about. `lines` are its sentence and, below it, further remedies."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str = "", *more_lines: str) -> None:
        self.lines = (message, *more_lines)
        super().__init__("\n  ".join(self.lines))


class ImageError(NntrainError):
    """A picture cannot be read, or there is no writing on it."""


class LockedError(NntrainError):
    """Another process held a lock until the timeout was over."""


class UsageError(NntrainError):
    """The command names something that does not exist, or combines options that exclude each other."""

    exit_code = 2


class ConfigError(NntrainError):
    """A config or an override is wrong. `problems` are all that were found, in the order of the file."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DataError(NntrainError):
    """A data set is missing, damaged, or does not fit the config."""

    exit_code = 3


class DatasetNotFoundError(DataError):
    """A data set is not on disk. `lines` are the ways to get it, to which a command adds those that it has."""


class RunError(NntrainError):
    """A run folder is damaged, or lacks a file that is needed."""

    exit_code = 3


class NewerSchemaError(RunError):
    """A newer version of nntrain wrote a file of the run, which must therefore not be changed."""


class DeviceError(NntrainError):
    """The device asked for is not available, or cannot do what the config asks of it."""

    exit_code = 4


class DivergedError(NntrainError):
    """The loss became NaN or infinite."""

    exit_code = 5


class RequirementError(NntrainError):
    """A metric missed the bound that `--require` sets."""

    exit_code = 6


class NotReproducedError(NntrainError):
    """A run was trained again with another result."""

    exit_code = 7
