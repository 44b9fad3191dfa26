"""The last part of the data, sealed: who develops sees only the rest, and every opening is written down."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.dates import read_date
from statefolio._arrays.text import show, span
from statefolio._options import is_number
from statefolio.backtest.validation.content import plain
from statefolio.backtest.validation.record_file import read_record, write_record
from statefolio.backtest.validation.sealed_data import dates_of, hash_between, until
from statefolio.exceptions import InputError

_KIND = "statefolio holdout"
_FIELDS = ("asked", "start", "end", "dates", "sha256", "sealed", "openings")


class Holdout:
    """A sealed part of the data, made by `Holdout.seal`.

    The record is a small JSON file: the dates sealed, a hash of their content, when they were sealed, and every
    opening with its result. It alone holds times of day, so that a study's results are the same bytes when re-run.
    A seal stops nobody from reading the data by other ways; it makes what was done visible.
    """

    def __init__(self, data: Any, record: Path) -> None:
        self._data = data
        self._record = record

    @classmethod
    def seal(cls, data: Any, *, record: str | Path, share: float | None = None, start: Any = None) -> "Holdout":
        """Seal the last part of the data, or find it sealed already and unchanged.

        Parameters
        ----------
        data : Market, DataFrame by date, or mapping of such frames
        record : path
            The record file. If it is there, its seal is kept and verified: a re-run changes nothing in it. Dates
            after the sealed ones may have been added since.
        share : float, optional
            Of the dates to seal, between 0 and 1. Default .2.
        start : date, optional
            First date to seal, instead of a share.

        Returns
        -------
        Holdout

        Raises
        ------
        InputError
            If the data of the sealed dates are not those that were sealed, or the record was made with other options.
        """
        if share is not None and start is not None:
            raise InputError(f"share={share!r} and start={start!r} came; one of them was expected. Drop one.")
        asked = _asked(0.2 if share is None else share, start)
        path = Path(record)
        if not path.exists():
            write_record(path, _sealed(data, asked))
        holdout = cls(data, path)
        found = holdout.record
        if found["asked"] != asked:
            raise InputError(
                f"{path} was made with {found['asked']}, now {asked} came; the same was expected, for moving a seal "
                "opens it. Take the former option, or another record file."
            )
        holdout.verify()
        return holdout

    @property
    def record(self) -> dict[str, Any]:
        """What the record file says now."""
        return read_record(self._record, _KIND, _FIELDS)

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
        """The data before the seal, in the form they came in: what choices may be made on."""
        dates = dates_of(self._data)
        return until(self._data, dates[dates < self.start][-1])

    @property
    def times_opened(self) -> int:
        """How often it was opened; once is honest."""
        return len(self.record["openings"])

    @property
    def openings(self) -> pd.DataFrame:
        """A row an opening: `opened` (UTC), `what`, and the result's entries; for a report."""
        rows = [
            {"opened": one["opened"], "what": one["what"], **_entries(one["result"])} for one in self.record["openings"]
        ]
        number = pd.RangeIndex(1, len(rows) + 1, name="opening")
        return pd.DataFrame(rows, index=number, columns=None if rows else ["opened", "what"])

    def describe(self) -> str:
        """Say in a sentence what is sealed and how often it was opened."""
        found, times = self.record, self.times_opened
        opened = {0: "not opened yet", 1: "opened once"}.get(times, f"opened {times} times: only the first counts")
        return f"{found['dates']} dates from {found['start']} to {found['end']} are sealed; {opened}."

    def verify(self) -> None:
        """See that the sealed dates hold what they held when they were sealed.

        Raises
        ------
        InputError
            If not.
        """
        found = self.record
        now = hash_between(self._data, pd.Timestamp(found["start"]), pd.Timestamp(found["end"]))
        if now != found["sha256"]:
            raise InputError(
                f"the data from {found['start']} to {found['end']} have the hash {now[:12]}..., but "
                f"{found['sha256'][:12]}... was sealed in {self._record}; the same data were expected. Restore them, "
                "or seal anew under another name and say so."
            )

    def open(self, score: Callable[[Any, pd.Timestamp], Any], what: str) -> Any:
        """Score on the sealed dates, and write it down.

        Parameters
        ----------
        score : callable
            Called once with the data up to the last sealed date, and the first sealed date: a back-test may learn
            from what is before and is judged on what is after. Returns a number, or a mapping or Series of numbers.
        what : str
            What is scored, for the record.

        Returns
        -------
        The result of `score`.

        Raises
        ------
        InputError
            If the data were changed. If `score` raises, the opening stays in the record without a result.
        """
        self.verify()
        opening: dict[str, Any] = {"opened": _now(), "what": str(what), "result": None}
        record = self.record
        record["openings"].append(opening)
        write_record(self._record, record)
        result = score(until(self._data, self.end), self.start)
        opening["result"] = _written(result)
        write_record(self._record, record)
        return result


def _asked(share: Any, start: Any) -> dict[str, Any]:
    if start is not None:
        return {"start": show(read_date(start, "start"))}
    if not is_number(share) or not 0.0 < share < 1.0:
        raise InputError(f"share={share!r}; a number between 0 and 1 was expected. Pass e.g. 0.2.")
    return {"share": float(share)}


def _sealed(data: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    dates = dates_of(data)
    first = len(dates) - round(asked["share"] * len(dates)) if "share" in asked else dates.searchsorted(asked["start"])
    if not 0 < first < len(dates):
        raise InputError(
            f"{asked} of {span(dates)} leaves {first} dates to develop on and {len(dates) - first} sealed; some of "
            "each were expected. Choose another share or start."
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


def _written(result: Any) -> Any:
    if isinstance(result, pd.Series):
        result = result.to_dict()
    return plain(result)


def _entries(result: Any) -> dict[str, Any]:
    if isinstance(result, Mapping):
        return dict(result)
    return {} if result is None else {"result": result}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
