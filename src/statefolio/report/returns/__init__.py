"""Tear sheets of any series of returns: measures, drawdowns, rolling measures, distribution, and a benchmark."""
