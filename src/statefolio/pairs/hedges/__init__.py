"""Hedges of a basket, one interface."""
