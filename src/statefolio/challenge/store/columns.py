"""Column types that are the same in SQLite and PostgreSQL: moments in UTC, and JSON text with a fixed form."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Number = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database counts up: SQLite does so for INTEGER alone."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> int | None:
        """Return the microseconds."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any | None, _: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class Json(TypeDecorator[Any]):
    """A value as JSON text with sorted keys and without NaN."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, _: Dialect) -> str | None:
        """Return the text."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: Any | None, _: Dialect) -> Any | None:
        """Return the value."""
        return None if value is None else json.loads(value)


def json_text(value: Any) -> str:
    """Write a value as compact JSON with sorted keys.

    Examples
    --------
    >>> json_text({"b": 1, "a": [None, 0.5]})
    '{"a":[null,0.5],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970 in UTC.

    Examples
    --------
    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (moment - _EPOCH) // _MICROSECOND
