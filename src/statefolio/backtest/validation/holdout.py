"""Seals the last part of the data for a final test, and records every time it is opened."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.dates import read_date
from statefolio._arrays.text import show, shown, span
from statefolio._options import Number, check
from statefolio._writing import place_of
from statefolio.backtest.validation.content_hash import to_plain
from statefolio.backtest.validation.record_file import read_record, write_record
from statefolio.backtest.validation.sealed_data import dates_of, hash_between, until
from statefolio.exceptions import FileFormatError, InputError

_KIND = "statefolio holdout"
_FIELDS: dict[str, type] = {
    "asked": dict,
    "start": str,
    "end": str,
    "dates": int,
    "sha256": str,
    "sealed": str,
    "openings": list,
}


_OPENING = {"opened", "what", "result"}


class Holdout:
    """A sealed part of the data; make one with `Holdout.seal`.

    The record is a small JSON file: the sealed dates, a hash of their content, when they were sealed, and every
    opening with its result. Only this file contains times of day, so that a study's results are the same bytes when it
    is run again. A seal does not prevent access to the data; it makes the openings visible.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[:, :3]
    >>> folder = tempfile.TemporaryDirectory()
    >>> holdout = sf.backtest.Holdout.seal(returns, record=Path(folder.name) / "holdout.json", start="2021")
    >>> holdout.development.index[-1]
    Timestamp('2020-12-31 00:00:00')
    >>> def mean_return(data, start):
    ...     return round(float(data.loc[start:].mean(axis=None)), 5)
    >>> holdout.open(mean_return, "equal weights")
    0.0001
    >>> holdout.describe()
    '501 dates from 2021-01-04 to 2022-12-28 are sealed; opened once.'
    >>> folder.cleanup()
    """

    def __init__(self, data: Any, record: Path) -> None:
        self._data = data
        self._record = record

    @classmethod
    def seal(cls, data: Any, *, record: str | Path, share: float | None = None, start: Any = None) -> "Holdout":
        """Seal the last part of the data, or verify an existing seal.

        Parameters
        ----------
        data : Market, DataFrame by date, or mapping of such frames
        record : path
            The record file. If it exists, its seal is kept and verified, and the file does not change. Dates after the
            sealed ones may have been added since.
        share : float, optional
            Share of the dates to seal, between 0 and 1. Default: 0.2.
        start : date, optional
            First date to seal, instead of a share.

        Returns
        -------
        Holdout

        Raises
        ------
        InputError
            If the data of the sealed dates have changed, or the record was made with other options.
        """
        if share is not None and start is not None:
            raise InputError(
                f"share and start must not both be given, got share={shown(share)} and start={shown(start)}. Drop one."
            )
        asked = _options(0.2 if share is None else share, start)
        path = place_of(record, "record")
        if not path.exists():
            write_record(path, _sealed(data, asked))
        holdout = cls(data, path)
        found = holdout.record
        if found["asked"] != asked:
            raise InputError(
                f"record must be that of a holdout with {asked}, got {path} made with {found['asked']}: moving a seal "
                "opens it. Pass the former options, or another record file."
            )
        holdout.verify()
        return holdout

    @property
    def record(self) -> dict[str, Any]:
        """Content of the record file."""
        found = read_record(self._record, _KIND, _FIELDS)
        try:
            bounds = [pd.Timestamp(found[name]) for name in ("start", "end")]
            sound = bounds[0] <= bounds[1] and all(set(each) >= _OPENING for each in found["openings"])
        except (ValueError, TypeError) as error:
            raise FileFormatError(f"{self._record} must have dates and openings, got others. Restore it.") from error
        if not sound:
            raise FileFormatError(f"{self._record} must have dates and openings, got others. Restore it.")
        return found

    @property
    def start(self) -> pd.Timestamp:
        """First sealed date."""
        return pd.Timestamp(self.record["start"])

    @property
    def end(self) -> pd.Timestamp:
        """Last sealed date."""
        return pd.Timestamp(self.record["end"])

    @property
    def development(self) -> Any:
        """The data before the seal, in the same form as the input: choices may use only these."""
        dates = dates_of(self._data)
        return until(self._data, dates[dates < self.start][-1])

    @property
    def times_opened(self) -> int:
        """Number of openings; only the first is an out-of-sample result."""
        return len(self.record["openings"])

    @property
    def openings(self) -> pd.DataFrame:
        """Openings as a table with one row each: `opened` (UTC), `what`, and the entries of the result."""
        rows = [
            {"opened": one["opened"], "what": one["what"], **_entries(one["result"])} for one in self.record["openings"]
        ]
        number = pd.RangeIndex(1, len(rows) + 1, name="opening")
        return pd.DataFrame(rows, index=number, columns=None if rows else ["opened", "what"])

    def describe(self) -> str:
        """Describe in a sentence what is sealed and how often it was opened."""
        found, times = self.record, self.times_opened
        opened = {0: "not opened yet", 1: "opened once"}.get(times, f"opened {times} times: only the first counts")
        return f"{found['dates']} dates from {found['start']} to {found['end']} are sealed; {opened}."

    def verify(self) -> None:
        """Check that the data of the sealed dates have not changed.

        Raises
        ------
        InputError
            If they have.
        """
        found = self.record
        now = hash_between(self._data, pd.Timestamp(found["start"]), pd.Timestamp(found["end"]))
        if now != found["sha256"]:
            raise InputError(
                f"data from {found['start']} to {found['end']} must have the hash {found['sha256'][:12]} that was "
                f"sealed in {self._record}, got {now[:12]}. Restore the data, or seal the new ones in another record."
            )

    def open(self, score: Callable[[Any, pd.Timestamp], Any], what: str) -> Any:
        """Open the holdout: compute a score on the sealed dates and record it.

        Parameters
        ----------
        score : callable
            Called once with the data up to the last sealed date, and the first sealed date. A back-test may learn from
            the data before that date and is judged on the data from it on. Returns a number, or a mapping or Series of
            numbers.
        what : str
            What is scored, for the record.

        Returns
        -------
        The result of `score`.

        Raises
        ------
        InputError
            If the data have changed. If `score` raises, the record keeps the opening without a result.
        """
        self.verify()
        opening: dict[str, Any] = {"opened": _now(), "what": str(what), "result": None}
        record = self.record
        record["openings"].append(opening)
        write_record(self._record, record)
        result = score(until(self._data, self.end), self.start)
        opening["result"] = _json_values(result)
        write_record(self._record, record)
        return result


def _options(share: Any, start: Any) -> dict[str, Any]:
    """Return the option that says what to seal, checked, in the form of the record."""
    if start is not None:
        return {"start": show(read_date(start, "start"))}
    check("share", share, Number(above=0.0, below=1.0, example=0.2))
    return {"share": float(share)}


def _sealed(data: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    dates = dates_of(data)
    first = len(dates) - round(asked["share"] * len(dates)) if "share" in asked else dates.searchsorted(asked["start"])
    if not 0 < first < len(dates):
        raise InputError(
            f"share or start must leave dates on both sides, got {asked} for {span(dates)}: {first} dates to develop "
            f"on and {len(dates) - first} sealed. Choose another share or start."
        )
    return {
        "kind": _KIND,
        "asked": dict(asked),
        "start": show(dates[first]),
        "end": show(dates[-1]),
        "dates": int(len(dates) - first),
        "sha256": hash_between(data, dates[first], dates[-1]),
        "sealed": _now(),
        "openings": [],
    }


def _json_values(result: Any) -> Any:
    if isinstance(result, pd.Series):
        result = result.to_dict()
    return to_plain(result)


def _entries(result: Any) -> dict[str, Any]:
    if isinstance(result, Mapping):
        return dict(result)
    return {} if result is None else {"result": result}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
