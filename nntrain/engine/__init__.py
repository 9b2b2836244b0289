"""All code that needs TensorFlow; imported only to train, or to predict with a run that has no model.tflite.

Importing this package loads TensorFlow and Keras, in two thirds of the time that `import keras` takes.
"""

from __future__ import annotations

import gc
import sys

from nntrain.system import environment

environment.prepare()

# Keras imports these if they are installed, for features that nntrain does not use.
UNUSED = ("IPython", "matplotlib", "pandas", "sklearn")


def _load_keras() -> None:
    """Import TensorFlow and Keras without the unused libraries, and without garbage collection.

    The import creates a million objects that are never freed. Searching them for garbage takes half a second, during
    the import and at each later full collection, so they are excluded from garbage collection for good.
    """
    collecting = gc.isenabled()
    gc.disable()
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None means "not installed"
    try:
        import keras  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        if collecting:
            gc.enable()


_load_keras()
