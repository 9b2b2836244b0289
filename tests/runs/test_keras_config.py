"""The description of a network in model.keras, as older versions of Keras read it."""

from __future__ import annotations

import json

import pytest

from nntrain.runs.keras_config import for_older_keras

DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {
        "name": "dense",
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float32"},
            "registered_name": None,
        },
        "units": 10,
        "kernel_initializer": {
            "module": "keras.initializers",
            "class_name": "GlorotUniform",
            "config": {"seed": None, "input_axes": None, "output_axes": None},
        },
        "kernel_regularizer": None,
        "quantization_config": None,
    },
    "build_config": {"input_shape": [None, 784]},
}


def network(*layers, **others):
    """Return the description of a network."""
    return {"class_name": "Sequential", "config": {"name": "nntrain", "layers": list(layers)}, **others}


def argument(name, value):
    """Return what is kept of a layer with one argument."""
    return for_older_keras(network({"class_name": "Layer", "config": {name: value}}))["config"]["layers"][0]["config"]


def test_a_dense_layer_is_written_as_keras_3_0_writes_it():
    assert for_older_keras(network(DENSE)) == network(
        {
            "module": "keras.layers",
            "class_name": "Dense",
            "config": {
                "name": "dense",
                "dtype": "float32",
                "units": 10,
                "kernel_initializer": {
                    "module": "keras.initializers",
                    "class_name": "GlorotUniform",
                    "config": {"seed": None},
                },
                "kernel_regularizer": None,
            },
            "build_config": {"input_shape": [None, 784]},
        }
    )


@pytest.mark.parametrize(
    ("name", "implied", "other"),
    [
        ("quantization_config", None, {"mode": "int8"}),
        ("input_axes", None, [0]),
        ("output_axes", None, [1]),
        ("rms_scaling", False, True),
        ("ragged", False, True),
        ("optional", False, True),
        ("ignore_class", None, 3),
        ("renorm", False, True),
        ("renorm_clipping", None, {"rmax": 3}),
        ("renorm_momentum", 0.99, 0.9),
    ],
)
def test_an_argument_that_older_versions_do_not_know_is_kept_only_with_another_value_than_they_imply(
    name, implied, other
):
    assert argument(name, implied) == {}
    assert argument(name, other) == {name: other}


@pytest.mark.parametrize(("name", "value"), [("kernel_regularizer", None), ("use_bias", False), ("momentum", 0.99)])
def test_an_argument_that_every_version_knows_is_kept(name, value):
    assert argument(name, value) == {name: value}


def test_a_precision_policy_is_written_as_its_name():
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}}
    assert argument("dtype", policy) == {"dtype": "mixed_bfloat16"}


def test_another_kind_of_policy_is_kept():
    policy = {"module": "keras", "class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}}
    assert argument("dtype", policy) == {"dtype": policy}


def test_a_class_that_was_renamed_is_written_with_its_earlier_name():
    initializer = {"class_name": "Orthogonal", "config": {"gain": 1.0}}
    assert argument("kernel_initializer", initializer)["kernel_initializer"]["class_name"] == "OrthogonalInitializer"


def test_a_layer_may_have_the_name_of_a_renamed_class():
    assert argument("name", "Orthogonal") == {"name": "Orthogonal"}


@pytest.mark.parametrize("jit_compile", [True, False, "auto"])
def test_whether_xla_compiles_is_left_to_the_machine_that_loads_the_network(jit_compile):
    compiled = network(compile_config={"optimizer": {"class_name": "Adam"}, "jit_compile": jit_compile})
    assert for_older_keras(compiled) == network(compile_config={"optimizer": {"class_name": "Adam"}})


def test_a_network_that_is_not_compiled_stays_so():
    assert for_older_keras(network(compile_config=None)) == network(compile_config=None)


def test_the_document_that_was_passed_is_not_changed():
    document = network(DENSE, compile_config={"jit_compile": True})
    before = json.dumps(document)
    for_older_keras(document)
    assert json.dumps(document) == before
