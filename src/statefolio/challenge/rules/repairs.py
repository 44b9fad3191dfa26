"""Repairs the mistakes of a tutorial's submissions, each with a warning that says what was repaired."""

import copy
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from statefolio.challenge.rules.checks import TABLES, SubmissionTables, check_options, with_infinite
from statefolio.challenge.rules.date_literals import is_date_literal
from statefolio.challenge.rules.strict_json import short
from statefolio.challenge.rules.universe import Universe
from statefolio.commands.studies.schema.messages import faults_of
from statefolio.commands.studies.schema.portfolio_tables import NEEDS_VIEWS
from statefolio.exceptions import StatefolioError

_MOST_REPAIRS = 20
_NEEDS_VIEWS = {str(table.model_fields["objective"].annotation.__args__[0]) for table in NEEDS_VIEWS}  # type: ignore[union-attr]
_NUMBER = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(%?)\s*", re.IGNORECASE)
_FIELD = re.compile(r"((?:portfolio\.[^.]+|loadings|risk|views)(?:\.[A-Za-z_]+)*)(?:: ([A-Za-z_]+))? must ")


def repair(given: Mapping[str, Any], universe: Universe | None) -> tuple[dict[str, Any], list[str]]:
    """Return a submission without the mistakes that can be repaired, and what was repaired.

    Parameters
    ----------
    given
        The fields, as the wire has them. They are not changed.
    universe : Universe, optional
        Names of the public data.

    Returns
    -------
    submission : dict
        It may still have faults: those that leave open what was meant.
    notes : list of str
        One sentence per repair.

    Examples
    --------
    >>> given = {"track": "forecast", "loadings": {"tails": "Student", "nois": "ewma", "memory": "98%"}}
    >>> found, notes = repair(given, None)
    >>> found["loadings"]
    {'tails': 'student', 'memory': 0.98, 'noise': 'ewma'}
    >>> notes[0]
    'name was missing: it is now "Untitled".'
    """
    found, notes = copy.deepcopy(dict(given)), []
    notes += _complete(found)
    for _ in range(_MOST_REPAIRS):
        note = (
            _add_views(found)
            or _repair_fields(found)
            or _repair_texts(found, universe)
            or _repair_options(found, universe)
        )
        if not note:
            break
        notes.append(note)
    return found, notes


def _complete(found: dict[str, Any]) -> list[str]:
    """Fill in the name and the track, and make the tables those of the track."""
    notes = []
    if not (isinstance(found.get("name"), str) and found["name"].strip()):
        notes.append(f'name was {"missing" if "name" not in found else "not a text"}: it is now "Untitled".')
        found["name"] = "Untitled"
    if found.get("track") not in ("forecast", "portfolio"):
        track = "portfolio" if "portfolio" in found else "forecast"
        notes.append(f'track was missing or unknown: it is now "{track}", by the tables that are there.')
        found["track"] = track
    if found["track"] == "forecast":
        notes += [
            f"{name} was left out: the forecast track has the tables loadings and risk alone."
            for name in ("views", "portfolio")
            if found.pop(name, None) is not None
        ]
    portfolios = found.get("portfolio")
    if isinstance(portfolios, dict) and len(portfolios) > 1:
        kept = next(iter(portfolios))
        notes.append(f"portfolio had {len(portfolios)} portfolios: the first one is kept, {short(kept)}.")
        found["portfolio"] = {kept: portfolios[kept]}
    return notes


def _add_views(found: dict[str, Any]) -> str:
    """Add expected returns where the objective needs them."""
    portfolios = found.get("portfolio")
    for name, table in portfolios.items() if isinstance(portfolios, dict) else ():
        views = table.get("views", found.get("views", {})) if isinstance(table, dict) else {}
        needs = isinstance(table, dict) and table.get("objective") in _NEEDS_VIEWS
        if needs and isinstance(views, dict) and views.get("kind", "none") == "none":
            table.pop("views", None)
            found["views"] = {"kind": "factor_premia"}
            return f'views were missing: portfolio.{short(name)} needs expected returns. Their kind is "factor_premia".'
    return ""


def _repair_fields(found: dict[str, Any]) -> str:
    """Repair the first field that the tables do not accept; return what was done."""
    try:
        SubmissionTables.model_validate(with_infinite(found))
    except ValidationError as error:
        for line, fault in zip(error.errors(include_url=False), faults_of(error, "a submission"), strict=True):
            note = _repair_field(found, line["loc"], line["type"], fault, line.get("ctx", {}))
            if note:
                return note
    return ""


def _repair_field(
    found: dict[str, Any], loc: Sequence[int | str], kind: str, fault: str, context: Mapping[str, Any]
) -> str:
    owner, name = _owner(found, loc)
    if owner is None or kind == "missing":
        return ""
    where, value = ".".join(map(str, loc)), owner[name]
    if kind == "extra_forbidden":
        near = _nearest(str(name), [word for word in context.get("valid", ()) if word not in owner])
        del owner[name]
        if near:
            owner[near] = value
            return f"{short(where)} is not a field: it was taken for {near}."
        return f"{short(where)} is not a field: it was left out."
    better = _better(value, fault)
    if better is not None and (type(better), better) != (type(value), value):
        owner[name] = better
        return f"{short(where)} was {_written(value)}: it is now {_written(better)}."
    if name in ("track", "name", "objective", "kind") or len(loc) < 2:
        return ""
    del owner[name]
    return f"{fault} It was left out: the default is used."


def _owner(found: Any, loc: Sequence[int | str]) -> tuple[Any, Any]:
    """Return the table that has a field, and the field's name; None where a step does not exist."""
    for step in loc[:-1]:
        found = found.get(step) if isinstance(found, dict) else None
    if not loc or not isinstance(found, dict) or loc[-1] not in found:
        return None, None
    return found, loc[-1]


def _better(value: Any, fault: str) -> Any:
    """Return what was meant by a value: a number in a text, percent, or a word in another spelling; else None."""
    if isinstance(value, str):
        number = _NUMBER.fullmatch(value)
        if number:
            digits = float(number[1]) / (100.0 if number[2] else 1.0)
            return int(digits) if digits.is_integer() and not number[2] else digits
        return _nearest(value.casefold().strip(), re.findall(r'"([^"]*)"', fault.partition(", got ")[0]))
    if isinstance(value, float) and value.is_integer() and "whole number" in fault:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 1.0 < value <= 100.0 and " 1" in fault:
        return value / 100.0
    return None


def _repair_texts(found: dict[str, Any], universe: Universe | None) -> str:
    """Leave out the first field whose name or value is a date, or whose value is a file."""
    names = frozenset() if universe is None else universe.names

    def search(table: dict[str, Any], where: str) -> str:
        for name, value in list(table.items()):
            path = f"{where}.{name}"
            if name not in names and is_date_literal(name):
                table["mine"] = table.pop(name)
                return f"{short(path)} had a date for a name: it has another name now."
            if name == "groups" and isinstance(value, str):
                del table[name]
                return f"{short(path)} was the path of a file: it was left out. Write the groups in, as a table."
            if isinstance(value, str) and value not in names and is_date_literal(value):
                del table[name]
                return f"{short(path)} was a date: it was left out, because a submission has no dates."
            note = search(value, path) if isinstance(value, dict) else ""
            if note:
                return note
        return ""

    for name in TABLES:
        note = search(found[name], name) if isinstance(found.get(name), dict) else ""
        if note:
            return note
    return ""


def _repair_options(found: dict[str, Any], universe: Universe | None) -> str:
    """Repair the first option that contradicts others or the data: rescale, rename, or leave it out."""
    try:
        check_options(SubmissionTables.model_validate(with_infinite(found)), universe)
    except ValidationError:
        return ""
    except StatefolioError as error:
        text = str(error)
        field = _FIELD.match(text)
        path = f"{field[1]}.{field[2]}" if field and field[2] else field[1] if field else ""
        owner, name = _owner(found, path.split("."))
        if owner is None or name in ("objective", "kind") or "." not in path:
            return ""
        return _repair_option(owner, name, path, text, universe)
    return ""


def _repair_option(owner: dict[str, Any], name: str, path: str, text: str, universe: Universe | None) -> str:
    value = owner[name]
    if isinstance(value, dict) and "must add up to 1" in text and sum(value.values()) > 0.0:
        total = sum(value.values())
        owner[name] = {each: share / total for each, share in value.items()}
        return f"{path} added up to {total:g}: it was divided by its sum."
    if isinstance(value, dict) and universe is not None and "must name" in text:
        return _rename(owner, name, path, universe.names.union({"alpha", "idiosyncratic"}).__contains__, universe)
    del owner[name]
    return f"{text} It was left out: the default is used."


def _rename(owner: dict[str, Any], name: str, path: str, known: Callable[[str], bool], universe: Universe) -> str:
    """Rename the entries of a table that are nearly names of the data, and leave out the others."""
    changes, renamed = [], {}
    for each, value in owner[name].items():
        near = each if known(each) else _nearest(each, sorted(universe.names))
        if near and near not in renamed:
            renamed[near] = value
        if near != each:
            changes.append(f"{short(each)} {'was taken for ' + near if near else 'was left out'}")
    if not changes or not renamed:
        del owner[name]
        return f"{path} named nothing of the data: it was left out."
    owner[name] = renamed
    return f"{path} named what is not in the data: {', '.join(changes)}."


def _nearest(word: str, valid: Sequence[str]) -> str | None:
    """Return the valid word that is equal but for case, or the nearest one."""
    by_case = {each.casefold(): each for each in valid}
    near = difflib.get_close_matches(word.casefold(), list(by_case), n=1, cutoff=0.6)
    return by_case[near[0]] if near else None


def _written(value: Any) -> str:
    return f'"{short(value)}"' if isinstance(value, str) else short(str(value))
