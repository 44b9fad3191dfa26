"""Fits panels block by block of assets: out of core on one machine, or on a cluster, with the bits of one call."""
