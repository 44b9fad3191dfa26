"""Returns and factors from files: read, cut, aligned, and looked through for suspicious cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from statefolio.data import align, find_suspicious_cells, load_demo, read_prices, read_returns, to_returns
from statefolio.exceptions import InputError, UnknownNameError


@dataclass(frozen=True)
class Source:
    """Where returns and factors come from, and how to read them."""

    returns: Path
    factors: Path
    prices: bool = False
    risk_free: str | None = None
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True)
class Inputs:
    """Returns and factors on the same dates, and what is known about them."""

    returns: pd.DataFrame
    factors: pd.DataFrame
    suspicious: pd.DataFrame
    about: Mapping[str, object]
    notes: tuple[str, ...]


def read_inputs(source: Source) -> Inputs:
    """Read both files and bring them to common dates."""
    table = read_prices(source.returns) if source.prices else read_returns(source.returns)
    factors = read_returns(source.factors)
    _check_column(factors, source)
    table, factors = _cut(table, source, str(source.returns)), _cut(factors, source, str(source.factors))
    suspicious = find_suspicious_cells(table, kind="prices" if source.prices else "returns")
    returns, factors, report = align(to_returns(table) if source.prices else table, factors)
    if source.risk_free is not None:
        returns = returns.sub(factors[source.risk_free], axis=0)
        factors = factors.drop(columns=source.risk_free)
    about: dict[str, object] = {
        "returns": f"{source.returns.name}{' (prices)' if source.prices else ''}",
        "factors file": source.factors.name,
        "risk-free rate": source.risk_free or "none subtracted",
        **_described(returns, factors, suspicious),
    }
    return Inputs(returns, factors, suspicious, about, tuple(str(report).splitlines()))


def demo_inputs() -> Inputs:
    """Return the bundled real data."""
    demo = load_demo()
    suspicious = find_suspicious_cells(demo.returns, kind="returns")
    about: dict[str, object] = {
        "returns": "real data bundled with skfolio",
        **_described(demo.returns, demo.factors, suspicious),
    }
    return Inputs(demo.returns, demo.factors, suspicious, about, (demo.description,))


def _check_column(factors: pd.DataFrame, source: Source) -> None:
    if source.risk_free is None:
        return
    names, file = [str(name) for name in factors.columns], source.factors
    if source.risk_free not in names:
        raise UnknownNameError(
            f"risk-free column {source.risk_free!r} is not in {file}, which has {', '.join(names)}. "
            "Name one of those with --risk-free, or leave it out."
        )
    if len(names) == 1:
        raise InputError(
            f"{source.factors} has no column beside the risk-free {source.risk_free!r}. At least one factor "
            "was expected: add one, or leave --risk-free out."
        )


def _cut(table: pd.DataFrame, source: Source, name: str) -> pd.DataFrame:
    """Keep the dates from `first` to `last`."""
    kept = table.loc[source.first : source.last]
    if kept.empty:
        edges = {"--from": source.first, "--to": source.last}
        asked = " ".join(f"{option} {edge:%Y-%m-%d}" for option, edge in edges.items() if edge)
        raise InputError(
            f"{name} has dates from {table.index[0]:%Y-%m-%d} to {table.index[-1]:%Y-%m-%d} and none with "
            f"{asked}. Choose dates that it has."
        )
    return kept


def _described(returns: pd.DataFrame, factors: pd.DataFrame, suspicious: pd.DataFrame) -> dict[str, object]:
    missing = int(returns.isna().to_numpy().sum())
    return {
        "dates": f"{len(returns):,}, {returns.index[0]:%Y-%m-%d} to {returns.index[-1]:%Y-%m-%d}",
        "assets": returns.shape[1],
        "factors": ", ".join(str(name) for name in factors.columns),
        "missing returns": f"{missing:,} ({missing / max(1, returns.size):.1%})",
        "cells that look wrong": len(suspicious),
    }
