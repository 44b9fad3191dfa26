"""The base class of the study file's tables, and the types of fields that several tables share."""

import datetime as dt
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from statefolio._options import Number, Rule, Whole


class Invalid(ValueError):
    """Raised for a value that is not valid; the text says what it must be."""


class Table(BaseModel):
    """A table of the file. It accepts no unknown field, and converts no value from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)

    @classmethod
    def names(cls) -> list[str]:
        """Names of the fields as the file writes them."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @model_validator(mode="wrap")
    @classmethod
    def _name_valid_fields(cls, given: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Give errors about unknown fields the names of the valid ones."""
        try:
            return validate(given)
        except ValidationError as error:
            lines = error.errors(include_url=False)
            for line in lines:
                if line["type"] == "extra_forbidden" and len(line["loc"]) == 1:
                    line["ctx"] = {"valid": cls.names()}
            raise _error_of(
                [fault(each["type"], each["loc"], each["input"], **each.get("ctx", {})) for each in lines]
            ) from None


def fault(kind: str, loc: tuple[int | str, ...], given: object, **context: Any) -> InitErrorDetails:
    """Return one line of a pydantic error; `messages.py` puts it in words."""
    return InitErrorDetails(type=PydanticCustomError(kind, kind, context), loc=loc, input=given)


def _error_of(lines: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data("study file", lines)


def tables_by(
    tag: str,
    *tables: type[Table],
    otherwise: type[Table] | None = None,
    implied: Mapping[str, type[Table]] | None = None,
) -> BeforeValidator:
    """Return a validator that chooses a table by the word in the field `tag`.

    Without the field the table is that of the first field in `implied` that is given, or `otherwise`.
    """
    by_word = {str(get_args(table.model_fields[tag].annotation)[0]): table for table in tables}

    def choose(given: object) -> object:
        if isinstance(given, tables):
            return given
        if not isinstance(given, Mapping):
            raise Invalid(f"a table with {tag}")
        words = one_of(*by_word)
        if tag not in given:
            table = next((found for name, found in (implied or {}).items() if name in given), otherwise)
            if table is None:
                raise _error_of([fault("missing", (tag,), given, expected=words)])
            return table.model_validate(given)
        table = by_word.get(given[tag]) if isinstance(given[tag], str) else None
        if table is None:
            raise _error_of([fault("value_error", (tag,), given[tag], error=Invalid(words))])
        return table.model_validate(given)

    return BeforeValidator(choose)


def one_of(*words: str) -> str:
    """List words as the file writes them."""
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def valid(rule: Rule) -> BeforeValidator:
    """Return a validator that checks a rule."""

    def checked(value: object) -> object:
        if not rule.accepts(value):
            raise Invalid(str(rule))
        return value

    return BeforeValidator(checked)


def number_or_table(rule: Number) -> PlainValidator:
    """Return a validator of a number, or a table from names to numbers, that follow a rule."""

    def checked(value: object) -> object:
        if rule.accepts(value):
            return value
        if isinstance(value, Mapping) and value and all(map(rule.accepts, value.values())):
            return {str(name): float(each) for name, each in value.items()}
        raise Invalid(f"{rule}, or a table from names to such numbers")

    return PlainValidator(checked)


def number_or(*words: str) -> PlainValidator:
    """Return a validator of a number or one of some words."""

    def checked(value: object) -> object:
        if _NUMBER.accepts(value) or (isinstance(value, str) and value in words):
            return value
        raise Invalid(" or ".join(["a number", *(f'"{word}"' for word in words)]))

    return PlainValidator(checked)


def numbers_or_file(rule: Number, *, file: bool = False) -> PlainValidator:
    """Return a validator of a number, a table from names to numbers, or the path of a file (date x asset).

    Unlike those of `number_or_table`, whole numbers become floats.
    """
    words = ", or the path of a file with one row per date" if file else ""

    def checked(value: object) -> object:
        if file and (isinstance(value, Path) or (isinstance(value, str) and value.strip())):
            return Path(value)
        if rule.accepts(value):
            return float(value)  # type: ignore[arg-type]
        if isinstance(value, Mapping) and value and all(map(rule.accepts, value.values())):
            return {str(name): float(each) for name, each in value.items()}
        raise Invalid(f"{rule}{',' if file else ', or'} a table from names to such numbers{words}")

    return PlainValidator(checked)


def word_or_table(*words: str, least: float | None = None) -> PlainValidator:
    """Return a validator of one of some words, or of a table from names to numbers of at least `least`."""
    rule = Number(at_least=least)

    def checked(value: object) -> object:
        if isinstance(value, str) and value in words:
            return value
        if isinstance(value, Mapping) and value and all(map(rule.accepts, value.values())):
            return {str(name): float(each) for name, each in value.items()}
        raise Invalid(f"{one_of(*words)}, or a table from names to numbers")

    return PlainValidator(checked)


def is_finite(value: object) -> bool:
    """Return whether this is a finite number."""
    return _FINITE.accepts(value)


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise Invalid("a date such as 2015-12-31") from None
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise Invalid("a date such as 2015-12-31")
    return value


def _flows(value: object) -> object:
    if not isinstance(value, Mapping) or not value or not all(map(_FINITE.accepts, value.values())):
        raise Invalid("a table from dates to amounts, e.g. { 2021-06-30 = 10000, 2021-12-31 = -5000 }")
    return {str(_day(date)): float(amount) for date, amount in value.items()}


def _file(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        raise Invalid("the path of a file in quotes")
    return Path(value)


def _signs(value: object) -> object:
    if isinstance(value, Mapping) and value and all(type(each) is int and each in (-1, 1) for each in value.values()):
        return {str(name): each for name, each in value.items()}
    raise Invalid("a table from names to 1 (long) or -1 (short)")


def _range(value: object) -> tuple[float | None, float | None] | None:
    """The bounds of [least, most], None for an infinite one; None where the value is not such a list."""
    if isinstance(value, list | tuple) and len(value) == 2 and all(map(_NUMBER.accepts, value)):
        least, most = (float(each) for each in value)
        if least <= most and (math.isfinite(least) or math.isfinite(most)):
            return (least if math.isfinite(least) else None, most if math.isfinite(most) else None)
    return None


def _number_or_range(value: object) -> object:
    found = value if is_finite(value) else _range(value)
    if found is None:
        raise Invalid("a number, or [least, most] with inf or -inf for no limit")
    return found


def _ranges(value: object) -> object:
    found = {str(name): _range(each) for name, each in value.items()} if isinstance(value, Mapping) else {}
    if not found or None in found.values():
        raise Invalid("a table from names to [least, most], with inf or -inf for no limit")
    return found


def _groups(value: object) -> object:
    if isinstance(value, Mapping) and value and all(isinstance(each, str) for each in value.values()):
        return {str(name): each for name, each in value.items()}
    if isinstance(value, str) and value.strip():
        return Path(value)
    raise Invalid("the path of a file with the columns asset and group, or a table from assets to groups")


def _matrix(value: object) -> object:
    """A square table of tables, name by name."""
    rows = value if isinstance(value, Mapping) and value else {None: None}
    whole = all(
        isinstance(row, Mapping) and set(row) == set(rows) and all(map(is_finite, row.values()))
        for row in rows.values()
    )
    if not whole:
        raise Invalid("a table from each name to a table of numbers with the same names")
    return {str(name): {str(other): float(each) for other, each in row.items()} for name, row in rows.items()}  # type: ignore[union-attr]


def _days(value: object) -> object:
    if isinstance(value, Mapping) and value:
        return {str(name): _day(each) for name, each in value.items()}
    raise Invalid("a table from assets to dates")


_FINITE, _NUMBER = Number(), Number(infinite=True)
Limits = tuple[float | None, float | None]

Day = Annotated[dt.date, BeforeValidator(_day)]
File = Annotated[Path, BeforeValidator(_file)]
NumberOrTable = Annotated[float | dict[str, float], number_or_table(_NUMBER)]
FiniteOrTable = Annotated[float | dict[str, float], number_or_table(_FINITE)]
VarianceOrTable = Annotated[float | dict[str, float], number_or_table(Number(at_least=0.0))]
AmountOrTable = Annotated[float | dict[str, float], numbers_or_file(Number(at_least=0.0))]
RateOrFile = Annotated[float | dict[str, float] | Path, numbers_or_file(_FINITE, file=True)]
Flows = Annotated[dict[str, float], PlainValidator(_flows)]
Signs = Annotated[dict[str, Literal[-1, 1]], PlainValidator(_signs)]
NumberOrRange = Annotated[float | Limits, PlainValidator(_number_or_range)]
Ranges = Annotated[dict[str, Limits], PlainValidator(_ranges)]
Days = Annotated[dict[str, dt.date], PlainValidator(_days)]
Matrix = Annotated[dict[str, dict[str, float]], PlainValidator(_matrix)]
Words = Annotated[str, Field(min_length=1)]
Options = dict[str, Any]
Groups = Annotated[Path | dict[str, str], PlainValidator(_groups)]

Positive = Annotated[float, valid(Number(above=0.0))]
NotNegative = Annotated[float, valid(Number(at_least=0.0))]
Share = Annotated[float, valid(Number(above=0.0, below=1.0))]
Confidence = Annotated[float, valid(Number(at_least=0.5, below=1.0))]
Count = Annotated[int, valid(Whole(at_least=1))]
CountOrZero = Annotated[int, valid(Whole(at_least=0))]
