"""The Keras script of a typical tutorial; with `KERAS_TUNED=1`, with Keras's two settings for speed."""

from __future__ import annotations

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import common
import keras

args = common.arguments()
tuned = os.environ.get("KERAS_TUNED") == "1"
keras.utils.set_random_seed(args.seed)
data = common.mnist(args.data)
x_train, x_test = (data[name].astype("float32") / 255 for name in ("x_train", "x_test"))
y_train, y_test = (keras.utils.to_categorical(data[name], 10) for name in ("y_train", "y_test"))
if args.network == "cnn":
    x_train, x_test = x_train[..., None], x_test[..., None]
else:
    x_train, x_test = x_train.reshape(-1, 784), x_test.reshape(-1, 784)

layers = keras.layers
NETWORKS = {
    "mlp": lambda: [layers.Dense(128, "relu"), layers.Dense(128, "relu")],
    "mlp_complete": lambda: [
        layer
        for _ in range(2)
        for layer in (
            layers.Dense(256),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dropout(0.3),
        )
    ],
    "cnn": lambda: [
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
    ],
}
model = keras.Sequential(
    [keras.Input(x_train.shape[1:]), *NETWORKS[args.network](), layers.Dense(10, activation="softmax")]
)
steps = -(-int(len(x_train) * 0.8) // args.batch)
# Without XLA for convolutions: on a CPU it is many times slower.
fast = {"steps_per_execution": steps, "jit_compile": args.network != "cnn"} if tuned else {}
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"], **fast)


class Clock(keras.callbacks.Callback):
    """Records the seconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


clock, start = Clock(), time.perf_counter()
history = model.fit(
    x_train,
    y_train,
    epochs=args.epochs,
    batch_size=args.batch,
    validation_split=0.2,
    verbose=0 if tuned else 2,
    callbacks=[clock],
)
fit = time.perf_counter() - start
_, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save(args.folder / "model.keras")
common.report(clock.seconds, fit, float(accuracy))
