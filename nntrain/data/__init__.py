"""Images and labels as NumPy arrays: data sets known by name, and data sets at a path."""
