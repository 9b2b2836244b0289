"""Images and labels as NumPy arrays: the data sets known by name, and those at a path."""
