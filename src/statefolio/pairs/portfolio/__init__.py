"""Portfolios of baskets: capital, stops, one account of all of them, and random baskets to compare with."""
