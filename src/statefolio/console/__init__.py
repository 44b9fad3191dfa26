"""What a terminal shows: progress, warnings, errors, and short tables of what came."""

from statefolio.console.screen import Screen, show_error

__all__ = ["Screen", "show_error"]
