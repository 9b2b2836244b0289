"""The faster optimizers step as Keras's own do, and no argument of any optimizer is ignored."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from nntrain.config import schema

pytestmark = pytest.mark.tensorflow

CASES = [
    ("Adam", {}),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "clipnorm": 0.5}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"gradient_accumulation_steps": 3}),
    ("AdamW", {"weight_decay": 0.1}),
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
]


def after_20_steps(module, *, jit_compile):
    """Return the weights and the state of each case's optimizer; all step in one function, which is compiled once."""
    import keras
    import tensorflow as tf

    optimizers = [getattr(module, name)(0.1, **arguments) for name, arguments in CASES]
    weights = [keras.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)) for _ in CASES]
    for optimizer, variable in zip(optimizers, weights, strict=True):
        optimizer.build([variable])

    @tf.function(jit_compile=jit_compile)
    def step():
        for optimizer, variable in zip(optimizers, weights, strict=True):
            value = tf.convert_to_tensor(variable)
            optimizer.apply([tf.sin(3 * value) + value], [variable])

    for _ in range(20):
        step()
    return [
        [keras.ops.convert_to_numpy(array) for array in (variable, *optimizer.variables)]
        for optimizer, variable in zip(optimizers, weights, strict=True)
    ]


@pytest.fixture(scope="module", params=[False, True], ids=["graph", "xla"])
def states(request):
    """Return the states of our optimizers and of Keras's own after 20 steps."""
    import keras

    from nntrain.engine import optimizers

    return [after_20_steps(module, jit_compile=request.param) for module in (optimizers, keras.optimizers)]


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{name} {arguments}" for name, arguments in CASES])
def test_an_optimizers_steps_are_keras_own(states, case):
    ours, keras_own = states
    for array, expected in zip(ours[case], keras_own[case], strict=True):
        # The operation computes 1 - beta_2 in float32: 0.00100005 where Keras has 0.001.
        np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5)


# A value of each argument that steps differently from its default.
TELLING_VALUES = {
    "learning_rate": 0.5,
    "weight_decay": 0.3,
    "clipnorm": 0.01,
    "clipvalue": 0.01,
    "global_clipnorm": 0.01,
    "use_ema": True,
    "ema_momentum": 0.5,
    "ema_overwrite_frequency": 2,
    "loss_scale_factor": 1e6,
    "gradient_accumulation_steps": 2,
    "momentum": 0.8,
    "nesterov": True,
    "beta_1": 0.5,
    "beta_2": 0.5,
    "epsilon": 0.1,
    "amsgrad": True,
    "rho": 0.5,
    "centered": True,
    "initial_accumulator_value": 1.0,
}
# What an argument needs to have an effect.
NEEDED = {
    "nesterov": (("momentum", 0.8),),
    "amsgrad": (("beta_2", 0.5),),
    "ema_momentum": (("use_ema", True),),
    "ema_overwrite_frequency": (("use_ema", True), ("learning_rate", 0.5)),  # some default rates hardly move
}


@functools.cache
def weights_after_steps(optimizer, arguments):
    """Return two weights after five steps; no optimizer is told that their gradients are scaled.

    A large gradient is followed by small ones, some of the other sign, so that momentum and clipping make a difference.
    """
    import keras

    from nntrain.engine.build import build_optimizer

    weights = keras.Variable([1.0, -2.0])
    built = build_optimizer(schema.Optimizer.members[optimizer](**dict(arguments)))
    for scale in (1, -0.05, -0.3, 0.5, -0.02):
        built.apply([np.array([2.0, -1.0], np.float32) * scale], [weights])
    built.finalize_variable_values([weights])
    return weights.numpy()


# Lion steps by a sign, which is the same for all gradients times a number.
WITHOUT_EFFECT = {("lion", "loss_scale_factor")}


@pytest.mark.parametrize(
    ("optimizer", "argument"),
    [
        (name, argument)
        for name, optimizer in schema.Optimizer.members.items()
        for argument in optimizer.model_fields
        if (name, argument) not in WITHOUT_EFFECT
    ],
)
def test_every_argument_of_every_optimizer_changes_its_steps(optimizer, argument):
    assert argument in TELLING_VALUES, f"tests/engine/test_optimizers.py: TELLING_VALUES lacks {argument}"
    needed = NEEDED.get(argument, ())
    default = weights_after_steps(optimizer, needed)
    changed = weights_after_steps(optimizer, (*needed, (argument, TELLING_VALUES[argument])))
    assert not np.array_equal(changed, default)


def two_steps(optimizer, weights):
    """Take two steps with different gradients."""
    for gradient in ([2.0, -1.0], [-0.5, 3.0]):
        optimizer.apply([np.array(gradient, np.float32)], [weights])


@pytest.mark.parametrize("name", schema.Optimizer.members)
def test_every_optimizer_continues_from_the_variables_that_a_checkpoint_holds(name):
    import keras

    from nntrain.engine.build import build_optimizer
    from nntrain.engine.callbacks.checkpoint import _optimizer_variables

    optimizer, continued = (build_optimizer(schema.Optimizer.members[name]()) for _ in range(2))
    weights = keras.Variable([1.0, -2.0])
    two_steps(optimizer, weights)
    weights_again = keras.Variable(weights.numpy())
    continued.build([weights_again])
    for variable, other in zip(_optimizer_variables(continued), _optimizer_variables(optimizer), strict=True):
        variable.assign(other)
    two_steps(optimizer, weights)
    two_steps(continued, weights_again)
    assert np.array_equal(weights, weights_again)
