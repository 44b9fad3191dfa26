"""Types that several tables of a study file share, each with what it expects said in words."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

_LARGEST = 1e300
"""Numbers from here on are not told from infinity; whole ones may not fit into a float at all."""


class Table(BaseModel):
    """A table of the file: no field it does not know, and no value that is merely like what is expected."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise ValueError("a date such as 2015-12-31 was expected") from None
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise ValueError("a date such as 2015-12-31 was expected")
    return value


def _file(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("the path of a file, in quotes, was expected")
    return Path(value)


def _is_number(value: object) -> TypeGuard[float]:
    return is_finite(value) or (isinstance(value, float) and math.isinf(value))


def is_finite(value: object) -> TypeGuard[float]:
    """Whether this is a number that a formula can use: no true or false, no NaN, no infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _number_or_table(value: object) -> object:
    """A number, or a table from names to numbers."""
    if _is_number(value):
        return value
    if isinstance(value, Mapping) and value and all(_is_number(each) for each in value.values()):
        return {str(name): float(each) for name, each in value.items()}
    raise ValueError("a number, or a table from names to numbers, was expected")


def _finite_or_table(value: object) -> object:
    given = _number_or_table(value)
    if all(map(is_finite, given.values() if isinstance(given, Mapping) else [given])):
        return given
    raise ValueError("a finite number, or a table from names to finite numbers, was expected")


def _variance_or_table(value: object) -> object:
    given = _finite_or_table(value)
    if all(each >= 0.0 for each in (given.values() if isinstance(given, Mapping) else [given])):  # type: ignore[operator]
        return given
    raise ValueError("a variance of 0 or more, or a table from names to variances, was expected")


def _signs(value: object) -> object:
    if isinstance(value, Mapping) and value and all(type(each) is int and each in (-1, 1) for each in value.values()):
        return {str(name): each for name, each in value.items()}
    raise ValueError("a table from names to 1 (long) or -1 (short) was expected")


def _range(value: object) -> object:
    """[least, most]; inf and -inf are no limit."""
    if isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(each) for each in value):
        least, most = (float(each) for each in value)
        if least <= most and (math.isfinite(least) or math.isfinite(most)):
            return (least if math.isfinite(least) else None, most if math.isfinite(most) else None)
    raise ValueError("[least, most] was expected, in this order; inf or -inf stands for no limit")


def number_or(*words: str) -> Callable[[object], object]:
    """Return what checks that a value is a number or one of some words."""

    def check(value: object) -> object:
        if _is_number(value) or (isinstance(value, str) and value in words):
            return value
        raise ValueError(" or ".join(["a number", *(f'"{word}"' for word in words)]) + " was expected")

    return check


def _number_or_range(value: object) -> object:
    if is_finite(value):
        return value
    try:
        return _range(value)
    except ValueError:
        raise ValueError("a number, or [least, most] with inf or -inf for no limit, was expected") from None


def _ranges(value: object) -> object:
    if isinstance(value, Mapping) and value:
        return {str(name): _range(each) for name, each in value.items()}
    raise ValueError("a table from names to [least, most] was expected")


def _groups(value: object) -> object:
    """A file with the columns asset and group, or a table from assets to groups."""
    if isinstance(value, Mapping) and value and all(isinstance(each, str) for each in value.values()):
        return {str(name): each for name, each in value.items()}
    if isinstance(value, str) and value.strip():
        return Path(value)
    raise ValueError(
        "the path of a file with the columns asset and group, or a table from assets to groups, was expected"
    )


Limits = tuple[float | None, float | None]

Day = Annotated[dt.date, BeforeValidator(_day)]
File = Annotated[Path, BeforeValidator(_file)]
NumberOrTable = Annotated[float | dict[str, float], PlainValidator(_number_or_table)]
FiniteOrTable = Annotated[float | dict[str, float], PlainValidator(_finite_or_table)]
VarianceOrTable = Annotated[float | dict[str, float], PlainValidator(_variance_or_table)]
Signs = Annotated[dict[str, Literal[-1, 1]], PlainValidator(_signs)]
NumberOrRange = Annotated[float | Limits, PlainValidator(_number_or_range)]
Ranges = Annotated[dict[str, Limits], PlainValidator(_ranges)]
Groups = Annotated[Path | dict[str, str], PlainValidator(_groups)]

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Count = Annotated[int, Field(ge=1)]
Options = dict[str, Any]
