"""What is wrong with a study file, in sentences that name the field, what came, and what was expected."""

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from statefolio.exceptions import InputError

MOST = 10
"""Faults told at once."""
_LONGEST = 60

_EXPECTED = {
    "bool_type": "true or false",
    "date_type": "a date such as 2015-12-31",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list in square brackets",
    "model_attributes_type": "a table",
    "model_type": "a table",
    "string_too_short": "a text that is not empty",
    "string_type": "a text in quotes",
    "too_short": "at least one entry",
}
_LIMITS = {"greater_than": "above", "greater_than_equal": "at least", "less_than": "below", "less_than_equal": "up to"}

Path = tuple[int | str, ...]


def explain(error: ValidationError, schema: type[BaseModel], file: str) -> InputError:
    """Turn pydantic's error about a study file into one that a reader of the file understands."""
    faults = [_fault(each, schema) for each in error.errors(include_url=False)]
    shown = "".join(f"\n  {fault}" for fault in faults[:MOST])
    more = f"\n  ... and {len(faults) - MOST} more." if len(faults) > MOST else ""
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    return InputError(f"{file} has {count}; it was not run.{shown}{more}")


def close_match(name: object, valid: Sequence[str]) -> str:
    """Return the question whether a valid name was meant, where one is close; else nothing."""
    near = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def _fault(detail: ErrorDetails, schema: type[BaseModel]) -> str:
    kind, came, context = detail["type"], detail["input"], detail.get("ctx", {})
    path, table = _walk(detail["loc"], schema)
    where = ".".join(map(str, path))
    if kind == "extra_forbidden":
        valid = fields_of(table)
        parent = ".".join(map(str, path[:-1]))
        inside = f"[{parent}]" if parent else "a study file"
        return f"{where} is no field: {inside} has {', '.join(valid)}.{close_match(path[-1], valid)}"
    if kind == "missing":
        return f"{where} is missing; it has no default. Add it."
    if kind in ("literal_error", "union_tag_invalid"):
        return _not_among(where, kind, came, context, table)
    if kind == "union_tag_not_found":
        tag = str(context["discriminator"]).strip("'")
        if not isinstance(came, Mapping):
            return f"{where} = {_shown(came)}; a table with {tag} was expected."
        return f"{where}.{tag} is missing; one of {', '.join(_tags(table))} was expected. Add it."
    if kind == "value_error":
        beginning = f"{where} = {_shown(came)}; " if not isinstance(came, Mapping) else f"{where}: " if where else ""
        return f"{beginning}{context['error']}."
    if kind in _LIMITS:
        limit = next(iter(context.values()))
        return f"{where} = {_shown(came)}; a number {_LIMITS[kind]} {limit:g} was expected."
    return f"{where} = {_shown(came)}; {_EXPECTED.get(kind, detail['msg'])} was expected."


def _not_among(where: str, kind: str, came: object, context: Mapping[str, Any], table: Any) -> str:
    if kind == "union_tag_invalid":
        where, came, valid = f"{where}.{str(context['discriminator']).strip(chr(39))}", context["tag"], _tags(table)
        return f"{where} = {_shown(came)}; one of {', '.join(valid)} was expected.{close_match(came, valid)}"
    listed = str(context["expected"]).replace(" or ", ", ")
    valid = [each.strip().strip("'") for each in listed.split(",")]
    return f"{where} = {_shown(came)}; one of {', '.join(valid)} was expected.{close_match(came, valid)}"


def fields_of(table: Any) -> list[str]:
    """Names of a table's fields as the file writes them."""
    return [field.alias or name for name, field in table.model_fields.items()]


def _walk(loc: Path, schema: type[BaseModel]) -> tuple[Path, Any]:
    """The path as the file writes it (pydantic adds a union's tag), and the innermost type met on it."""
    path: list[int | str] = []
    table: Any = schema
    for step in loc:
        tagged = _members(table)
        if tagged:
            if step in tagged:
                table = tagged[str(step)]
                continue
            path.append(step)
            continue
        path.append(step)
        table = _inside(table, step) or table
    return tuple(path), table


def _inside(table: Any, step: int | str) -> Any:
    """The type of a field, or of a mapping's values; None where it is neither a table nor a union of tables."""
    if isinstance(table, type) and issubclass(table, BaseModel):
        named = {field.alias or name: field for name, field in table.model_fields.items()}
        if step not in named:
            return None
        field = named[str(step)]
        if field.discriminator:
            return _Union(field.annotation, str(field.discriminator))
        return _table_in(field.annotation)
    if isinstance(table, _Mapping):
        return table.values
    return None


class _Union:
    """Tables told apart by a field."""

    def __init__(self, annotation: Any, discriminator: str) -> None:
        tables = [each for each in get_args(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
        self.by_tag = {str(get_args(each.model_fields[discriminator].annotation)[0]): each for each in tables}


class _Mapping:
    """A table whose names are the user's own."""

    def __init__(self, values: Any) -> None:
        self.values = values


def _table_in(annotation: Any) -> Any:
    """The table, union of tables or mapping to them that an annotation allows, if any."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    arguments = get_args(annotation)
    for info in getattr(annotation, "__metadata__", ()):
        if getattr(info, "discriminator", None):
            return _Union(arguments[0], str(info.discriminator))
    if getattr(annotation, "__origin__", None) is dict:
        inner = _table_in(arguments[1])
        return None if inner is None else _Mapping(inner)
    for each in arguments:
        found = _table_in(each)
        if found is not None:
            return found
    return None


def _members(table: Any) -> dict[str, Any]:
    return table.by_tag if isinstance(table, _Union) else {}


def _tags(table: Any) -> list[str]:
    return list(_members(table))


def _shown(value: object) -> str:
    """A value as a file would write it, cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = f'"{value}"' if isinstance(value, str) else "a table" if isinstance(value, Mapping) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
