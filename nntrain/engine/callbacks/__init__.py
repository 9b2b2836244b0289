"""What happens between epochs: Keras's built-in callbacks, and nntrain's, one per file."""
