"""Out-of-sample comparison of models, and tests of whether one predicts better than another."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
