"""Train neural networks on MNIST from a YAML file."""

__version__ = "0.1.0"
