"""All mistakes in a config are reported at once: the place, what was found, what is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config import schema
from nntrain.config.expand import expand
from nntrain.config.validate import InvalidSection, Unavailable, validate
from nntrain.config.yaml_tree import read_tree
from nntrain.data.catalog import DATASETS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seed: x", "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got 'x'"),
        ("seed: true", "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got true"),
        ("seed: 1.5", "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got 1.5"),
        ("fit: {epochs: 0}", "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 0"),
        ("fit: {epochs: yes}", "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 'yes'"),
        (
            "fit: {validation_split: .nan}",
            "1:25: fit.validation_split: must be a number of at least 0 and below 1, got .nan",
        ),
        (
            "fit: {validation_split: .inf}",
            "1:25: fit.validation_split: must be a number of at least 0 and below 1, got .inf",
        ),
        ("fit: {validation_split: 1}", "1:25: fit.validation_split: must be a number of at least 0 and below 1, got 1"),
        (
            "fit: {epochs: 10.0}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 10.0; write 10",
        ),
        (
            "fit: {epochs: '3'}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got '3'; write it without quotes",
        ),
        (
            "fit: {epochs: 1_000}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got '1_000'; write it with digits and a decimal point only",
        ),
        ("fit: {epochs: true}", "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got true"),
        (
            "fit: {epochs: -.inf}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got -.inf",
        ),
        ("fit: {epochs:}", "1:14: fit.epochs: must be a whole number of at least 1 and at most 100,000, got nothing"),
        (
            "seed: 2026-01-01",
            "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got '2026-01-01'",
        ),
        ("augmentation: {zoom: 1e39}", "1:22: 1e39 is outside the range of float32, in which the network computes"),
        (
            "data: {dataset: on}",
            f"1:17: data.dataset: no data set 'on'; choose from {', '.join(DATASETS)} (a path has a suffix or a slash)",
        ),
        (
            "data: {dataset: minst}",
            "1:17: data.dataset: no data set 'minst'; did you mean 'mnist'? (a path has a suffix or a slash)",
        ),
        ("data: mnist", "1:7: data must be a mapping of keys, got 'mnist'; write `data: {dataset: mnist}`"),
        ("fit: {stratify: on}", "1:17: fit.stratify: must be true or false, got 'on'; write true"),
        ("fit: {stratify: no}", "1:17: fit.stratify: must be true or false, got 'no'; write false"),
        ("fit: {stratify: 1}", "1:17: fit.stratify: must be true or false, got 1"),
        ("task: binry", "1:7: task: must be classification, binary or regression, got 'binry'; did you mean 'binary'?"),
        ("task: no", "1:7: task: must be classification, binary or regression, got 'no'"),
        ("runtime: {device: cuda}", "1:19: runtime.device: must be auto, cpu or gpu, got 'cuda'; did you mean 'gpu'?"),
        (
            "runtime: {threads: 0}",
            "1:20: runtime.threads: must be auto or a whole number of at least 1 and at most 1,024, got 0",
        ),
        ("runtime: {jit_compile: 1}", "1:24: runtime.jit_compile: must be auto, true or false, got 1"),
        ("data: {dataset: 5}", "1:17: data.dataset: must be non-empty text, got 5"),
        ("fit: 3", "1:6: fit must be a mapping of keys, got 3; write `fit: {epochs: 3}`"),
        ("metrics: accuracy", "1:10: metrics must be a list of metrics, for example [accuracy]"),
        ("metrics: [" + "x," * 51 + "]", "1:10: metrics has 51 metrics; at most 50 are allowed"),
        ("metrics: [acuracy]", "1:11: metrics.0: no metric 'acuracy'; did you mean 'accuracy'?"),
        (
            "early_stopping: {monitor: val_loss}",
            "1:17: early_stopping.patience: missing; add for example `patience: 5`",
        ),
        (
            "augmentation: {elastic: {alpha: -1, sigma: 1}}",
            "1:33: augmentation.elastic.alpha: must be a number of at least 0 and at most 100, got -1",
        ),
        ("augmentation: 5", "1:15: augmentation must be a mapping of keys, got 5; write `augmentation: {rotation: 5}`"),
        (
            "data: {dataset: ''}",
            "1:17: data.dataset: must be non-empty text, got ''",
        ),
        ("early_stopping: [5]", "1:17: early_stopping must be a mapping of keys, got a list"),
        (
            "early_stopping: {patience: }",
            "1:27: early_stopping.patience: must be a whole number of at least 0 and below 2,147,483,648, got nothing",
        ),
        ("sead: 1", "1:1: sead: unknown key; did you mean 'seed'?"),
        ("fit: {epoch: 3}", "1:7: fit.epoch: unknown key; did you mean 'epochs'?"),
        ("? [a]\n: 1", "1:3: a key must be a name, not a list or a mapping"),
    ],
)
def test_a_wrong_value_or_key_is_one_line_with_its_place(problems, line, message, good):
    assert problems(f"{line}\n{good}") == [f"bad.yaml:{message}"]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("dense: 0", "2:12: model.0.dense.units: must be a whole number of at least 1 and at most 65,536, got 0"),
        ("dense: 8.0", "2:12: model.0.dense.units: must be a whole number of at least 1 and at most 65,536, got 8.0; write 8"),
        ("dense: {activation: relu}", "2:12: model.0.dense.units: missing; add `units: ...`"),
        ("dense: {unitz: 8}", "2:13: model.0.dense.unitz: unknown key; did you mean 'units'?"),
        ("dense: {units: 8, input_shape: 784}", "2:23: model.0.dense.input_shape: not supported: the input is added for you; leave it out"),
        ("dense", "2:5: model.0.dense.units: missing; add `units: ...`"),
        ("Dense: 8", "2:5: model.0.Dense: no such layer; did you mean 'dense'?"),
        ("maxpool2d", "2:5: model.0: no layer 'maxpool2d'; did you mean 'max_pooling2d'?"),
        ("dropout: 1.0", "2:14: model.0.dropout.rate: must be a number of at least 0 and below 1, got 1.0"),
        ("conv2d: 32", "2:13: model.0.conv2d: arguments must be named, as in conv2d: {filters: 32, kernel_size: ...}"),
        ("max_pooling2d: 2", "2:20: model.0.max_pooling2d: arguments must be named, as in max_pooling2d: {pool_size: 2}"),
        ("{dense: 8, activation: relu}", "2:5: model.0: dense and activation are at the same level; arguments go inside: dense: {units: 8, activation: relu}"),
        ("flatten:", "2:5: model.0.flatten: no value after the colon; write only flatten"),
        ("dense: {units: 8, use_bias: yes}", "2:33: model.0.dense.use_bias: must be true or false, got 'yes'; write true"),
        ("dense: {units: 8, activation: {relu: {alpha: 1}}}", "2:43: model.0.dense.activation.relu.alpha: unknown key; it takes no arguments"),
        ("dense: {units: 8, kernel_regularizer: {l1: 0.1, l2: 0.2}}", "2:43: model.0.dense.kernel_regularizer: l1 and l2 are at the same level; write l1_l2: {l1: 0.1, l2: 0.2}"),
        ("flatten: 3", "2:14: model.0.flatten: it takes no arguments; write only flatten"),
        ("{type: dense, units: 3}", "2:5: model.0: a layer is written as its name with its arguments: dense: {units: 3}"),
        ("{dense: 8, dropout: 0.3}", "2:5: model.0: dense and dropout are at the same level; write each layer as a separate entry, after '- '"),
        ("8", "2:5: model.0: expected the name of a layer, got 8"),
        ("activation: ReLUU", "2:17: model.0.activation.activation: no activation 'ReLUU'; did you mean 'relu'?"),
        ("dense: {units: 8, kernel_initializer: he_norm}", "2:43: model.0.dense.kernel_initializer: no initializer 'he_norm'; did you mean 'he_normal'?"),
        ("conv2d: {filters: 8, kernel_size: [3]}", "2:39: model.0.conv2d.kernel_size: must be a whole number of at least 1 and at most 1,024 or a list of 2 whole numbers of at least 1 and at most 1,024, got a list"),
        ("zero_padding2d: {padding: [1, -1]}", "2:31: model.0.zero_padding2d.padding: must be a whole number of at least 0 and at most 1,024, a list of 2 whole numbers of at least 0 and at most 1,024 or a list of 2 lists of 2 whole numbers of at least 0 and at most 1,024, got a list"),
        ("reshape: 784", "2:14: model.0.reshape.target_shape: must be a list of whole numbers of at least -1 and below 2,147,483,648, got 784; write [784]"),
        ("gaussian_noise: 1.5", "2:21: model.0.gaussian_noise.stddev: must be a number of at least 0 and at most 1, got 1.5"),
        ("conv2d: {filters: 8, kernel_size: 3, padding: some}", "2:51: model.0.conv2d.padding: must be valid or same, got 'some'; did you mean 'same'?"),
    ],
)  # fmt: skip
def test_a_wrong_layer_is_one_line_with_its_place(problems, layer, message, with_layers):
    assert problems(with_layers(layer)) == [f"bad.yaml:{message}"]


def test_missing_keys_are_reported(problems):
    assert problems("seed: 1\n") == [
        "bad.yaml:1:1: model: missing; add the layers: `model: [dense: 128, ...]`",
        "bad.yaml:1:1: optimizer: missing; add for example `optimizer: adam`",
        "bad.yaml:1:1: loss: missing; add for example `loss: categorical_crossentropy`",
    ]


def test_a_required_key_without_a_value_is_reported_at_the_key(problems, good):
    text = good.replace("optimizer: adam\nloss: categorical_crossentropy", "optimizer:\n\nloss:")
    assert problems(text) == [
        "bad.yaml:4:1: optimizer: missing; add for example `optimizer: adam`",
        "bad.yaml:6:1: loss: missing; add for example `loss: categorical_crossentropy`",
    ]


def test_an_empty_section_is_its_defaults(read, good):
    assert read("fit:\nruntime:\nlr_schedule:\nearly_stopping:\nmetrics:\n" + good) == read(good)


def test_all_mistakes_of_a_section_and_of_those_inside_it_come_at_once(problems):
    text = (
        "model:\n  - dense: {units: x, use_bias: 1, foo: 2, kernel_regularizer: {l2: {l2: -1}}}\n  - conv2d: {}\n  - 5\n"
        "optimizer: {adam: {beta_1: 2, epsilon: 0}}\nloss: {mse: {a: 1}}\nfoo: 1\n"
    )
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in problems(text)] == [
        "bad.yaml:2:20 model.0.dense.units",
        "bad.yaml:2:33 model.0.dense.use_bias",
        "bad.yaml:2:36 model.0.dense.foo",
        "bad.yaml:2:74 model.0.dense.kernel_regularizer.l2.l2",
        "bad.yaml:3:13 model.1.conv2d.filters",
        "bad.yaml:3:13 model.1.conv2d.kernel_size",
        "bad.yaml:4:5 model.2",
        "bad.yaml:5:28 optimizer.adam.beta_1",
        "bad.yaml:5:40 optimizer.adam.epsilon",
        "bad.yaml:6:14 loss.mse.a",
        "bad.yaml:7:1 foo",
    ]


def test_up_to_50_unknown_keys_are_reported_separately(problems, good):
    lines = [f"kkk{number}: 1\n" for number in range(51)]
    assert len(problems("".join(lines[:50]) + good)) == 50
    assert problems("".join(lines) + good) == [
        "bad.yaml:1:1: 51 unknown keys; known keys: seed, task, data, model, optimizer, loss, metrics, fit, lr_schedule, "
        "early_stopping, augmentation, runtime"
    ]


def test_50_metrics_are_not_too_many(problems, good):
    assert "metrics has 51 metrics" in problems(f"metrics: [{'mse, ' * 51}]\n" + good)[0]
    assert len(problems(f"metrics: [{'mse, ' * 50}]\n" + good)) == 49  # it appears twice, three times, ...


def test_an_unreadable_value_is_reported_once(problems, good):
    text = "seed: !!foo 1\nfit: !!foo 2\ndata: {positive: [!!foo 1]}\nmetrics: [!!foo a]\n!!foo x: !!foo 1\n"
    assert problems(text + good.replace("adam", "{adam: !!foo 3}")) == [
        f"bad.yaml:{place}: the tag tag:yaml.org,2002:foo is not supported; write the plain value"
        for place in ("1:7", "2:6", "3:19", "4:11")
    ] + [
        "bad.yaml:5:1: x: unknown key; known keys: seed, task, data, model, optimizer, loss, metrics, fit, lr_schedule, "
        "early_stopping, augmentation, runtime",
        "bad.yaml:5:10: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
        "bad.yaml:9:19: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
    ]


# --- the valid values of a config with mistakes ---


@pytest.fixture
def validated():
    """Return a function that returns the config of a text, or its valid values."""

    def validated(text):
        root, _ = read_tree(text, "a.yaml", base=Path())
        return validate(expand(root))[0]

    return validated


def test_a_config_without_mistakes_is_a_config(validated, good):
    assert isinstance(validated(good), schema.Config)


def test_valid_values_and_defaults_can_be_read_despite_mistakes(validated, good):
    config = validated("seed: x\nfit: {epochs: 3, batch_size: x}\n" + good)
    assert isinstance(config, InvalidSection)
    assert (config.task, config.optimizer, config.fit.epochs) == ("classification", schema.optimizers.Adam(), 3)
    assert config.fit.validation_split == 0.2
    assert [layer.units for layer in config.model] == [8, 10]


@pytest.mark.parametrize("name", ["seed", "batch_size", "data", "metrics", "augmentation", "nothing", "__len__"])
def test_an_invalid_or_missing_value_is_unavailable(validated, good, name):
    config = validated("seed: x\nfit: {batch_size: x}\ndata: !!foo 1\nmetrics: 5\naugment: {}\n" + good)
    with pytest.raises(Unavailable):
        getattr(config.fit if name == "batch_size" else config, name)


def test_a_component_with_mistakes_still_has_its_name(validated, good):
    config = validated(good.replace("adam", "{adam: {beta_1: 2}}").replace("units: 8", "unit: 8"))
    assert (config.optimizer.key, config.optimizer.beta_2) == ("adam", 0.999)
    assert (config.model[0].key, config.model[0].activation, config.model[1].units) == (
        "dense",
        schema.activations.Relu(),
        10,
    )
    assert validated(good.replace("adam", "{adam: 5}")).optimizer.key == "adam"


def test_a_section_has_no_key(validated, good):
    with pytest.raises(Unavailable):
        _ = validated("fit: {epochs: x}\n" + good).fit.key


def test_an_entry_with_an_unknown_name_is_none(validated, good):
    assert validated(good.replace("dense: {units: 8", "dens: {units: 8")).model[0] is None


def test_valid_values_have_the_types_of_the_section(validated, good):
    config = validated("augmentation: {rotation: 5, zoom: x}\ndata: {positive: [1], dataset: 5}\n" + good)
    assert (config.data.positive, config.augmentation.rotation) == ((1,), 5.0)
    assert isinstance(config.augmentation.rotation, float)
