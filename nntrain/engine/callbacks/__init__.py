"""The training callbacks: Keras's built-in ones, and nntrain's, one per file."""
