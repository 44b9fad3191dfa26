"""Keeps the warnings of a job, for the notes of its report."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from statefolio.exceptions import StatefolioWarning


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Collect the texts of the library's warnings, each once; they are shown as usual too."""
    notes: list[str] = []
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def note(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, StatefolioWarning) and str(message) not in notes:
                notes.append(str(message))
            shown(message, category, *place, **more)

        warnings.showwarning = note
        yield notes
