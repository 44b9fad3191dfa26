"""Cointegrated baskets: tests, static and time-varying hedge ratios, trading rules, verdicts and screens."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
