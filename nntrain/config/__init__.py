"""Config files: their schema, reading and checking them, and the configs that ship with nntrain."""
