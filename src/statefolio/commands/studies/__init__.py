"""One file that describes data, model, portfolios and test, run end to end."""
