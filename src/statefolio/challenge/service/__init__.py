"""Serves the challenge over HTTP: the API under /v1 and the server-rendered pages."""
