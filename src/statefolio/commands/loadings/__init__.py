"""Commands on panels of returns and factors: `loadings`, and `update` of a saved model."""
