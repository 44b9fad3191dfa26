"""Forward files: weights or forecasts for dates that have not come, read within bounds."""

import datetime as dt
import hashlib
import io
import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.challenge.rules.settings import GatesTable
from statefolio.challenge.rules.strict_json import BodyTooLarge, InvalidBody, short
from statefolio.challenge.rules.universe import Universe

MAX_FILE_BYTES = 1_048_576
MAX_DATES = 260
MAX_CELLS = 200_000
_TOLERANCE = 1e-6
_MOST_DAYS = 400
_LARGEST_MEAN = 1.0
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PARQUET = b"PAR1"


class InvalidForwardFile(InvalidBody):
    """Raised for a forward file that cannot be used.

    Examples
    --------
    >>> raise InvalidForwardFile(["it must have a column date. Add it."])
    Traceback (most recent call last):
    statefolio.challenge.rules.forward_files.InvalidForwardFile: the file has one fault...
    """

    what = "the file"


@dataclass(frozen=True, eq=False)
class ForwardFile:
    """A forward file, checked.

    Attributes
    ----------
    kind : {"weights", "forecasts"}
    table : DataFrame by date
        Weights: one column per asset, shares of the value held over the date's return. Forecasts: columns (asset,
        "mean") and (asset, "volatility") of the date's return.
    hash : str
        SHA-256 of the bytes.
    """

    kind: Literal["weights", "forecasts"]
    table: pd.DataFrame
    hash: str


def read_forward(
    raw: bytes, universe: Universe, gates: GatesTable, last_date: pd.Timestamp, received: dt.datetime
) -> ForwardFile:
    r"""Read a forward file.

    Parameters
    ----------
    raw
        CSV or Parquet of at most 1 MiB, 260 dates and 200,000 numbers: a column `date`, and then either one column per
        asset (weights; assets without a column get none), or the columns `ASSET mean` and `ASSET volatility` for every
        asset (forecasts), in decimals.
    universe
        Names of the public data.
    gates
        Of the rules: weights are checked against them now, turnover once the dates have come.
    last_date
        Last date of the data that exist.
    received
        Server time, UTC. It must be before the first date begins.

    Raises
    ------
    BodyTooLarge, InvalidForwardFile
        If the file cannot be used.

    Examples
    --------
    >>> text = b"date,KO,PEP\n2030-01-02,0.5,0.5\n2030-01-03,0.4,0.6\n"
    >>> now, last = dt.datetime(2029, 12, 31, tzinfo=dt.UTC), pd.Timestamp("2029-12-28")
    >>> gates = GatesTable(weight=0.6, holdings=2)
    >>> read_forward(text, Universe(("KO", "PEP"), ("market",)), gates, last, now).table.shape
    (2, 2)
    """
    if len(raw) > MAX_FILE_BYTES:
        raise BodyTooLarge([f"it must have at most {MAX_FILE_BYTES:,} bytes, got {len(raw):,}. Shorten it."])
    table = _parquet(raw) if raw[:4] == _PARQUET else _csv(raw)
    _check_dates(table, last_date, received)
    pairs = [(asset, what) for asset in universe.assets for what in ("mean", "volatility")]
    columns = list(map(str, table.columns))
    found = hashlib.sha256(raw).hexdigest()
    if set(columns) <= set(universe.assets):
        _check_weights(table, gates)
        return ForwardFile("weights", table.reindex(columns=list(universe.assets), fill_value=0.0), found)
    if set(columns) == {f"{asset} {what}" for asset, what in pairs}:
        ordered = table[[f"{asset} {what}" for asset, what in pairs]]
        ordered.columns = pd.MultiIndex.from_tuples(pairs)
        _check_forecasts(ordered)
        return ForwardFile("forecasts", ordered, found)
    known = {*universe.assets, *(f"{asset} {what}" for asset, what in pairs)}
    odd = [name for name in columns if name not in known]
    detail = f'the unknown column "{short(odd[0])}"' if odd else "some assets' columns alone, or both kinds"
    raise InvalidForwardFile(
        [
            "it must have one column per asset, or ASSET mean and ASSET volatility for every asset, got "
            f"{detail}. Correct it."
        ]
    )


def _csv(raw: bytes) -> pd.DataFrame:
    """Read CSV by hand: numbers and dates alone, no quotes."""
    try:
        lines = raw.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise InvalidForwardFile(["it must be UTF-8 text or Parquet, got other bytes. Save it as CSV."]) from None
    rows = [line.rstrip("\r").split(",") for line in lines if line.strip()]
    header = [name.strip() for name in rows[0]] if rows else [""]
    _check_shape(len(rows) - 1, header)
    values = np.empty((len(rows) - 1, len(header) - 1))
    dates = []
    for number, row in enumerate(rows[1:]):
        if len(row) != len(header):
            raise InvalidForwardFile([f"row {number + 1} must have {len(header)} values, got {len(row)}. Correct it."])
        try:
            values[number] = [float(text) if len(text) <= 40 else np.nan for text in row[1:]]
        except ValueError:
            raise InvalidForwardFile([f"row {number + 1} must have numbers, got other text. Correct it."]) from None
        dates.append(row[0].strip())
    return pd.DataFrame(values, index=_read_dates(dates), columns=header[1:])


def _parquet(raw: bytes) -> pd.DataFrame:
    """Read Parquet whose size is checked in its footer first: text could expand to any size, numbers cannot."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(raw))
        schema = file.schema_arrow
        names = [name for name in schema.names if name not in ("date", "__index_level_0__")]
        index = "date" if "date" in schema.names else "__index_level_0__"
        _check_shape(file.metadata.num_rows, ["date", *names])
        numbers = (pa.types.is_floating, pa.types.is_integer)
        good = index in schema.names and all(any(is_(schema.field(name).type) for is_ in numbers) for name in names)
        if not good or not (
            pa.types.is_timestamp(schema.field(index).type) or pa.types.is_date(schema.field(index).type)
        ):
            raise InvalidForwardFile(
                ["it must have a column date of dates, and columns of numbers, got other types. Convert them."]
            )
        read = file.read(columns=[index, *names], use_threads=False)
        values = np.column_stack([read.column(name).to_numpy().astype(np.float64) for name in names])
        days = [show(pd.Timestamp(day)) for day in read.column(index).to_pylist()]
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        if isinstance(error, InvalidBody):
            raise
        raise InvalidForwardFile(["it must be Parquet, got a file that cannot be read. Save it again."]) from None
    return pd.DataFrame(values, index=_read_dates(days), columns=names)


def _check_shape(rows: int, header: list[str]) -> None:
    if header[0] != "date":
        raise InvalidForwardFile([f'its first column must be date, got "{short(header[0])}". Rename it.'])
    if len(set(header)) < len(header):
        raise InvalidForwardFile(["it must have each column once, got one twice. Leave one out."])
    if not 1 <= rows <= MAX_DATES or len(header) < 2 or rows * len(header) > MAX_CELLS:
        raise InvalidForwardFile(
            [
                f"it must have 1 to {MAX_DATES} dates and at most {MAX_CELLS:,} numbers, got {rows} rows of "
                f"{len(header) - 1}. Send the nearest dates."
            ]
        )


def _read_dates(texts: list[str]) -> pd.DatetimeIndex:
    for text in texts:
        if not _DAY.fullmatch(text):
            raise InvalidForwardFile([f'dates must be such as 2030-01-02, got "{short(text)}". Correct it.'])
    try:
        return pd.DatetimeIndex([dt.datetime.fromisoformat(text) for text in texts], name="date")
    except (ValueError, pd.errors.OutOfBoundsDatetime):
        raise InvalidForwardFile(["dates must exist, got one that does not. Correct it."]) from None


def _check_dates(table: pd.DataFrame, last_date: pd.Timestamp, received: dt.datetime) -> None:
    dates = pd.DatetimeIndex(table.index)
    if not (dates.is_monotonic_increasing and dates.is_unique):
        raise InvalidForwardFile(["dates must increase, got one twice or out of order. Sort the rows."])
    if dates[0] <= last_date:
        raise InvalidForwardFile(
            [f"dates must be after {show(last_date)}, the last one of the data, got {show(dates[0])}. Leave it out."]
        )
    if received >= dates[0].to_pydatetime().replace(tzinfo=dt.UTC):
        raise InvalidForwardFile(
            [
                f"the first date, {show(dates[0])}, must begin after the file arrives, got it at "
                f"{received:%Y-%m-%d %H:%M:%S} UTC. Leave it out."
            ]
        )
    arrived = pd.Timestamp(received.astimezone(dt.UTC).replace(tzinfo=None))
    if dates[-1] > max(last_date, arrived) + pd.Timedelta(days=_MOST_DAYS):
        raise InvalidForwardFile(
            [f"dates must lie within {_MOST_DAYS} days of the file's arrival, got later ones. Leave them out."]
        )


def _check_weights(table: pd.DataFrame, gates: GatesTable) -> None:
    values = table.to_numpy()
    if not np.isfinite(values).all():
        raise InvalidForwardFile(["weights must be numbers, got a missing or infinite one. Write 0 for none."])
    if np.abs(values).max() > gates.weight + _TOLERANCE:
        raise InvalidForwardFile([f"weights must be at most {gates.weight:g}, long or short, got more. Lower them."])
    held = (np.abs(values) > _TOLERANCE).sum(axis=1)
    if held.min() < gates.holdings:
        raise InvalidForwardFile([f"each date must have {gates.holdings} assets or more, got {held.min()}. Add some."])


def _check_forecasts(table: Any) -> None:
    mean = table.xs("mean", axis=1, level=1).to_numpy()
    volatility = table.xs("volatility", axis=1, level=1).to_numpy()
    if not (np.abs(mean) <= _LARGEST_MEAN).all():
        raise InvalidForwardFile(["means must be returns in decimals between -1 and 1, got others. Correct them."])
    if not ((volatility > 1e-6) & (volatility <= _LARGEST_MEAN)).all():
        raise InvalidForwardFile(
            ["volatilities must be of one date, in decimals, between 0.000001 and 1, got others. Correct them."]
        )
