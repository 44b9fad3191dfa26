"""Factor returns from observed series, from the returns themselves or from characteristics; choosing factors."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
