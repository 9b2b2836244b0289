"""The command line: one file a command; a body parses, calls, shows."""
