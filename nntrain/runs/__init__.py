"""Run folders: their files, the contents of the files, and creating and finding runs."""
