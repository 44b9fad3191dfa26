"""Commands on cointegrated baskets: `pairs` and `screen`."""
