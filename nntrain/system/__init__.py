"""nntrain's interface to the operating system: files, locks, signals, standard streams, threads, environment."""
