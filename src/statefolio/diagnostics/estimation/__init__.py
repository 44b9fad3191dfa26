"""Measures how well loadings are known: standard errors, split halves and shrinkage."""
