"""JAX with optax, dense networks: a whole epoch in one compiled scan over data on the device."""

from __future__ import annotations

import time

import common
import jax
import jax.numpy as jnp
import numpy as np
import optax

args = common.arguments()
data = common.mnist(args.data)
x_train, x_test = (jnp.asarray(data[name].reshape(-1, 784), jnp.float32) / 255 for name in ("x_train", "x_test"))
y_train, y_test = (jnp.asarray(data[name], jnp.int32) for name in ("y_train", "y_test"))
cut = int(len(x_train) * 0.8)
steps = cut // args.batch
sizes = [784, 128, 128, 10]
keys = jax.random.split(jax.random.key(args.seed), len(sizes))
glorot = jax.nn.initializers.glorot_uniform()
weights = [
    (glorot(key, (before, after)), jnp.zeros(after))
    for key, before, after in zip(keys, sizes[:-1], sizes[1:], strict=False)
]
optimizer = optax.adam(1e-3)


def forward(weights, x):
    """Return the logits."""
    for kernel, bias in weights[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = weights[-1]
    return x @ kernel + bias


def loss_of(weights, x, y):
    """Return the mean cross-entropy."""
    return optax.softmax_cross_entropy_with_integer_labels(forward(weights, x), y).mean()


@jax.jit
def epoch(weights, state, key):
    """Learn from every batch of one epoch, and score the validation images."""
    order = jax.random.permutation(key, cut)[: steps * args.batch].reshape(steps, args.batch)

    def step(carry, chosen):
        weights, state = carry
        loss, gradients = jax.value_and_grad(loss_of)(weights, x_train[chosen], y_train[chosen])
        updates, state = optimizer.update(gradients, state, weights)
        return (optax.apply_updates(weights, updates), state), loss

    (weights, state), losses = jax.lax.scan(step, (weights, state), order)
    right = (forward(weights, x_train[cut:]).argmax(1) == y_train[cut:]).mean()
    return weights, state, losses.mean(), right


if args.network != "mlp":
    raise SystemExit("only mlp is written for JAX")
state, seconds, start = optimizer.init(weights), [], time.perf_counter()
for number in range(args.epochs):
    begun = time.perf_counter()
    weights, state, loss, right = epoch(weights, state, jax.random.key(1000 * args.seed + number))
    float(loss), float(right)
    seconds.append(time.perf_counter() - begun)
fit = time.perf_counter() - start
accuracy = float((forward(weights, x_test).argmax(1) == y_test).mean())
np.savez(args.folder / "model.npz", *[np.asarray(value) for pair in weights for value in pair])
common.report(seconds, fit, accuracy)
