"""Objectives and the solvers behind them: the best weights within constraints."""
