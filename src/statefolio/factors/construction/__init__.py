"""Factors made of what was observed, of the returns themselves, or of assets' characteristics: one result for all."""
