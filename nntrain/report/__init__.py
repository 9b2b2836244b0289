"""Shows results on the console and as pictures."""
