"""The description of a network in model.keras, rewritten so that older versions of Keras 3 read it."""

from __future__ import annotations

from typing import Any

# Arguments that were added to Keras's classes after 3.0, with the value that versions without them imply. An older
# version refuses a class with an argument that it does not know. The version is the first that writes the argument.
IMPLIED = {
    "rms_scaling": False,  # 3.4: LayerNormalization
    "ragged": False,  # 3.9: InputLayer
    "optional": False,  # 3.13: InputLayer
    "quantization_config": None,  # 3.13: Dense
    "ignore_class": None,  # 3.14: the metric SparseCategoricalCrossentropy
    "renorm": False,  # 3.14: BatchNormalization, as are the next two
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
    "input_axes": None,  # 3.15: the initializers that scale by the number of inputs or outputs, as is the next
    "output_axes": None,
}
# Classes by the names that 3.7 and later write, with their names before; later versions read both.
EARLIER_NAMES = {"Orthogonal": "OrthogonalInitializer"}


def for_older_keras(document: dict[str, Any]) -> dict[str, Any]:
    """Return the content of config.json, from Keras's archive, in the form that the oldest possible version reads.

    Each version that reads both builds the same network from them. An argument with another value than the implied one
    is kept: that network needs the version that added the argument.
    """
    rewritten: dict[str, Any] = _rewrite(document)
    if rewritten.get("compile_config"):
        # Whether XLA compiles depends on the machine that the network is loaded on: left out, it is "auto" there.
        rewritten["compile_config"].pop("jit_compile", None)
    return rewritten


def _rewrite(value: Any) -> Any:
    match value:
        case list():
            return [_rewrite(item) for item in value]
        case {"class_name": "DTypePolicy", "config": {"name": name}}:
            return name  # 3.0 to 3.3 know only the name; later versions read both
        case dict():
            return {key: _rewrite_item(key, item) for key, item in value.items() if not _is_implied(key, item)}
    return value


def _rewrite_item(key: str, value: Any) -> Any:
    return EARLIER_NAMES.get(value, value) if key == "class_name" else _rewrite(value)


def _is_implied(key: str, value: Any) -> bool:
    return key in IMPLIED and IMPLIED[key] == value
