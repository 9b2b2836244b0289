"""Everything that needs TensorFlow; loaded only when a command begins to train, or a run has no model.tflite.

Loading this package loads TensorFlow and Keras, in two thirds of the time that `import keras` takes.
"""

from __future__ import annotations

import gc
import sys

from nntrain.system import environment

environment.prepare()

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
