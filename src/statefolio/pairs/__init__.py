"""Cointegrated baskets: are they, how to hedge them as they move, and whether what is held reverts."""
