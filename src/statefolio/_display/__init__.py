"""Prints results as text and HTML, formats their numbers, and resolves their `plot_*` methods."""
