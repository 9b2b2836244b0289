"""Every mistake of a config is reported at once: its place, what was found, what is accepted."""

from __future__ import annotations

import pytest

GOOD = """model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: adam
loss: categorical_crossentropy
"""


def with_model(*layers):
    """Return a config with these hidden layers."""
    lines = "".join(f"  - {layer}\n" for layer in layers)
    return f"model:\n{lines}  - dense: {{units: 10, activation: softmax}}\noptimizer: adam\nloss: categorical_crossentropy\n"


@pytest.mark.parametrize(
    ("line", "words"),
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
            "1:17: data.dataset: no data set 'on'; choose from mnist, fashion_mnist, mnist_5k (a path has a suffix or a slash)",
        ),
        (
            "data: {dataset: minst}",
            "1:17: data.dataset: no data set 'minst'; did you mean 'mnist'? (a path has a suffix or a slash)",
        ),
        ("data: mnist", "1:7: data must be a mapping of keys, got 'mnist'; write `data: {dataset: mnist}`"),
        (
            "<<: {seed: 1}",
            "1:1: <<: unknown key; known keys: seed, task, data, model, optimizer, loss, metrics, fit, lr_schedule, early_stopping, augmentation, runtime",
        ),
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
        ("metrics: accuracy", "1:10: metrics must be a list of metrics: [accuracy]"),
        ("metrics: [" + "x," * 51 + "]", "1:10: metrics has 51 metrics; at most 50 are allowed"),
        ("metrics: [acuracy]", "1:11: metrics.0: no metric 'acuracy'; did you mean 'accuracy'?"),
        (
            "early_stopping: {monitor: val_loss}",
            "1:17: early_stopping.patience: missing; add for example `patience: 5`",
        ),
        ("sead: 1", "1:1: sead: unknown key; did you mean 'seed'?"),
        ("fit: {epoch: 3}", "1:7: fit.epoch: unknown key; did you mean 'epochs'?"),
        ("? [a]\n: 1", "1:3: a key must be a word"),
    ],
)
def test_a_wrong_value_or_key_is_one_line_with_its_place(problems, line, words):
    assert f"bad.yaml:{words}" in problems(f"{line}\n{GOOD}")


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("dense: 0", "2:12: model.0.dense.units: must be a whole number of at least 1 and at most 65,536, got 0"),
        ("dense: 8.0", "2:12: model.0.dense.units: must be a whole number of at least 1 and at most 65,536, got 8.0"),
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
        ("flatten:", "2:5: model.0.flatten: no value after the colon; write flatten alone"),
        ("dense: {units: 8, use_bias: yes}", "2:33: model.0.dense.use_bias: must be true or false, got 'yes'; write true"),
        ("dense: {units: 8, activation: {relu: {alpha: 1}}}", "2:43: model.0.dense.activation.relu.alpha: unknown key; it takes no arguments"),
        ("dense: {units: 8, kernel_regularizer: {l1: 0.1, l2: 0.2}}", "2:43: model.0.dense.kernel_regularizer: l1 and l2 are at the same level; write l1_l2: {l1: 0.1, l2: 0.2}"),
        ("flatten: 3", "2:14: model.0.flatten: it takes no arguments; write flatten alone"),
        ("{type: dense, units: 3}", "2:5: model.0: a layer is written as its name with its arguments: dense: {units: 3}"),
        ("{dense: 8, dropout: 0.3}", "2:5: model.0: dense and dropout are at the same level; each layer is an entry of its own, after '- '"),
        ("8", "2:5: model.0: expected the name of a layer, got 8"),
        ("activation: ReLUU", "2:17: model.0.activation.activation: no activation 'ReLUU'; did you mean 'relu'?"),
        ("dense: {units: 8, kernel_initializer: he_norm}", "2:43: model.0.dense.kernel_initializer: no initializer 'he_norm'; did you mean 'he_normal'?"),
        ("conv2d: {filters: 8, kernel_size: [3]}", "2:39: model.0.conv2d.kernel_size: must be a whole number of at least 1 and at most 1,024 or a list of 2 whole numbers of at least 1 and at most 1,024, got a list"),
        ("conv2d: {filters: 8, kernel_size: 3, padding: some}", "2:51: model.0.conv2d.padding: must be valid or same, got 'some'; did you mean 'same'?"),
    ],
)  # fmt: skip
def test_a_wrong_layer_is_one_line_with_its_place(problems, layer, words):
    assert any(line.startswith(f"bad.yaml:{words}") for line in problems(with_model(layer))), problems(
        with_model(layer)
    )


def test_what_has_to_be_there_is_missed(problems):
    assert problems("seed: 1\n") == [
        "bad.yaml:1:1: model: missing; add the layers: `model: [dense: 128, ...]`",
        "bad.yaml:1:1: optimizer: missing; add for example `optimizer: adam`",
        "bad.yaml:1:1: loss: missing; add for example `loss: categorical_crossentropy`",
    ]
