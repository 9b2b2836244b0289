"""The run folder: its files, their contents, and how runs are created and found."""
