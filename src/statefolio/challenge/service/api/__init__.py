"""Serves the API under /v1."""
