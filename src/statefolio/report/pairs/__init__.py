"""Figures of baskets, their hedges and screens, each a function of results; and the chapters they stand in."""
