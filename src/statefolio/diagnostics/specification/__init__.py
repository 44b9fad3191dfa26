"""Tests whether the factors are the right ones: correlated residuals and alphas."""
