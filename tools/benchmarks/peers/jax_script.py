"""JAX with optax: a whole epoch in one compiled scan over data on the device."""

from __future__ import annotations

import time

import common
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax, nn

args = common.arguments()
data = common.mnist(args.data)
shape = (-1, 28, 28, 1) if args.network == "cnn" else (-1, 784)
x_train, x_test = (jnp.asarray(data[name].reshape(shape), jnp.float32) / 255 for name in ("x_train", "x_test"))
y_train, y_test = (jnp.asarray(data[name], jnp.int32) for name in ("y_train", "y_test"))
cut = int(len(x_train) * 0.8)
steps, remainder = divmod(cut, args.batch)
# Layers by name and size; a size is units, filters, or a rate.
NETWORKS = {
    "mlp": [("dense", 128), ("relu", 0), ("dense", 128), ("relu", 0), ("dense", 10)],
    "mlp_complete": [
        *(("dense", 256), ("norm", 0), ("relu", 0), ("dropout", 0.3)),
        *(("dense", 256), ("norm", 0), ("relu", 0), ("dropout", 0.3), ("dense", 10)),
    ],
    "cnn": [
        *(("conv", 32), ("relu", 0), ("pool", 2), ("conv", 64), ("relu", 0), ("pool", 2)),
        *(("flatten", 0), ("dropout", 0.5), ("dense", 10)),
    ],
}
layers = NETWORKS[args.network]
optimizer = optax.adam(1e-3)


def start(key, x):
    """Return a layer's weights, and a normalization's moving moments, for inputs like `x`."""
    weights, moments = [], []
    for kind, size in layers:
        key, own = jax.random.split(key)
        weights_, moments_ = (), ()
        if kind == "dense":
            weights_ = (nn.initializers.glorot_uniform()(own, (x.shape[-1], size)), jnp.zeros(size))
        elif kind == "conv":
            weights_ = (nn.initializers.glorot_uniform()(own, (3, 3, x.shape[-1], size)), jnp.zeros(size))
        elif kind == "norm":
            weights_ = (jnp.ones(x.shape[-1]), jnp.zeros(x.shape[-1]))
            moments_ = (jnp.zeros(x.shape[-1]), jnp.ones(x.shape[-1]))
        x, _ = layer(kind, size, weights_, moments_, x, None)
        weights.append(weights_)
        moments.append(moments_)
    return weights, moments


def layer(kind, size, weights, moments, x, key):
    """Return a layer's outputs and moments; training passes a random key."""
    if kind == "dense":
        x = x @ weights[0] + weights[1]
    elif kind == "conv":
        x = lax.conv_general_dilated(x, weights[0], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = x + weights[1]
    elif kind == "norm":
        mean, variance = (x.mean(0), x.var(0)) if key is not None else moments
        if key is not None:
            moments = (0.99 * moments[0] + 0.01 * mean, 0.99 * moments[1] + 0.01 * variance)
        x = (x - mean) * lax.rsqrt(variance + 1e-3) * weights[0] + weights[1]
    elif kind == "relu":
        x = nn.relu(x)
    elif kind == "pool":
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, size, size, 1), (1, size, size, 1), "VALID")
    elif kind == "flatten":
        x = x.reshape(len(x), -1)
    elif kind == "dropout" and key is not None:
        x = jnp.where(jax.random.bernoulli(key, 1 - size, x.shape), x / (1 - size), 0)
    return x, moments


def forward(weights, moments, x, key=None):
    """Return the logits and the moments."""
    after = []
    for index, (kind, size) in enumerate(layers):
        layer_key = None if key is None else jax.random.fold_in(key, index)
        x, kept = layer(kind, size, weights[index], moments[index], x, layer_key)
        after.append(kept)
    return x, after


def loss_of(weights, moments, x, y, key):
    """Return the mean cross-entropy, and the moments."""
    logits, moments = forward(weights, moments, x, key)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), moments


def train_step(carry, indices, key):
    """Train on one batch."""
    weights, moments, state = carry
    graded = jax.value_and_grad(loss_of, has_aux=True)
    (loss, moments), gradients = graded(weights, moments, x_train[indices], y_train[indices], key)
    updates, state = optimizer.update(gradients, state, weights)
    return (optax.apply_updates(weights, updates), moments, state), loss


def accuracy_of(weights, moments, x, y):
    """Return the accuracy, computed a thousand images at a time."""
    batches = (x.reshape(-1, 1000, *x.shape[1:]), y.reshape(-1, 1000))
    return lax.map(lambda batch: (forward(weights, moments, batch[0])[0].argmax(1) == batch[1]).mean(), batches).mean()


@jax.jit
def epoch(carry, key):
    """Train on every batch of one epoch, the shorter last one included, and score the validation images."""
    order = jax.random.permutation(key, cut)
    rows = order[: steps * args.batch].reshape(steps, args.batch)
    keys = jax.random.split(key, steps + 1)
    carry, losses = lax.scan(lambda carry, batch: train_step(carry, *batch), carry, (rows, keys[:-1]))
    if remainder:
        carry, _ = train_step(carry, order[steps * args.batch :], keys[-1])
    return carry, losses.mean(), accuracy_of(*carry[:2], x_train[cut:], y_train[cut:])


weights, moments = start(jax.random.key(args.seed), x_train[:1])
carry, seconds, started = (weights, moments, optimizer.init(weights)), [], time.perf_counter()
for number in range(args.epochs):
    start_time = time.perf_counter()
    carry, loss, validation = epoch(carry, jax.random.key(1000 * args.seed + number))
    float(loss), float(validation)
    seconds.append(time.perf_counter() - start_time)
fit = time.perf_counter() - started
accuracy = float(accuracy_of(*carry[:2], x_test, y_test))
np.savez(args.folder / "model.npz", *[np.asarray(value) for value in jax.tree.leaves(carry[:2])])
common.report(seconds, fit, accuracy)
