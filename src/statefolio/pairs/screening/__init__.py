"""Screens all pairs of a panel for cointegration, and fits a Kalman hedge to each of thousands of pairs."""
