"""Adaptive tuning of a Kalman hedge: filter, re-estimate the parameters, and repeat until it collapses."""
