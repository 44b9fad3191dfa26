"""Loadings through time: models, their labelled results and their scores."""
