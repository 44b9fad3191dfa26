"""Figures and tables of back-tests, each a function of results."""
