"""From loadings, risk and views to weights."""
