"""How results are shown: on the console and as pictures."""
