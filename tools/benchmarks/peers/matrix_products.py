"""The matrix products of one epoch of `mlp`, each timed alone at its own shape: a lower bound for any training.

Each is computed by oneDNN and by XLA; the faster one counts. Training: forward and weight gradients of each layer,
input gradients of all but the first; validation: forward.
"""

from __future__ import annotations

import itertools
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import tensorflow as tf

BATCH, STEPS = 128, 375
VALIDATION, VALIDATION_BATCH = 12_000, 1000
SIZES = [784, 128, 128, 10]


def seconds(rows: int, inner: int, columns: int, count: int, *, first: bool = False, second: bool = False) -> float:
    """Return the seconds of `count` products (rows x inner) (inner x columns), the factors stored transposed or not."""
    left = tf.random.normal((inner, rows) if first else (rows, inner))
    right = tf.random.normal((columns, inner) if second else (inner, columns))

    def run(left, right):
        product = tf.zeros((rows, columns))
        for _ in tf.range(count):
            # The next product waits for the last one, as in training.
            product = tf.linalg.matmul(left, right, transpose_a=first, transpose_b=second)
            left += 1e-30 * product[0, 0]
        return product

    def overhead(left):
        for _ in tf.range(count):
            left += 1e-30 * left[0, 0]
        return left

    def timed(function, *tensors):
        function(*tensors)
        best = float("inf")
        for _ in range(3):
            begun = time.perf_counter()
            function(*tensors)
            best = min(best, time.perf_counter() - begun)
        return best

    kinds = [
        timed(tf.function(run, jit_compile=xla), left, right) - timed(tf.function(overhead, jit_compile=xla), left)
        for xla in (None, True)
    ]
    return max(0.0, min(kinds))


total = 0.0
for index, (before, after) in enumerate(itertools.pairwise(SIZES)):
    total += seconds(BATCH, before, after, STEPS)
    total += seconds(before, BATCH, after, STEPS, first=True)
    if index:
        total += seconds(BATCH, after, before, STEPS, second=True)
    total += seconds(VALIDATION_BATCH, before, after, VALIDATION // VALIDATION_BATCH)
print(json.dumps({"seconds": total}))
