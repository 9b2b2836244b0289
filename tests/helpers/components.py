"""A valid member of each family, for tests that try all members."""

from __future__ import annotations

from typing import Any

from nntrain.config import schema

# A value for each argument that a member requires.
REQUIRED: dict[str, Any] = {
    "activation": schema.activations.Relu(),
    "filters": 4,
    "kernel_size": (2, 2),
    "pool_size": (2, 2),
    "rate": 0.3,
    "stddev": 0.1,
    "target_shape": (7, -1, 4),
    "units": 3,
}


def example(member: type[schema.Component], **arguments: Any) -> Any:
    """Return a member with these arguments and with those that it requires."""
    required = schema.required_fields(member)
    missing = [f"tests/helpers/components.py: REQUIRED lacks {name}" for name in required if name not in REQUIRED]
    assert not missing, missing
    return member(**{name: REQUIRED[name] for name in required}, **arguments)
