"""What belongs to the operating system: files, signals, standard streams, threads, hashing."""
