"""The jobs behind the commands, callable from Python without a command line or a console."""
