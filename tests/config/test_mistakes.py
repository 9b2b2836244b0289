"""Mistakes of users who know Keras scripts, other libraries or only half of the format, and the messages they get."""

from __future__ import annotations

import pytest

from nntrain.config.keras_words import KERAS_WORDS, keras_advice
from nntrain.config.schema import Layer
from nntrain.config.schema.layers import Dense

KEYS = "seed, task, data, model, optimizer, loss, metrics, fit, lr_schedule, early_stopping, augmentation, runtime"
NETWORK = "model: [dense: {units: 10, activation: softmax}]\n"


LAYERS = ", ".join(Layer.members)
DENSE = ", ".join(Dense.model_fields)
TRAINING = "optimizer: adam\nloss: categorical_crossentropy\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("epochs: 10", "1:1: epochs: unknown key; epochs belongs under fit, as in `fit: {epochs: 10}`"),
        ("batch_size: 64", "1:1: batch_size: unknown key; batch_size belongs under fit, as in `fit: {batch_size: 64}`"),
        ("fit.epochs: 10", "1:1: fit.epochs: unknown key; epochs belongs under fit, as in `fit: {epochs: 10}`"),
        ("lr: 0.01", "1:1: lr: unknown key; learning_rate belongs under optimizer, as in `optimizer: {adam: {learning_rate: 0.01}}`"),
        ("momentum: 0.9", "1:1: momentum: unknown key; momentum belongs under optimizer, as in `optimizer: {sgd: {momentum: 0.9}}`"),
        ("dataset: mnist", "1:1: dataset: unknown key; dataset belongs under data, as in `data: {dataset: mnist}`"),
        ("device: gpu", "1:1: device: unknown key; device belongs under runtime, as in `runtime: {device: gpu}`"),
        ("patience: 5", "1:1: patience: unknown key; patience belongs under early_stopping, as in `early_stopping: {patience: 5}`"),
        ("fit: {patience: 5}", "1:7: fit.patience: unknown key; patience belongs under early_stopping, as in `early_stopping: {patience: 5}`"),
        ("step_decay: {every: 5}", "1:1: step_decay: unknown key; step_decay belongs under lr_schedule, as in `lr_schedule: {step_decay: ...}`"),
        ("dropout: 0.3", "1:1: dropout: unknown key; dropout belongs under model, as in `- dropout: 0.3`"),
        ("callbacks: [early_stopping]", "1:1: callbacks: not supported: use the keys early_stopping, and lr_schedule with reduce_lr_on_plateau"),
        ("fit: {verbose: 1}", "1:7: fit.verbose: not supported: use --quiet on the command line"),
        ("metrics: accuracy", "1:10: metrics must be a list of metrics, for example [accuracy]"),
        ("metrics: [acc]", "1:11: metrics.0: no metric 'acc'; did you mean 'accuracy'?"),
        ("early_stopping: 5", "1:17: early_stopping must be a mapping of keys, got 5; write `early_stopping: {patience: 5}`"),
        ("early_stopping: true", "1:17: early_stopping must be a mapping of keys, got true; write `early_stopping: {patience: ...}`"),
        ("lr_schedule: {step_decay: 0.5}", "1:27: lr_schedule.step_decay: arguments must be named, as in step_decay: {factor: 0.5}"),
        ("lr_schedule: {step_decay: {}, exponential_decay: {}}", "1:14: lr_schedule: step_decay and exponential_decay are at the same level; keep one"),
        ("Fit: {epochs: 1}", "1:1: Fit: unknown key; did you mean 'fit'?"),
        ("training: {epochs: 1}", "1:1: training: unknown key; did you mean 'fit'?"),
        ("zzz: 1", f"1:1: zzz: unknown key; known keys: {KEYS}"),
        ("mse: 1", "1:1: mse: unknown key; mse belongs under loss, as in `loss: {mse: 1}`"),
        ("amsgrad: true", "1:1: amsgrad: unknown key; amsgrad belongs under optimizer, as in `optimizer: {adam: {amsgrad: true}}`"),
        ("rho: 'x'", "1:1: rho: unknown key; rho belongs under optimizer, as in `optimizer: {rmsprop: {rho: x}}`"),
        ("runtime: {epochs: [1]}", "1:11: runtime.epochs: unknown key; epochs belongs under fit, as in `fit: {epochs: ...}`"),
        ("augmentation: {elastic: {epochs: 1}}", "1:26: augmentation.elastic.epochs: unknown key; epochs belongs under fit, as in `fit: {epochs: 1}`"),
        ("lr_schedule: {reduce_lr_on_plateau: }", "1:15: lr_schedule.reduce_lr_on_plateau: no value after the colon; it needs patience"),
        ("lr_schedule: {step_decay: {x: 1}}", "1:28: lr_schedule.step_decay.x: unknown key; known keys: factor, every"),
        ("lr_schedule: {name: step_decay, every: 5}", "1:14: lr_schedule: a learning-rate schedule is written as its name with its arguments: step_decay: {every: 5}"),
        ("lr_schedule: {}", "1:14: lr_schedule: expected one learning-rate schedule, got an empty mapping"),
        ("lr_schedule: {a: 1, b: 2}", "1:14: lr_schedule: expected one learning-rate schedule, got a mapping (a, b)"),
        ("metrics: 5", "1:10: metrics must be a list of metrics, for example [accuracy]"),
        ("metrics: mse", "1:10: metrics must be a list of metrics, for example [mse]"),
        ("fit: [1]", "1:6: fit must be a mapping of keys, got a list"),
        ("fit: x", "1:6: fit must be a mapping of keys, got 'x'; write `fit: {epochs: ...}`"),
        ("seed: {a: 1}", "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got a mapping (a)"),
        ("runtime: gpu", "1:10: runtime must be a mapping of keys, got 'gpu'; write `runtime: {device: gpu}`"),
    ],
)  # fmt: skip
def test_a_key_in_the_wrong_place_is_shown_the_right_one(problems, line, message):
    assert problems(f"{line}\n{NETWORK}{TRAINING}") == [f"bad.yaml:{message}"]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("Dense: 128", "model.0.Dense: no such layer; did you mean 'dense'?"),
        ("Dense(128)", "model.0: no layer 'Dense(128)'; write `dense: {units: 128}`"),
        ("dense:128", "model.0: no layer 'dense:128'; put a space after the colon"),
        ("relu", "model.0: no layer 'relu'; an activation is written `activation: relu`"),
        ("leaky_relu", "model.0: no layer 'leaky_relu'; did you mean 'leaky_re_lu'?"),
        ("sigmoid", "model.0: no layer 'sigmoid'; an activation is written `activation: sigmoid`"),
        ("swish", "model.0: no layer 'swish'; an activation is written `activation: silu`"),
        ("Dense()", "model.0: no layer 'Dense()'; write `dense: {units: ...}`"),
        ("'Conv2D(32, 3)'", "model.0: no layer 'Conv2D(32, 3)'; write `conv2d: {filters: 32, kernel_size: 3}`"),
        ("'Foo(3)'", f"model.0: no layer 'Foo(3)'; choose from {LAYERS}"),
        ("foo:3", f"model.0: no layer 'foo:3'; choose from {LAYERS}"),
        ("Rescaling: 255", "model.0.Rescaling: no such layer; the input, its shape and scaling are added for you: leave it out"),
        ("{dense: {units: 3}, use_bias: false}", "model.0: dense and use_bias are at the same level; arguments go inside: dense: {use_bias: false}"),
        ("{flatten: , dropout: 0.3}", "model.0: flatten and dropout are at the same level; write each layer as a separate entry, after '- '"),
        ("{dense: , units: 3}", "model.0: dense and units are at the same level; arguments go inside: dense: {units: 3}"),
        ("{class_name: Dense, units: 3}", "model.0: a layer is written as its name with its arguments: dense: {units: 3}"),
        ("{kind: Dense, units: 3}", "model.0: a layer is written as its name with its arguments: dense: {units: 3}"),
        ("{type: Dense, name: x}", "model.0: a layer is written as its name with its arguments: x: {type: Dense}"),
        ("{units: 3, dense: 8}", "model.0: expected one layer, got a mapping (units, dense)"),
        ("{}", "model.0: expected one layer, got an empty mapping"),
        ("batch_norm", "model.0: no layer 'batch_norm'; did you mean 'batch_normalization'?"),
        ("input: [28, 28]", "model.0.input: no such layer; the input, its shape and scaling are added for you: leave it out"),
    ],
)  # fmt: skip
def test_a_layer_in_another_librarys_format_is_shown_in_ours(problems, layer, message):
    text = f"model:\n  - {layer}\n  - dense: {{units: 10, activation: softmax}}\n{TRAINING}"
    assert problems(text) == [f"bad.yaml:2:5: {message}"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("input_shape: [784]", "model.0.dense.input_shape: not supported: the input is added for you; leave it out"),
        ("dropout: 0.3", "model.0.dense.dropout: unknown key; dropout is a separate layer: write `- dropout: 0.3` on the next line"),
        ("batch_normalization: ", "model.0.dense.batch_normalization: unknown key; batch_normalization is a separate layer: write `- batch_normalization` on the next line"),
        ("name: x", "model.0.dense.name: not supported: names are set for you; leave it out"),
        ("input_dim: 3", "model.0.dense.input_dim: not supported: the input is added for you; leave it out"),
        ("epochs: 3", f"model.0.dense.epochs: unknown key; known keys: {DENSE}"),
        ("neurons: 3", "model.0.dense.neurons: unknown key; did you mean 'units'?"),
        ("dtype: float16", "model.0.dense.dtype: not supported: use runtime.dtype_policy"),
    ],
)  # fmt: skip
def test_an_unknown_argument_of_a_layer_is_explained(problems, argument, message):
    text = f"model:\n  - dense: {{units: 3, {argument}}}\n  - dense: {{units: 10, activation: softmax}}\n{TRAINING}"
    assert problems(text) == [f"bad.yaml:2:23: {message}"]


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ("Adam(0.01)", "2:12: optimizer: no optimizer 'Adam(0.01)'; write `adam: {learning_rate: 0.01}`"),
        ("{adam: 0.01}", "2:19: optimizer.adam: arguments must be named, as in adam: {learning_rate: 0.01}"),
        ("{adam: {lr: 0.01}}", "2:20: optimizer.adam.lr: unknown key; did you mean 'learning_rate'?"),
        ("{name: adam, learning_rate: 0.1}", "2:12: optimizer: an optimizer is written as its name with its arguments: adam: {learning_rate: 0.1}"),
        ("[adam]", "2:12: optimizer: expected the name of an optimizer, got a list"),
        ("\n  adam:\n  learning_rate: 0.01", "3:3: optimizer: adam and learning_rate are at the same level; arguments go inside: adam: {learning_rate: 0.01}"),
    ],
)  # fmt: skip
def test_an_optimizer_in_the_format_of_a_script_is_shown_in_ours(problems, optimizer, message):
    assert problems(f"{NETWORK}optimizer: {optimizer}\nloss: categorical_crossentropy\n") == [f"bad.yaml:{message}"]


@pytest.mark.parametrize(
    ("loss", "suggestion"),
    [
        ("cross_entropy", "categorical_crossentropy"),
        ("mean_squared_error", "mse"),
        ("MSE", "mse"),
        ("sparse_crossentropy", "sparse_categorical_crossentropy"),
    ],
)
def test_a_loss_by_another_name_is_recognised(problems, loss, suggestion):
    assert problems(f"{NETWORK}optimizer: adam\nloss: {loss}\n") == [
        f"bad.yaml:3:7: loss: no loss '{loss}'; did you mean '{suggestion}'?"
    ]


@pytest.mark.parametrize("key", ["layers", "network", "modle"])
def test_layers_under_a_misspelt_key_are_not_reported_as_missing(problems, key):
    assert problems(f"{key}:\n  - dense: 3\n{TRAINING}") == [f"bad.yaml:1:1: {key}: unknown key; did you mean 'model'?"]


def test_an_argument_at_the_level_of_its_layer_is_moved_inside(problems):
    text = f"model:\n  - dense: 128\n    activation: relu\n  - dense: {{units: 10, activation: softmax}}\n{TRAINING}"
    assert problems(text) == [
        "bad.yaml:2:5: model.0: dense and activation are at the same level; arguments go inside: "
        "dense: {units: 128, activation: relu}"
    ]


def test_logits_are_refused_with_the_reason(problems, good):
    text = good.replace("categorical_crossentropy", "{categorical_crossentropy: {from_logits: true}}")
    assert problems(text) == [
        "bad.yaml:5:35: loss.categorical_crossentropy.from_logits: not supported: the last layer always gives probabilities; "
        "leave it out"
    ]


@pytest.mark.parametrize(
    ("text", "boolean"),
    [
        ("on", "true"),
        ("yes", "true"),
        ("y", "true"),
        ("Yes", "true"),
        ("off", "false"),
        ("no", "false"),
        ("n", "false"),
    ],
)
def test_a_boolean_of_yaml_1_1_is_shown_as_true_or_false(problems, good, text, boolean):
    assert problems(f"fit: {{stratify: {text}}}\n{good}") == [
        f"bad.yaml:1:17: fit.stratify: must be true or false, got '{text}'; write {boolean}"
    ]
    assert problems(f"fit: {{stratify: x}}\n{good}") == ["bad.yaml:1:17: fit.stratify: must be true or false, got 'x'"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("'12'", "; write it without quotes"),
        ("'-1.'", "; write it without quotes"),
        ("'+1.5'", "; write it without quotes"),
        ("1_000", "; write it with digits and a decimal point only"),
        ("'1,5'", "; write it with digits and a decimal point only"),
        ("10%", "; write it with digits and a decimal point only"),
        ("1.2.3", "; write it with digits and a decimal point only"),
        ("ten", ""),
        ("10a", ""),
    ],
)
def test_a_number_in_another_format_is_explained(problems, good, text, hint):
    (problem,) = problems(f"fit: {{validation_split: {text}}}\n{good}")
    assert problem == (
        "bad.yaml:1:25: fit.validation_split: must be a number of at least 0 and below 1, got "
        f"'{text.strip(chr(39))}'{hint}"
    )


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("fit: {epochs: 10.5}", "got 10.5"),
        ("fit: {validation_split: 2.0}", "got 2.0"),
        ("runtime: {threads: 2.0}", "got 2.0; write 2"),
        ("runtime: {threads: 'aut'}", "got 'aut'; did you mean 'auto'?"),
        ("runtime: {jit_compile: on}", "got 'on'"),
        ("data: {positive: x}", "got 'x'; write [x]"),
        ("data: {positive: '3'}", "got '3'; write [3]"),
    ],
)
def test_a_value_is_suggested_if_one_is_close(problems, good, line, hint):
    assert problems(f"{line}\n{good}")[0].rpartition(", ")[2] == hint


def test_an_argument_of_several_optimizers_is_shown_with_the_one_that_is_chosen(problems):
    for optimizer in ("adagrad", "{adagrad: {}}"):
        (problem,) = problems(f"{NETWORK}epsilon: 1\noptimizer: {optimizer}\nloss: categorical_crossentropy\n")
        assert problem.endswith("epsilon belongs under optimizer, as in `optimizer: {adagrad: {epsilon: 1}}`")


def test_an_activation_layer_without_its_arguments_name_is_explained(problems):
    text = f"model:\n  - activation: {{relu: }}\n  - dense: {{units: 10, activation: softmax}}\n{TRAINING}"
    assert (
        problems(text)
        == [
            "bad.yaml:2:18: model.0.activation.relu: unknown key; name the argument too: activation: relu",
            "bad.yaml:2:17: model.0.activation.activation: missing; add an activation",
        ][::-1]
    )


@pytest.mark.parametrize("key", KERAS_WORDS)
def test_a_word_of_keras_without_a_counterpart_is_reported_with_advice(problems, good, key):
    assert problems(f"{key}: 1\n{good}") == [f"bad.yaml:1:1: {key}: not supported: {keras_advice(key)}"]


@pytest.mark.parametrize("layer", ["input", "Inputs", "input_layer", "rescaling", "Normalization"])
def test_layers_that_nntrain_adds_are_to_be_left_out(problems, layer):
    text = f"model:\n  - {layer}\n  - dense: {{units: 10, activation: softmax}}\n{TRAINING}"
    assert problems(text) == [
        f"bad.yaml:2:5: model.0: no layer '{layer}'; the input, its shape and scaling are added for you: leave it out"
    ]


def test_layers_must_be_a_list(problems):
    assert problems(f"model: dense\n{TRAINING}") == [
        "bad.yaml:1:8: model must be a list of layers, one per line, each after '- '"
    ]
