"""Python values as a tree: a config given as a dict, or the value of an override."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nntrain.config.wording import dotted
from nntrain.config.yaml_tree import MAX_DEPTH, MAX_NODES, Node, Place, fits_float32
from nntrain.results import Problem

MAX_BITS = 1024  # of an integer


def read_values(value: object, source: str, *, base: Path) -> tuple[Node, list[Problem]]:
    """Return a value made of dicts, lists, tuples and scalars as a tree, and the problems found.

    Scalars of NumPy are read as Python's, paths as text. `source` is what messages call the value; relative paths in it
    start from `base`.
    """
    reader = _Reader(Place(source, base=base))
    return reader.read(value, 0), reader.problems


class _Reader:
    """Converts values and collects the problems; everything has the same place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.problems: list[Problem] = []
        self.count = 0
        self.path: list[str | int] = []  # the keys that lead to the value that is read

    def read(self, value: object, depth: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            return self.unreadable(f"nested more than {MAX_DEPTH} levels deep, or more than {MAX_NODES:,} values")
        if isinstance(value, Mapping):
            return Node(self.children(value, depth), self.place)
        if isinstance(value, (list, tuple)):
            return Node([self.child(index, entry, depth) for index, entry in enumerate(value)], self.place)
        return self.scalar(value)

    def child(self, key: str | int, value: object, depth: int) -> Node:
        self.path.append(key)
        node = self.read(value, depth + 1)
        self.path.pop()
        return node

    def children(self, mapping: Mapping[object, object], depth: int) -> dict[str, Node]:
        nodes = {}
        for key, value in mapping.items():
            if isinstance(key, str):
                nodes[key] = replace(self.child(key, value, depth), key_place=self.place)
            else:
                self.report(f"a key must be a string, got {key!r:.40}")
        return nodes

    def scalar(self, value: object) -> Node:
        if isinstance(value, Path):
            value = str(value)
        if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # of NumPy
            value = value.item()
        if value is None or isinstance(value, (str, bool)):
            return Node(value, self.place)
        if isinstance(value, (int, float)):
            return self.number(value)
        return self.unreadable(f"a config cannot hold {type(value).__name__}; use strings, numbers, lists and dicts")

    def number(self, value: float) -> Node:
        if isinstance(value, int) and value.bit_length() > MAX_BITS:  # Python may refuse to write it
            return self.unreadable("a whole number this large is outside the range of float32")
        if fits_float32(repr(value), value) or value != value or abs(value) == float("inf"):
            return Node(value, self.place)  # validation reports values that are not finite
        return self.unreadable(f"{value!r:.40} is outside the range of float32, in which the network computes")

    def unreadable(self, message: str) -> Node:
        self.report(message)
        return Node(None, self.place, unreadable=True)

    def report(self, message: str) -> None:
        too_large = len(self.path) > MAX_DEPTH or self.count > MAX_NODES  # that is about the whole, not about a value
        where = f"{dotted(tuple(self.path))}: " if self.path and not too_large else ""
        self.problems.append(Problem(str(self.place), where + message))
