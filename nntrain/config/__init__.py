"""What a run is: the config's language, its checks, and the configs that ship with nntrain."""
