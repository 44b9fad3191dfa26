"""Accepts arguments under their former names, with a warning that names the new ones."""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from statefolio.exceptions import InputError

Function = TypeVar("Function", bound=Callable[..., Any])


def renamed(old: str, new: str) -> Callable[[Function], Function]:
    """Accept the keyword argument `new` under its former name too.

    Parameters
    ----------
    old, new
        The former and the present name.

    Raises
    ------
    InputError
        When the function is called with both.
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def accepting(*args: Any, **options: Any) -> Any:
            if old in options:
                if new in options:
                    raise InputError(f"{new} must be given once, got {old} too. Leave out {old}, its former name.")
                warnings.warn(f"{old} is now called {new}. Pass {new} instead.", DeprecationWarning, stacklevel=2)
                options[new] = options.pop(old)
            return function(*args, **options)

        return cast(Function, accepting)

    return decorate


class FormerName:
    """An attribute's former name: reading it warns and returns the attribute."""

    def __init__(self, new: str) -> None:
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the former name."""
        self.old = name

    def __get__(self, instance: Any, owner: type) -> Any:
        """Return the attribute under its present name."""
        if instance is None:
            return self
        warnings.warn(f"{self.old} is now called {self.new}. Use {self.new} instead.", DeprecationWarning, stacklevel=2)
        return getattr(instance, self.new)
