"""Any picture as MNIST's images are: 28x28, light ink on a dark background, centered."""
