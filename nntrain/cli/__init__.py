"""The command line. One file per command: it parses the arguments, calls a job and shows the result."""
