"""Policies: a risk model, a view and an objective, skfolio's optimisers, and yardsticks."""
