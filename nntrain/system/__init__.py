"""What nntrain asks of the operating system: files, locks, signals, standard streams, threads, environment."""
