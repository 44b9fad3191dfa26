"""Hedges of a basket with one interface: constant, rolling, and by Kalman filter."""
