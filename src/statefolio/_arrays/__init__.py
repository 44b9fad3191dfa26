"""Validates input DataFrames, dates and names, and converts them to NumPy arrays."""
