"""Types of progress callbacks."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with how many parts are done and how many there are."""

StageProgress = Callable[[str, int, int], None]
"""Called with the name of a stage, how many of its parts are done and how many there are."""
