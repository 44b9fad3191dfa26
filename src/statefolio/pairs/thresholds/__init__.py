"""Thresholds that are optimal for a spread that is an Ornstein-Uhlenbeck process."""
