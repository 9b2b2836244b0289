"""What the commands do, callable from Python: no command line and no console in here."""
