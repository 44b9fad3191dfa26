"""Who hears of a job's progress."""

from typing import Protocol


class Listener(Protocol):
    """Hears what a job does while it does it."""

    def say(self, text: str) -> None:
        """Take a sentence about what was found."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Take how far a stage has come; a stage starts when it is first heard of."""


class Silent:
    """A listener that does not listen."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Do nothing."""
