"""Measures multicollinearity: variance inflation, condition indices, unidentified combinations."""
