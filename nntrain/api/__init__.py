"""The Python API: thin functions on those of jobs, and results that show themselves; see `nntrain`."""
