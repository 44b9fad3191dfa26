"""Factor risk: a low-rank covariance from loadings and their uncertainty, and its attribution."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
