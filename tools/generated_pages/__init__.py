"""The pages of docs/ that are made from the program: each is a template with hand-written text and generated parts."""
