"""The tree of errors and their exit codes."""

from __future__ import annotations

import re

from nntrain import errors
from nntrain.errors import ConfigError, NntrainError
from nntrain.results import Problem

EXIT_CODES = {
    "NntrainError": 1,
    "ImageError": 1,
    "LockedError": 1,
    "UsageError": 2,
    "ConfigError": 2,
    "DataError": 3,
    "DatasetNotFoundError": 3,
    "RunError": 3,
    "NewerSchemaError": 3,
    "DeviceError": 4,
    "DivergedError": 5,
    "RequirementError": 6,
    "NotReproducedError": 7,
}


def error_classes():
    return {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}


def test_each_kind_of_error_has_its_exit_code():
    assert {name: kind.exit_code for name, kind in error_classes().items()} == EXIT_CODES


def test_all_errors_have_one_base_class():
    assert all(issubclass(kind, NntrainError) for kind in error_classes().values())


def test_the_tree_in_the_documentation_lists_them_all():
    rows = re.findall(r"(\w+Error) +(\d) ", errors.__doc__)
    assert {name: int(code) for name, code in rows} == EXIT_CODES


def test_a_config_error_shows_each_problem_on_a_line():
    error = ConfigError([Problem("a.yaml:1:2", "unknown key"), Problem("argument fit.epochs=x", "not a number")])
    assert str(error) == "a.yaml:1:2: unknown key\nargument fit.epochs=x: not a number"
    assert error.problems == (Problem("a.yaml:1:2", "unknown key"), Problem("argument fit.epochs=x", "not a number"))
