"""Finds readers of factors, policies, risk models and views that other installed packages offer as entry points."""

from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from statefolio.exceptions import PlugInError, UnknownNameError

FACTORS, POLICIES = "statefolio.factors", "statefolio.policies"
RISKS, VIEWS = "statefolio.risks", "statefolio.views"
"""Groups of entry points."""


def names(group: str) -> list[str]:
    """Return the names of a group's plug-ins; none of them is imported."""
    return sorted({point.name for point in entry_points(group=group)})


def load_plug_in(group: str, name: str, asked: str) -> Any:
    """Import a plug-in.

    Parameters
    ----------
    group : str
        `FACTORS`, `POLICIES`, `RISKS` or `VIEWS`.
    name : str
        The name of the entry point.
    asked : str
        What the user wrote, for messages: an option or a field.

    Raises
    ------
    UnknownNameError
        If no installed package offers the name.
    PlugInError
        If several packages offer it, or its import fails. Other plug-ins are not affected.
    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if not found:
        known = ", ".join(repr(each) for each in names(group)) or "none"
        raise UnknownNameError(
            f"{asked} must name a plug-in that an installed package offers ({known}), got {name!r}. "
            f"{_advice(group, name)}"
        )
    packages = sorted({package_of(point) for point in found})
    if len(packages) > 1:
        raise PlugInError(f"{asked} must be offered by one package, got {name!r} of {', '.join(packages)}. Remove one.")
    return called(found[0].load, (), {}, f"{asked}: the plug-in {name!r} of {packages[0]}", "be imported")


def _advice(group: str, name: str) -> str:
    near = get_close_matches(name, names(group), n=1)
    return f"Did you mean {near[0]}?" if near else f"Install the package that offers it as an entry point of {group!r}."


def package_of(point: EntryPoint) -> str:
    """Return name and version of the package of a plug-in."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def version_of(group: str, name: str) -> str:
    """Return name and version of the package that offers a plug-in; empty if there is none."""
    return next((package_of(point) for point in entry_points(group=group) if point.name == name), "")


def called(function: Any, given: tuple[Any, ...], options: dict[str, Any], who: str, doing: str) -> Any:
    """Call code of a plug-in; an error of it names the plug-in.

    Raises
    ------
    PlugInError
        If it raises anything.
    """
    try:
        return function(*given, **options)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        raise PlugInError(f"{who} must {doing}, got {reason} Update or remove its package.") from error
