"""The one clock of the server, in UTC."""

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """Return the time of the server, aware, in UTC.

    Examples
    --------
    >>> now().tzinfo is UTC
    True
    """
    return datetime.now(UTC)


def start_of_day(moment: datetime) -> datetime:
    """Return midnight UTC before a moment: daily limits count from it.

    Examples
    --------
    >>> start_of_day(datetime(2026, 3, 1, 13, 30, tzinfo=UTC))
    datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def next_day(moment: datetime) -> datetime:
    """Return midnight UTC after a moment: daily limits reset at it.

    Examples
    --------
    >>> next_day(datetime(2026, 2, 28, 13, 30, tzinfo=UTC))
    datetime.datetime(2026, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return start_of_day(moment) + timedelta(days=1)


def shown(moment: datetime) -> str:
    """Write a moment to the second.

    Examples
    --------
    >>> shown(datetime(2026, 2, 28, 13, 30, 5, 999, tzinfo=UTC))
    '2026-02-28 13:30:05 UTC'
    """
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
