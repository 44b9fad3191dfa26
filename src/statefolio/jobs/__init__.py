"""Whole jobs, from files to files; the command line runs them."""
