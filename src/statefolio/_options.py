"""Declares what an option may be, and checks values against it.

A rule says which values are valid, describes them and gives an example, so that every message has the same form:
`window must be a whole number of at least 2, got 1. Pass e.g. window=2.` Rules combine with `|`; None may be one side.
The command line declares its options with rules too, so this file imports neither NumPy nor pandas.

>>> check("window", 60, Whole(at_least=2))
>>> check("half_life", None, Number(above=0.0) | None)
>>> check("tails", "normal", OneOf("student", "gaussian"))
Traceback (most recent call last):
statefolio.exceptions.InputError: tails must be 'student' or 'gaussian', got 'normal'. Pass e.g. tails='student'.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeGuard

from statefolio._arrays.text import shown
from statefolio.exceptions import DataTypeError, InputError


def is_whole(value: Any) -> TypeGuard[int]:
    """Return whether this is a whole number of at most 64 bits; True, False and NumPy's durations are not."""
    return isinstance(value, Integral) and not _is_no_number(value) and abs(int(value)) < _TOO_LARGE


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether this is a real number, NaN and infinities included; True, False and NumPy's durations are not.

    Whole numbers beyond the largest float are none either.
    """
    if not isinstance(value, Real) or _is_no_number(value):
        return False
    return not isinstance(value, Integral) or abs(int(value)) <= sys.float_info.max


def _is_no_number(value: Any) -> bool:
    """Return whether Python counts this as a number that no option means."""
    numpy = sys.modules.get("numpy")  # without NumPy there are no durations of NumPy, and no reason to import it
    return isinstance(value, bool) or (numpy is not None and isinstance(value, numpy.timedelta64 | numpy.bool_))


_TOO_LARGE = 1 << 63


class Rule:
    """What an option may be."""

    def accepts(self, value: Any) -> bool:
        """Return whether the value is valid."""
        raise NotImplementedError

    def __str__(self) -> str:
        """Describe the valid values: it follows "must be"."""
        raise NotImplementedError

    def advice(self, name: str) -> str:
        """Return one sentence that says what to pass."""
        raise NotImplementedError

    @property
    def error(self) -> type[InputError | DataTypeError]:
        """The error raised for an invalid value."""
        return InputError

    def __or__(self, other: "Rule | None") -> "Either":
        """Accept what either of two rules accepts."""
        return Either((*_parts(self), *_parts(other)))


@dataclass(frozen=True)
class Whole(Rule):
    """A whole number within bounds that are valid themselves."""

    at_least: int | None = None
    at_most: int | None = None
    example: int | None = None

    def accepts(self, value: Any) -> bool:
        """Return whether the value is a whole number within the bounds."""
        return is_whole(value) and _within(value, at_least=self.at_least, at_most=self.at_most)

    def __str__(self) -> str:
        """Describe the bounds."""
        return "a whole number" + _bounds(at_least=self.at_least, at_most=self.at_most)

    def advice(self, name: str) -> str:
        """Suggest the example, or a bound."""
        bound = next((edge for edge in (self.example, self.at_least, self.at_most) if edge is not None), 1)
        return f"Pass e.g. {name}={bound}."


@dataclass(frozen=True)
class Number(Rule):
    """A finite number within bounds; `infinite` accepts infinities too."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    infinite: bool = False
    example: float | None = None
    unit: str = ""

    def accepts(self, value: Any) -> bool:
        """Return whether the value is a number within the bounds; NaN never is."""
        if not is_number(value) or value != value or (abs(value) > sys.float_info.max and not self.infinite):
            return False
        return _within(value, self.above, self.at_least, self.below, self.at_most)

    def __str__(self) -> str:
        """Describe the bounds."""
        kind = "a number" if self.infinite else "a finite number"
        return kind + self.unit + _bounds(self.above, self.at_least, self.below, self.at_most)

    def advice(self, name: str) -> str:
        """Suggest the example, or a bound that is valid."""
        if self.example is not None:
            return f"Pass e.g. {name}={self.example:g}."
        edge = next((edge for edge in (self.at_least, self.at_most) if edge is not None), None)
        return f"Pass another {name}." if edge is None else f"Pass e.g. {name}={edge:g}."


class OneOf(Rule):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def accepts(self, value: Any) -> bool:
        """Return whether the value is one of the words."""
        return isinstance(value, str) and value in self.words

    def __str__(self) -> str:
        """List the words."""
        return _either([repr(word) for word in self.words])

    def advice(self, name: str) -> str:
        """Suggest the first word."""
        return f"Pass e.g. {name}={self.words[0]!r}."


class Flag(Rule):
    """True or False."""

    def accepts(self, value: Any) -> bool:
        """Return whether the value is a boolean."""
        numpy = sys.modules.get("numpy")  # without NumPy there are no booleans of NumPy, and no reason to import it
        return isinstance(value, bool) or (numpy is not None and isinstance(value, numpy.bool_))

    def __str__(self) -> str:
        """Describe both values."""
        return "True or False"

    def advice(self, name: str) -> str:
        """Suggest one of them."""
        return f"Pass {name}=True or {name}=False."


@dataclass(frozen=True)
class Kind(Rule):
    """An instance of `kind`; `called` describes it, `example` is code that makes one."""

    kind: Any
    called: str
    example: str

    def accepts(self, value: Any) -> bool:
        """Return whether the value is an instance."""
        return isinstance(value, self.kind)

    def __str__(self) -> str:
        """Describe the type."""
        return self.called

    def advice(self, name: str) -> str:
        """Suggest the example."""
        return f"Pass e.g. {name}={self.example}."

    @property
    def error(self) -> type[InputError | DataTypeError]:
        """A wrong type is a DataTypeError."""
        return DataTypeError


@dataclass(frozen=True)
class HasMethod(Kind):
    """An object, not a class, with the method that `kind` names."""

    def accepts(self, value: Any) -> bool:
        """Return whether the value is an object with this method."""
        return not isinstance(value, type) and hasattr(value, self.kind)


@dataclass(frozen=True)
class Either(Rule):
    """What any of several rules accepts; None among them is the value None."""

    rules: tuple[Rule | None, ...]

    def accepts(self, value: Any) -> bool:
        """Return whether one of the rules accepts the value."""
        return any(value is None if rule is None else rule.accepts(value) for rule in self.rules)

    def __str__(self) -> str:
        """List the descriptions."""
        return _either(["None" if rule is None else str(rule) for rule in self.rules])

    def advice(self, name: str) -> str:
        """Suggest what the first rule suggests."""
        return next(rule.advice(name) for rule in self.rules if rule is not None)

    @property
    def error(self) -> type[InputError | DataTypeError]:
        """A DataTypeError where every rule is about a type."""
        errors = {rule.error for rule in self.rules if rule is not None}
        return errors.pop() if len(errors) == 1 else InputError


def check(name: str, value: Any, rule: Rule) -> None:
    """Raise the rule's error unless it accepts the value; a value of a wrong type may say what to pass instead."""
    if not rule.accepts(value):
        advice = rule.advice(name)
        if rule.error is DataTypeError and not isinstance(value, type):
            advice = getattr(value, "_pass_instead", advice)
        raise rule.error(f"{name} must be {rule}, got {shown(value)}. {advice}")


def check_options(options: Any, rules: Mapping[str, Rule]) -> None:
    """Check the options of an object (or a mapping) against the rule of each name, in order."""
    for name, rule in rules.items():
        check(name, options[name] if isinstance(options, Mapping) else getattr(options, name), rule)


def _parts(rule: Rule | None) -> tuple[Rule | None, ...]:
    return rule.rules if isinstance(rule, Either) else (rule,)


def _within(
    value: float,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
) -> bool:
    return (
        (above is None or value > above)
        and (at_least is None or value >= at_least)
        and (below is None or value < below)
        and (at_most is None or value <= at_most)
    )


def _bounds(
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
) -> str:
    low = f"above {above:g}" if above is not None else f"of at least {at_least:g}" if at_least is not None else ""
    high = f"below {below:g}" if below is not None else f"at most {at_most:g}" if at_most is not None else ""
    return "".join(f" {part}" for part in (low, "and" if low and high else "", high) if part)


def _either(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
