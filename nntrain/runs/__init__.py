"""The run folder: its files, and creating, finding and listing runs."""
