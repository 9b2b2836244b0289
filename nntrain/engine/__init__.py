"""Everything that imports TensorFlow; imported only when a command begins to train, or a run has no .tflite."""
