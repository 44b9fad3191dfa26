"""Makes skfolio's estimators from names and plain options, as a file has them."""

import difflib
import enum
import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from statefolio._arrays.text import listed, shown
from statefolio.exceptions import InputError, UnknownNameError

NAME = "name"
"""The key of a table of options that says which estimator it is."""
_PLACES = (
    *(f"skfolio.{name}" for name in ("optimization", "prior", "moments", "distance", "cluster", "uncertainty_set")),
    "skfolio.distribution",
    "statefolio.adapters",
)
_SHORT = {
    "hrp": "HierarchicalRiskParity",
    "herc": "HierarchicalEqualRiskContribution",
    "nco": "NestedClustersOptimization",
    "cvar": "MeanRisk",
    "meanvariance": "MeanRisk",
}
"""Usual names of optimisers, for suggestions."""


def optimisers() -> list[str]:
    """Return the names of skfolio's optimisers that can be fitted on returns."""
    from skfolio.optimization import BaseOptimization

    return [name for name, found in _classes("skfolio.optimization") if issubclass(found, BaseOptimization)]


def make_optimiser(name: str, options: Mapping[str, Any], field: str = "optimiser") -> Any:
    """Return an unfitted optimiser of skfolio.

    Parameters
    ----------
    name : str
        Of a class in `skfolio.optimization`.
    options : mapping
        Arguments of its constructor. A word stands for a member of an enumeration ("CVaR" for `RiskMeasure.CVAR`), and
        a table with the key "name" for another estimator of skfolio with its options.
    field : str
        What the options are called in messages.

    Raises
    ------
    UnknownNameError
        If there is no such optimiser, estimator, option or word; the message suggests the nearest.
    InputError
        If the constructor refuses its options, or one that it needs is missing.

    Examples
    --------
    >>> from statefolio.portfolio.policies.skfolio_named import make_optimiser
    >>> make_optimiser("MeanRisk", {"risk_measure": "CVaR", "prior_estimator": {"name": "EmpiricalPrior"}})
    MeanRisk(prior_estimator=EmpiricalPrior(), risk_measure=CVaR)
    """
    found = dict(_classes("skfolio.optimization"))
    if name not in optimisers():
        raise UnknownNameError(_unknown(field, "an optimiser of skfolio", name, optimisers()))
    return _made(found[name], options, f"{field} {name}")


def _made(kind: Any, options: Mapping[str, Any], who: str) -> Any:
    """Return an estimator of a class with checked options."""
    taken = inspect.signature(kind).parameters
    given = {}
    for option, value in options.items():
        if option not in taken:
            raise UnknownNameError(_unknown(f"options of {who}", "arguments of its constructor", option, list(taken)))
        given[option] = _converted(value, taken[option], f"{who}, {option}")
    needed = [name for name, each in taken.items() if each.default is inspect.Parameter.empty and name not in given]
    if needed:
        raise InputError(f"{who} must have the option {needed[0]}, got none. Add it to its options.")
    try:
        return kind(**given)
    except (TypeError, ValueError) as error:
        raise InputError(f"{who} must have options that its constructor accepts, got {error}. Correct them.") from error


def _converted(value: Any, parameter: inspect.Parameter, who: str) -> Any:
    """Return what a constructor takes for a word, a table or a list of a file."""
    if isinstance(value, str):
        return _member(value, parameter, who)
    if isinstance(value, list):
        return [_converted(each, parameter, who) for each in value]
    if not isinstance(value, Mapping) or NAME not in value:
        return value
    every = {name: kind for place in _PLACES for name, kind in _classes(place)}
    name = value[NAME]
    if name not in every:
        raise UnknownNameError(_unknown(f"{who}.{NAME}", "an estimator of skfolio", name, list(every)))
    return _made(every[name], {key: each for key, each in value.items() if key != NAME}, f"{who}, {name}")


def _member(word: str, parameter: inspect.Parameter, who: str) -> Any:
    """Return the member of the enumerations of a parameter that a word means; the word where there are none."""
    kinds = _enumerations(parameter)
    if not kinds:
        return word
    members = [member for kind in kinds for member in kind]
    plain = word.casefold().replace("_", " ")
    for member in members:
        if plain in (member.name.casefold().replace("_", " "), str(member.value).casefold().replace("_", " ")):
            return member
    raise UnknownNameError(_unknown(who, "a word of skfolio", word, [member.name for member in members]))


def _enumerations(parameter: inspect.Parameter) -> list[type[enum.Enum]]:
    """Return the enumerations that a parameter's default or annotation names."""
    import skfolio

    if isinstance(parameter.default, enum.Enum):
        return [type(parameter.default)]
    named = parameter.annotation if isinstance(parameter.annotation, str) else str(parameter.annotation)
    homes = (skfolio, importlib.import_module("skfolio.optimization"), importlib.import_module("skfolio.cluster"))
    kinds = {
        name: kind
        for home in homes
        for name, kind in vars(home).items()
        if isinstance(kind, type) and issubclass(kind, enum.Enum)
    }
    return [kind for name, kind in kinds.items() if name in named]


def _classes(place: str) -> Iterator[tuple[str, Any]]:
    """Yield the estimators that a module offers and that can be made."""
    module = importlib.import_module(place)
    for name in getattr(module, "__all__", dir(module)):
        found = None if name.startswith(("_", "Base")) else getattr(module, name, None)
        if isinstance(found, type) and not inspect.isabstract(found) and hasattr(found, "get_params"):
            yield name, found


def _unknown(field: str, what: str, given: Any, known: list[str]) -> str:
    words = {
        **{name.casefold(): name for name in known},
        **{short: name for short, name in _SHORT.items() if name in known},
    }
    near = difflib.get_close_matches(str(given).casefold().replace("_", ""), list(words), n=1, cutoff=0.5)
    if near:
        return f"{field} must be {what}, got {shown(given)}. Did you mean {words[near[0]]}?"
    return f"{field} must be {what} ({listed(known, most=60)}), got {shown(given)}. Choose one of these."
