"""The project that is mutated: its modules and tests, their imports, and which tests run on a mutant."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from .mutations import Mutant


@dataclass(frozen=True)
class Test:
    """A test that passes on the unchanged source, and the functions that it calls, each as `file:first line`."""

    name: str
    seconds: float
    calls: frozenset[str]

    @property
    def file(self) -> str:
        return self.name.partition("::")[0]


class Project:
    """A source tree. Paths are relative to its root, with forward slashes."""

    def __init__(self, root: Path, package: str) -> None:
        self.root = root
        self.modules = self._python_files(package, "*.py")
        self.test_files = self._python_files("tests", "test_*.py")
        self._imports = {path: _imports(root / path) for path in self.modules + self.test_files}

    def _python_files(self, folder: str, pattern: str) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in sorted((self.root / folder).rglob(pattern))]

    def needs_tensorflow(self, module: str) -> bool:
        """Return whether a module, or another one in the same top-level folder of the package, imports TensorFlow."""
        folder = "/".join(module.split("/")[:2])
        return any({"tensorflow", "keras"} & self._imports[path] for path in self.modules_in([folder]))

    def modules_without_tensorflow(self) -> list[str]:
        """Return the modules that tests without TensorFlow can test."""
        return [module for module in self.modules if not self.needs_tensorflow(module)]

    def modules_in(self, paths: Iterable[str]) -> list[str]:
        """Return the modules with these paths or in folders with these paths."""
        prefixes = tuple(f"{path.rstrip('/')}/" for path in paths)
        return [module for module in self.modules if f"{module}/".startswith(prefixes)]

    def importers(self, module: str) -> set[str]:
        """Return the files that import a module, directly or from an `__init__.py` that imports it."""
        dotted = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        files = {path for path, imports in self._imports.items() if dotted in imports and path != module}
        return files.union(*(self.importers(path) for path in files if path.endswith("/__init__.py")))

    def first_files(self, module: str) -> list[str]:
        """Return the test file that mirrors a module or, if there is none, those that import it."""
        path = Path("tests", *Path(module).parts[1:])
        names = [path.parent / f"test_{path.stem.strip('_')}.py"]
        if path.stem == "__init__":
            names += [folder / f"test_{path.parent.name}.py" for folder in (path.parent, path.parent.parent)]
        mirrors = [name.as_posix() for name in names if name.as_posix() in self.test_files]
        return mirrors or sorted(self.importers(module).intersection(self.test_files))

    def stages(self, mutant: Mutant, tests: Collection[Test]) -> list[list[Test]]:
        """Return the tests that may notice a mutant, as groups in the order in which they run."""
        first_files = self.first_files(mutant.path)
        callers = self._callers(mutant, tests)
        first = [test for test in callers if test.file in first_files]
        stages = [first]
        if self.needs_tensorflow(mutant.path):
            # TensorFlow compiles copies of functions, whose calls are not traced.
            stages.append([test for test in tests if test.file in first_files and test not in first])
        folder = f"{Path('tests', *Path(mutant.path).parts[1:-1]).as_posix()}/"
        others = [test for test in callers if test.file not in first_files]
        stages.append(sorted(others, key=lambda test: (not test.file.startswith(folder), test.file)))
        return [stage for stage in stages if stage]

    def _callers(self, mutant: Mutant, tests: Collection[Test]) -> list[Test]:
        """Return the tests that call the changed function or, outside functions, that use the module."""
        if mutant.function is not None:
            return [test for test in tests if f"{mutant.path}:{mutant.function}" in test.calls]
        users = {mutant.path, *self.first_files(mutant.path), *self.importers(mutant.path)}
        return [
            test
            for test in tests
            if test.file in users or not users.isdisjoint(call.rpartition(":")[0] for call in test.calls)
        ]


def _imports(path: Path) -> set[str]:
    """Return what a file imports, also inside functions: top-level packages, modules, and names from modules."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update([node.module, *(f"{node.module}.{name.name}" for name in node.names)])
    return names | {name.partition(".")[0] for name in names}


def copy_project(root: Path, target: Path) -> None:
    """Copy the tracer, and the files that git does not ignore; without git, all files that are not hidden."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if listing.returncode == 0:
        paths = {Path(name) for name in listing.stdout.split("\0") if name}
    else:
        paths = {path.relative_to(root) for path in root.rglob("*")}
    for path in sorted(paths):
        hidden = listing.returncode != 0 and any(part.startswith((".", "__pycache__")) for part in path.parts)
        if (root / path).is_file() and not hidden:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / path, target / path)
    shutil.copy2(Path(__file__).with_name("call_tracer.py"), target / "sitecustomize.py")
