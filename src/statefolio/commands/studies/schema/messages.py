"""Turns the errors of a study file into sentences that name the field, the valid values and the received one."""

import difflib
import math
import re
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from statefolio.commands.studies.schema.field_types import Invalid
from statefolio.exceptions import InputError

MOST_FAULTS = 10
"""Faults that one message lists."""
_LONGEST = 60

_VALID = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "a whole number",
    "model_attributes_type": "a table",
    "model_type": "a table",
    "string_too_short": "text that is not empty",
    "string_type": "text in quotes",
    "too_short": "a table with at least one entry",
}


def explain(error: ValidationError, file: str) -> InputError:
    """Turn pydantic's error about a study file into one message with every fault."""
    faults = error.errors(include_url=False)
    shown = "".join(f"\n  {_fault(each, 'a study file')}" for each in faults[:MOST_FAULTS])
    more = f"\n  ... and {len(faults) - MOST_FAULTS} more." if len(faults) > MOST_FAULTS else ""
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    return InputError(f"{file} has {count} and was not run.{shown}{more}")


def faults_of(error: ValidationError, whole: str = "a study file") -> list[str]:
    """Return one sentence per fault; `whole` is what has the tables."""
    return [_fault(each, whole) for each in error.errors(include_url=False)]


def close_match(name: object, valid: Sequence[str]) -> str:
    """Return the question whether a valid name was meant, where one is close; else nothing."""
    near = difflib.get_close_matches(str(name)[:_LONGEST], valid, n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def _fault(line: ErrorDetails, whole: str) -> str:
    kind, given, context = line["type"], line["input"], line.get("ctx", {})
    where = ".".join(_name(part) for part in line["loc"])
    if kind == "extra_forbidden":
        table = ".".join(_name(part) for part in line["loc"][:-1])
        names = context["valid"]
        owner = f"[{table}]" if table else whole
        return f"{where} is not a field: {owner} has {', '.join(names)}.{close_match(line['loc'][-1], names)}"
    if kind == "missing":
        words = f", and must be {context['expected']}" if "expected" in context else ""
        return f"{where} is missing{words}. Add it."
    if kind == "value_error" and not isinstance(context["error"], Invalid):
        return f"{where} {context['error']}.".lstrip()
    expected = context["error"] if kind == "value_error" else context.get("expected", _VALID.get(kind, line["msg"]))
    expected = str(expected).replace("'", '"')  # pydantic quotes words as Python does
    meant = close_match(given, re.findall(r'"([^"]*)"', expected)) if isinstance(given, str) else ""
    return f"{where} must be {expected}, got {_shown(given)}.{meant}"


def _name(part: int | str) -> str:
    """A part of a field's name, shortened."""
    text = str(part)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _shown(value: object) -> str:
    """A value as the file writes it, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = f'"{value}"' if isinstance(value, str) else "a table" if isinstance(value, Mapping) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
