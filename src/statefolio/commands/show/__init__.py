"""The command `show`: the loadings in a model file."""
