"""Kalman filters for panels: arrays and time steps, nothing else."""
