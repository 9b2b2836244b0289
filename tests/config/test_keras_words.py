"""What configs and scripts of Keras write, old ones included, and what they are told: one row each."""

from __future__ import annotations

import pytest

from nntrain.config.keras_words import keras_advice, keras_layer_advice

REST = "model: [dense: {units: 10, activation: softmax}]\noptimizer: adam\nloss: categorical_crossentropy\n"

KEYS = [
    ("lr: 0.1", "learning_rate belongs under optimizer, as in `optimizer: {adam: {learning_rate: 0.1}}`"),
    ("nb_epoch: 3", "epochs belongs under fit, as in `fit: {epochs: 3}`"),
    ("fit: {nb_epoch: 3}", "did you mean 'epochs'?"),
    ("decay: 1e-6", "use lr_schedule, for example `lr_schedule: {exponential_decay: {rate: 0.95}}`"),
    ("checkpoint: {filepath: x}", "`early_stopping: {patience: 5, restore_best_weights: true}` keeps the best epoch's network"),
    ("ModelCheckpoint: {filepath: x}", "`early_stopping: {patience: 5, restore_best_weights: true}` keeps the best epoch's network"),
    ("TensorBoard: {log_dir: x}", "every run has its curves in history.csv and training.png; leave it out"),
    ("csv_logger: x", "every run has its curves in history.csv and training.png; leave it out"),
    ("EarlyStopping: {patience: 3}", "did you mean 'early_stopping'?"),
    ("ReduceLROnPlateau: {patience: 3}", "reduce_lr_on_plateau belongs under lr_schedule, as in `lr_schedule: {reduce_lr_on_plateau: ...}`"),
    ("LearningRateScheduler: x", "use lr_schedule, for example `lr_schedule: {step_decay: {factor: 0.5, every: 5}}`"),
    ("callbacks: [ModelCheckpoint]", "use the keys early_stopping, and lr_schedule with reduce_lr_on_plateau"),
    ("compile: {loss: mse}", "write what it contains at the top level: optimizer, loss, metrics"),
    ("input_shape: [28, 28, 1]", "the input is added for you; leave it out"),
    ("num_classes: 10", "the number of classes is that of the data; leave it out"),
    ("fit: {validation_data: test}", "use fit.validation_split"),
    ("fit: {steps_per_epoch: 100}", "an epoch always uses all images once; leave it out"),
    ("fit: {workers: 4}", "loading images needs no workers; leave it out"),
    ("fit: {class_weight: balanced}", "all classes have the same weight; leave it out"),
    ("early_stopping: {monitor: val_acc, patience: 3}", "'val_acc' is not computed; did you mean 'val_accuracy'?"),
    ("early_stopping: {monitor: acc, patience: 3}", "'acc' is not computed; did you mean 'accuracy'?"),
    ("early_stopping: {patience: 3, verbose: 1}", "use --quiet on the command line"),
    ("metrics: [acc]", "did you mean 'accuracy'?"),
    ("lr_schedule: {ReduceLROnPlateau: {patience: 3}}", "did you mean 'reduce_lr_on_plateau'?"),
    ("augmentation: {rotation_range: 10}", "use `augmentation: {rotation: ...}`, in degrees as well"),
    ("ImageDataGenerator: {rotation_range: 10}", "use augmentation, for example `augmentation: {rotation: 10, translation: 2}`"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), KEYS, ids=[line for line, _ in KEYS])
def test_a_key_of_keras_is_told_what_it_is_here(problems, line, message):
    (problem,) = problems(f"{line}\n{REST}")
    assert problem.endswith(message)


LAYERS = [
    ("'Conv2D(32, (3, 3), activation=\"relu\", input_shape=(28, 28, 1))'", "write `conv2d: {filters: 32, kernel_size: [3, 3], activation: relu}`"),
    ("Conv2D: {filters: 8, kernel_size: 3}", "did you mean 'conv2d'?"),
    ("Convolution2D: {filters: 8, kernel_size: 3}", "did you mean 'conv2d'?"),
    ("conv2d: {filters: 8, kernel_size: 3, border_mode: same}", "did you mean 'padding'?"),
    ("conv2d: {filters: 8, kernel_size: 3, subsample: 2}", "did you mean 'strides'?"),
    ("conv2d: {filters: 8, kernel_size: 3, data_format: channels_last}", "images have their channel last; leave it out"),
    ("max_pooling2d: [2, 2]", "arguments must be named, as in max_pooling2d: {pool_size: [2, 2]}"),
    ("MaxPooling2D((2, 2))", "write `max_pooling2d: {pool_size: [2, 2]}`"),
    ("max_pooling2d: {pool_size: (2, 2)}", "a tuple is written as a list: [2, 2]"),
    ("Flatten()", "write `flatten`"),
    ("Dropout(0.5)", "write `dropout: {rate: 0.5}`"),
    ("dropout: {p: 0.5}", "did you mean 'rate'?"),
    ("BatchNormalization()", "write `batch_normalization`"),
    ("Dense(128, activation=tf.nn.relu, use_bias=False)", "write `dense: {units: 128, activation: relu, use_bias: false}`"),
    ("layers.Dense(128, name='x')", "write `dense: {units: 128}`"),
    ("tf.keras.layers.Dense: 128", "did you mean 'dense'?"),
    ("Dense(128", "write `dense: {units: ...}`"),
    ("Dense(1j, activation=f(x))", "write `dense: {units: ..., activation: ...}`"),
    ("Dense(b'x')", "write `dense: {units: ...}`"),
    ("dense: {units: 8, init: he_normal}", "did you mean 'kernel_initializer'?"),
    ("dense: {units: 8, W_regularizer: l2}", "did you mean 'kernel_regularizer'?"),
    ("dense: {units: 8, kernel_regularizer: regularizers.l2(0.01)}", "write `l2: {l2: 0.01}`"),
    ("dense: {units: 8, kernel_regularizer: l2(-0.01)}", "write `l2: {l2: -0.01}`"),
    ("dense: {units: 8, trainable: false}", "all layers are trained; leave it out"),
    ("Input: {shape: [28, 28]}", "the input, its shape and scaling are added for you: leave it out"),
    ("RandomRotation: 0.1", "use `augmentation: {rotation: ...}`, in degrees: 0.1 of a turn is 36"),
    ("LSTM: 32", "recurrent layers are not supported"),
    ("Lambda: x", "a config holds no code; activations and layers are chosen by their names"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "message"), LAYERS, ids=[layer for layer, _ in LAYERS])
def test_a_layer_of_keras_is_told_how_it_is_written_here(problems, with_layers, layer, message):
    problem = problems(with_layers(layer, "flatten"))[0]
    assert problem.endswith(message)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ("Adam(lr=0.001)", "write `adam: {learning_rate: 0.001}`"),
        ("keras.optimizers.Adam()", "write `adam`"),
        ("{class_name: Adam, config: {learning_rate: 0.1}}", "written as its name with its arguments: adam: {learning_rate: 0.1}"),
        ("{adam: {lr: 0.01}}", "did you mean 'learning_rate'?"),
        ("{sgd: {decay: 1e-6}}", "use lr_schedule, for example `lr_schedule: {exponential_decay: {rate: 0.95}}`"),
    ],
)  # fmt: skip
def test_an_optimizer_of_keras_is_told_how_it_is_written_here(problems, optimizer, message):
    (problem,) = problems(REST.replace("optimizer: adam", f"optimizer: {optimizer}"))
    assert problem.endswith(message)


@pytest.mark.parametrize(
    ("metrics", "monitor", "meant"),
    [
        ("[sparse_categorical_accuracy]", "val_acc", "'val_sparse_categorical_accuracy'"),
        ("[categorical_accuracy, mse]", "accuracy", "'categorical_accuracy'"),
    ],
)
def test_an_accuracy_by_its_old_name_is_the_one_that_is_computed(problems, metrics, monitor, meant):
    text = f"early_stopping: {{monitor: {monitor}, patience: 3}}\nmetrics: {metrics}\n{REST}"
    loss = "sparse_categorical_crossentropy" if "sparse" in metrics else "categorical_crossentropy"
    (problem,) = problems(text.replace("loss: categorical_crossentropy", f"loss: {loss}"))
    assert problem.endswith(f"did you mean {meant}?")


def test_without_an_accuracy_none_is_suggested(problems):
    (problem,) = problems(f"early_stopping: {{monitor: val_acc, patience: 3}}\nmetrics: [mae]\n{REST}")
    assert problem.endswith(
        "'val_acc' is not computed; choose from val_loss, val_mae, loss, mae, or add accuracy to metrics"
    )


def test_a_word_is_known_in_any_spelling():
    assert keras_advice("SaveBestOnly") == keras_advice("save_best_only")
    assert keras_advice("epochs") is None
    assert keras_layer_advice("random_rotation") == keras_layer_advice("RandomRotation")
