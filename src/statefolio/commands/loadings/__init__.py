"""Commands on panels of returns and factors: `loadings`, and the update of a saved model."""
