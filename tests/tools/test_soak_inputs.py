"""Whatever a command is given, it answers with a result or with one error of its kind, and soon."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soak.inputs import KINDS, Case, World, attempt, fault, without_tensorflow

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a clock of the processor's time")

# 300 in all; `make soak` tries 20,000.
COUNTS = {"config": 100, "override": 30, "yaml": 20, "picture": 30, "run.json": 30}
USUAL = 10
quietly = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return a folder with small whole things to damage."""
    return World(tmp_path_factory.mktemp("soak") / "world")


@pytest.mark.parametrize("kind", KINDS)
def test_no_damaged_input_gets_more_than_one_error_of_its_kind(world, kind):
    @settings(quietly, max_examples=COUNTS.get(kind, USUAL))
    @given(st.integers(0, 2**32 - 1))
    def tried(seed):
        assert attempt(kind, seed, world) is None

    tried()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner))


@settings(quietly, max_examples=20)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | DOCUMENTS.map(repr).map(str.encode))
def test_no_text_at_all_gets_more_as_a_config(world, tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_bytes(content)
    with without_tensorflow(world):
        assert fault(Case(["check", "my.yaml"], {2})) is None
