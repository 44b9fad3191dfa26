"""Options that policies have in common, checked when a policy decides."""

from typing import Any

from statefolio._options import is_whole
from statefolio.exceptions import InputError


def check_dates(name: str, value: Any, least: int = 1, *, optional: bool = False) -> None:
    """Raise InputError unless an option is a whole number of dates, or None where it is `optional`."""
    if optional and value is None:
        return
    if not is_whole(value) or value < least:
        raise InputError(f"{name}={value!r}; a whole number of dates, {least} or more, was expected. Change it.")
