"""The verdict on a basket: a test of its held value, calibrated on baskets that are not cointegrated."""
