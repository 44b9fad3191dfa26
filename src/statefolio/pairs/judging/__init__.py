"""The verdict on a basket, beside baskets that are not cointegrated."""
