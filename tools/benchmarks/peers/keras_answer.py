"""Use a saved network with Keras, as a script with load_model would: `predict PICTURE` or `evaluate DATA`."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from PIL import Image

command, model, source = sys.argv[1:4]
network = keras.models.load_model(model)
if command == "predict":
    picture = np.asarray(Image.open(source).convert("L").resize((28, 28)), np.float32)
    print(int(network.predict(picture[None], verbose=0).argmax()))
else:
    with np.load(source) as data:
        images, labels = data["x_test"], data["y_test"]
    print(float((network.predict(images, verbose=0).argmax(1) == labels).mean()))
