"""The version of the scoring engine, which is part of the commitment and of every score."""

from statefolio import __version__

REVISION = 1
"""Raised by every change of this folder that can change a score by a bit."""

ENGINE_VERSION = f"{__version__}+{REVISION}"
