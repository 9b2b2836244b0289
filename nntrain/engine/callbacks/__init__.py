"""What happens between epochs: Keras's callbacks and our own, one per file."""
