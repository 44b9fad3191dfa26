"""Tests whether loadings are constant, dates their breaks, and tests whether predictions drift."""
