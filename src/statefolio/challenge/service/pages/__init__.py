"""Serves the HTML pages."""
