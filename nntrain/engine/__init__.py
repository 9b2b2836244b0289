"""Everything that needs TensorFlow; loaded only when a command begins to train, or a run has no model.tflite.

Loading this package loads TensorFlow and Keras, in two thirds of the time that `import keras` takes.
"""

from __future__ import annotations

import gc
import os
import platform
import sys

# Read by TensorFlow and Keras as they load. The backend is not the user's to choose here, and Keras's limits would
# shorten a run in silence.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow leaves oneDNN out on x86 processors without AVX-512; with AVX2 alone, too, a small convolution and the
# gradient of a max pooling are three to five times as fast with it.
if platform.machine().lower() in ("x86_64", "amd64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ["KERAS_BACKEND"] = "tensorflow"
for _limit in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED", "TF_USE_LEGACY_KERAS"):
    os.environ.pop(_limit, None)

# Keras loads these where they are installed, for parts of it that nothing here uses.
UNUSED = ("matplotlib", "pandas", "sklearn")


def _load() -> None:
    """Load TensorFlow and Keras without the libraries they do not need here, and without collecting garbage.

    Loading makes a million objects that all stay: looking through them for garbage takes half a second, then and
    whenever it is done again, so they are set apart for good.
    """
    collecting = gc.isenabled()
    gc.disable()
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None stands for "not installed"
    try:
        import keras  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        if collecting:
            gc.enable()


_load()
