"""Sections, components and the types of their numbers."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from nntrain.config import schema
from nntrain.config.schema import FieldKind, accepts, field_kinds, value_schemas


def test_one_number_stands_for_height_and_width(read, with_layers):
    layer = read(with_layers("conv2d: {filters: 2, kernel_size: 3, strides: [1, 2]}", "flatten")).model[0]
    assert (layer.kernel_size, layer.strides) == ((3, 3), (1, 2))


@pytest.mark.parametrize(
    ("section", "name", "least", "greatest"),
    [
        (schema.layers.Dense, "units", 1, 65_536),
        (schema.layers.Conv2D, "filters", 1, 65_536),
        (schema.layers.Conv2D, "kernel_size", 1, 1024),
        (schema.layers.Conv2D, "groups", 1, 2**31 - 1),
        (schema.Config, "seed", 0, 2**32 - 1),
        (schema.Fit, "epochs", 1, 100_000),
        (schema.Fit, "batch_size", 1, 1_000_000),
        (schema.Runtime, "threads", 1, 1024),
        (schema.optimizers.Adam, "ema_overwrite_frequency", 1, 2**31 - 1),
        (schema.optimizers.Adam, "gradient_accumulation_steps", 2, 2**31 - 1),
        (schema.lr_schedules.StepDecay, "every", 1, 2**31 - 1),
        (schema.lr_schedules.CosineAnnealing, "warmup_epochs", 0, 2**31 - 1),
        (schema.lr_schedules.CosineAnnealing, "restarts", 0, 2**31 - 1),
        (schema.lr_schedules.ReduceLROnPlateau, "patience", 1, 2**31 - 1),
        (schema.lr_schedules.ReduceLROnPlateau, "cooldown", 0, 2**31 - 1),
        (schema.EarlyStopping, "patience", 0, 2**31 - 1),
        (schema.EarlyStopping, "start_from_epoch", 0, 2**31 - 1),
        (schema.metrics.TopKCategoricalAccuracy, "k", 1, 2**31 - 1),
    ],
)
def test_a_whole_number_has_its_range(section, name, least, greatest):
    assert [accepts(section, name, value) for value in (least - 1, least, greatest, greatest + 1)] == [
        False,
        True,
        True,
        False,
    ]
    assert not accepts(section, name, True)
    assert not accepts(section, name, float(least))


@pytest.mark.parametrize(
    ("section", "name", "right", "wrong"),
    [
        (schema.layers.Dropout, "rate", (0, 0.99), (-0.01, 1)),
        (schema.layers.GaussianNoise, "stddev", (0, 1), (-0.01, 1.01)),
        (schema.optimizers.Lion, "beta_1", (0.01, 0.99), (0, 1)),
        (schema.Fit, "validation_split", (0.0, 0.99), (-0.01, 1.0)),
        (schema.optimizers.Adam, "learning_rate", (1e-9, 5), (0, -1)),
        (schema.optimizers.Adam, "weight_decay", (0, 5, None), (-0.1,)),
        (schema.optimizers.AdamW, "weight_decay", (0, 5), (-0.1, None)),
        (schema.optimizers.Adam, "ema_momentum", (0, 1), (-0.1, 1.1)),
        (schema.losses.BinaryCrossentropy, "label_smoothing", (0, 1), (-0.1, 1.1)),
        (schema.losses.CategoricalCrossentropy, "label_smoothing", (0, 1), (-0.1, 1.1)),
        (schema.lr_schedules.StepDecay, "factor", (0.01, 0.99), (0, 1)),
        (schema.lr_schedules.ExponentialDecay, "rate", (0.01, 0.99), (0, 1)),
        (schema.Elastic, "alpha", (0, 100), (-0.1, 100.1)),
        (schema.Elastic, "sigma", (0.1, 28), (0, 28.1)),
        (schema.Augmentation, "rotation", (0, 180), (-0.1, 180.1)),
        (schema.Augmentation, "translation", (0, 14), (-0.1, 14.1)),
        (schema.Augmentation, "zoom", (0, 0.99), (-0.1, 1)),
        (schema.Augmentation, "shear", (0, 0.99), (-0.1, 1)),
        (schema.Augmentation, "stroke", (0, 5), (-0.1, 5.1)),
        (schema.initializers.RandomNormal, "mean", (-1, 0.5), ("1", None)),
    ],
)
def test_a_number_has_its_range_and_is_finite(section, name, right, wrong):
    assert all(accepts(section, name, value) for value in right)
    assert not any(accepts(section, name, value) for value in (*wrong, float("nan"), float("inf"), "0.5", True))


@pytest.mark.parametrize("value", [0, (1024, 0), ((1, 2), (0, 1024))])
def test_a_padding_is_a_number_two_or_two_pairs(value):
    assert accepts(schema.layers.ZeroPadding2D, "padding", value)


@pytest.mark.parametrize(
    "value", [-1, 1025, 0.5, True, (1,), (1, 2, 3), ((1, 2), 3), ((1, 2), (3, -4)), ((1,), (2,)), "1"]
)
def test_another_padding_is_refused(value):
    assert not accepts(schema.layers.ZeroPadding2D, "padding", value)


@pytest.mark.parametrize("value", [True, (1,), (1, 2, 3), (1, 0), (0, 1), (1025, 1), (1, 1025), "3", 1.0, [1, 2]])
def test_a_pair_is_one_whole_number_or_two(value):
    assert not accepts(schema.layers.Conv2D, "kernel_size", value)
    assert accepts(schema.layers.Conv2D, "kernel_size", (1, 1024))
    assert accepts(schema.layers.Conv2D, "kernel_size", (1024, 1))


def test_a_section_cannot_be_changed_and_has_no_other_keys():
    fit = schema.Fit()
    with pytest.raises(ValidationError, match="frozen"):
        fit.epochs = 3
    with pytest.raises(ValidationError, match="Extra inputs"):
        schema.Fit(epoch=3)


def test_a_component_is_a_member_of_its_family_under_its_key():
    assert (schema.optimizers.Adam.key, schema.optimizers.Adam.family) == ("adam", "optimizer")
    assert schema.Optimizer.members["adam"] is schema.optimizers.Adam
    assert schema.optimizers.Adam.members is schema.Optimizer.members
    assert (schema.Optimizer.key, schema.Layer.key) == ("", "")
    assert "adam" not in schema.Layer.members


@pytest.mark.parametrize(
    ("member", "argument"),
    [
        (schema.layers.Dense, "units"),
        (schema.layers.ActivationLayer, "activation"),
        (schema.layers.Conv2D, None),
        (schema.optimizers.Adam, None),
    ],
)
def test_the_positional_argument_is_the_only_required_one(member, argument):
    assert member.positional_argument() == argument


def test_a_field_is_a_section_a_component_a_list_or_plain():
    kinds = field_kinds(schema.Config)
    assert kinds["seed"] == FieldKind()
    assert kinds["fit"] == FieldKind(section=schema.Fit)
    assert kinds["augmentation"] == FieldKind(section=schema.Augmentation)
    assert kinds["loss"] == FieldKind(family=schema.Loss)
    assert kinds["model"] == FieldKind(family=schema.Layer, many=True, min_length=1, max_length=400)
    assert kinds["metrics"] == FieldKind(family=schema.Metric, many=True, max_length=50)
    assert [name for name, kind in kinds.items() if kind.is_plain] == ["seed", "task"]
    assert field_kinds(schema.Data)["positive"] == FieldKind()


def test_a_plain_field_has_a_json_schema_without_title_default_and_description():
    assert value_schemas(schema.Fit) == {
        "epochs": {"maximum": 100_000, "minimum": 1, "type": "integer"},
        "batch_size": {"maximum": 1_000_000, "minimum": 1, "type": "integer"},
        "validation_split": {"exclusiveMaximum": 1, "minimum": 0, "type": "number"},
        "stratify": {"type": "boolean"},
    }
    assert list(value_schemas(schema.layers.Dense)) == ["use_bias", "units"]
    assert value_schemas(schema.activations.Relu) == {}
