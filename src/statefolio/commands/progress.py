"""Progress of a job: the callback that a job calls while it runs."""

from typing import Protocol


class Progress(Protocol):
    """Takes the progress of each stage, and sentences about what the job found."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take how far a stage is; a total of 0 is an unknown one. The first call for a stage starts it."""

    def say(self, text: str) -> None:
        """Take a sentence."""
