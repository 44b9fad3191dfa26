"""Writes loadings to files of other programs, piece by piece."""
