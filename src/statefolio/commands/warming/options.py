"""Options of `statefolio warm`."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WarmOptions:
    """Options of `statefolio warm`: none."""
