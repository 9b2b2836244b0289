"""What can go wrong, as a tree; each branch carries the exit code of its kind.

    NntrainError             1  the work failed
    ├── UsageError           2  the command is wrong: an unknown run, config or data set name
    ├── ConfigError          2  the config or an override is wrong; holds every problem found
    ├── DataError            3  a data set is missing or damaged
    ├── RunError             3  a run folder is missing something or damaged
    ├── ImageError           1  a picture could not be read
    ├── DeviceError          4  the device asked for is not there
    ├── DivergedError        5  the loss stopped being a number
    ├── RequirementError     6  a --require was missed
    └── NotReproducedError   7  a run came out differently

Messages are sentences for the user: what was found, and what to do about it. They never end in a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from nntrain.results import Problem


class NntrainError(Exception):
    """A failure that the user can do something about."""

    exit_code: ClassVar[int] = 1


class UsageError(NntrainError):
    """The command names something that does not exist or does not fit."""

    exit_code = 2


class ConfigError(NntrainError):
    """A config, or an override of one, is wrong. `problems` holds all that was found, in order of place."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DataError(NntrainError):
    """A data set is missing, damaged or unfit."""

    exit_code = 3


class RunError(NntrainError):
    """A run folder is damaged or lacks what is asked of it."""

    exit_code = 3


class ImageError(NntrainError):
    """A picture could not be read, or shows nothing to read."""


class DeviceError(NntrainError):
    """The device asked for is not there or cannot do what is asked."""

    exit_code = 4


class DivergedError(NntrainError):
    """The loss became infinite or stopped being a number."""

    exit_code = 5


class RequirementError(NntrainError):
    """A figure that was required was not reached."""

    exit_code = 6


class NotReproducedError(NntrainError):
    """A run that was trained again came out differently."""

    exit_code = 7
