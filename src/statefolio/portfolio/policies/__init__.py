"""Policies: models with an objective, skfolio's optimisers, and simple benchmarks."""
