"""Models of loadings through time: Kalman filters and least squares, with the same labelled results."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
