"""Readers of prices, returns and factors, checks of their content, and bundled real data."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
