"""Lists what happened in an account, by date: fallbacks, notes, unfilled orders, missing data, delistings."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.backtest.market_tables import MarketTables, mean_return
from statefolio.backtest.settlement import DELISTED, UNFILLED
from statefolio.exceptions import StatefolioWarning

FALLBACK, NOTE, UNFILLED_ORDER, MISSING_RETURN, MISSING_FACTORS, CLOSED, BANKRUPT = (
    "fallback",
    "note",
    "unfilled",
    "missing return",
    "factors missing",
    "delisted",
    "bankrupt",
)
_NO_RETURN, _NO_PRICE, _NO_VOLUME, _COUNTED_AS_0 = range(4)
_DETAILS = (
    "no return on this date",
    "no price at the previous close",
    "no volume or volatility known",
    "held over a missing return, counted as 0",
)


class Happened(NamedTuple):
    """What an account recorded from row `start` of the market to row `stop`, exclusive."""

    start: int
    stop: int
    marks: "npt.NDArray[np.uint8]"
    weights: Array
    fallbacks: Sequence[tuple[int, str]]
    notes: Sequence[tuple[int, str]]
    decided: Sequence[int]
    final_value: float | None


class _Group(NamedTuple):
    """Events of one kind: rows, places of the assets (-1 for none), and a text each or one of `_DETAILS` each."""

    kind: str
    rows: Any
    places: Any
    details: "list[str] | npt.NDArray[np.int64]"


def list_events(happened: Happened, tables: MarketTables) -> pd.DataFrame:
    """Return the events of an account (date, kind, asset, detail), sorted by date.

    Parameters
    ----------
    happened
        Records of the account; `final_value` is its value if it is bankrupt, else None.
    tables
        The market.
    """
    dates = tables.returns.dates
    groups = [
        _said(FALLBACK, happened.fallbacks),
        _said(NOTE, happened.notes),
        _unfilled(happened, tables),
        _missing_returns(happened, tables),
        _missing_factors(happened, tables),
        _stale_factors(happened, tables),
        _delisted(happened, tables),
    ]
    if happened.final_value is not None:
        groups.append(_Group(BANKRUPT, *_without_asset([happened.stop - 1]), [f"value {happened.final_value:.6g}"]))
    texts = [*_DETAILS]
    codes: list[Any] = []
    for group in groups:
        written = isinstance(group.details, list)
        codes.append(np.arange(len(texts), len(texts) + len(group.details)) if written else group.details)
        texts += group.details if written else []
    rows = np.concatenate([np.asarray(group.rows, dtype=np.int64) for group in groups])
    places = np.concatenate([np.asarray(group.places, dtype=np.int64) for group in groups])
    order = np.argsort(rows, kind="stable")
    kinds = np.repeat(np.arange(len(groups)), [len(group.rows) for group in groups])
    return pd.DataFrame(
        {
            "date": dates[rows[order]],
            "kind": pd.Index([group.kind for group in groups]).take(kinds[order]),
            "asset": pd.Index([""]).append(tables.returns.names).take(places[order] + 1),
            "detail": pd.Index(texts).take(np.concatenate(codes).astype(np.int64)[order]),
        }
    )


def warn_of_missing_returns(events: Mapping[str, pd.DataFrame]) -> None:
    """Warn once if accounts held assets over missing returns between known ones, whose moves are lost."""
    lost = {name: found for name, table in events.items() if len(found := table[table["kind"] == MISSING_RETURN])}
    if not lost:
        return
    name, found = max(lost.items(), key=lambda item: len(item[1]))
    first = found.iloc[0]
    warnings.warn(
        f"returns must be known while an asset is held, got {len(found)} missing returns of {found['asset'].nunique()} "
        f"held assets in {name!r} (first: {first['asset']!r} on {show(first['date'])}). The account counts them as 0. "
        "Use Market.from_prices(prices), or gaps_bridged=True if the return after a gap holds the whole move.",
        StatefolioWarning,
        stacklevel=4,
    )


def _said(kind: str, reasons: Sequence[tuple[int, str]]) -> _Group:
    """Reasons of decisions."""
    return _Group(kind, *_without_asset([row for row, _ in reasons]), [text for _, text in reasons])


def _without_asset(rows: Any) -> tuple[Any, Any]:
    return rows, np.full(len(rows), -1)


def _unfilled(happened: Happened, tables: MarketTables) -> _Group:
    rows, places = np.nonzero(happened.marks == UNFILLED)
    rows += happened.start
    details = np.where(np.isnan(tables.returns.values[rows, places]), _NO_RETURN, _NO_VOLUME)
    if tables.spans_gap is not None:
        details[tables.spans_gap[rows, places]] = _NO_PRICE
    return _Group(UNFILLED_ORDER, rows, places, details)


def _delisted(happened: Happened, tables: MarketTables) -> _Group:
    rows, places = np.nonzero(happened.marks == DELISTED)
    details = [f"closed at a return of {earned:.4%}" for earned in tables.delisting_return[places]]
    return _Group(CLOSED, rows + happened.start, places, details)


def _missing_returns(happened: Happened, tables: MarketTables) -> _Group:
    """Positions held over missing returns, where the move is in no later return."""
    lost = tables.unknown_moves[happened.start : happened.stop] & (happened.weights != 0.0)
    rows, places = np.nonzero(lost)
    return _Group(MISSING_RETURN, rows + happened.start, places, np.full(len(rows), _COUNTED_AS_0))


def _missing_factors(happened: Happened, tables: MarketTables) -> _Group:
    rows = np.flatnonzero(tables.missing_factors[happened.start : happened.stop]) + happened.start
    earned = [mean_return(tables.returns.values[row : row + 1]) for row in rows]
    details = [f"models do not see this date; equal weights of the assets earned {one:.2%}" for one in earned]
    return _Group(MISSING_FACTORS, *_without_asset(rows), details)


def _stale_factors(happened: Happened, tables: MarketTables) -> _Group:
    """Decisions made on a date without factors."""
    missing, dates = tables.missing_factors, tables.returns.dates
    rows = [row for row in happened.decided if missing[row]]
    known = [np.flatnonzero(~missing[:row]) for row in rows]
    details = [
        f"decision with factors known until {show(dates[seen[-1]])}, {row - seen[-1]} dates before"
        if len(seen)
        else "decision without any known factors"
        for row, seen in zip(rows, known, strict=True)
    ]
    return _Group(MISSING_FACTORS, *_without_asset(rows), details)
