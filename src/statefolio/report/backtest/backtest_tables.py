"""Builds tables of back-tests: measures, costs, events and look-ahead checks."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from statefolio._display.headings import capitalised, heading
from statefolio._display.measures import IN_PERCENT, measure
from statefolio._display.numbers import MISSING, P_VALUE
from statefolio.report.backtest.protocols import FEES, INCOME, Backtest, LookAheadCheck

FIRST_EVENTS = 15
IN_PROBABILITY = ("probabilistic", "deflated", "probability")
RIGHT = ">"
"""The format of text aligned to the right of its column."""


def measures_table(measures: pd.DataFrame) -> pd.DataFrame:
    """Return measures (measure x strategy) as texts with units that follow from the measures' names.

    Durations are whole numbers of dates; returns, volatilities, drawdowns, turnover and the like are in percent; all
    others are plain numbers.
    """
    shown = pd.DataFrame(
        {str(name): [measure(str(key), value) for key, value in measures[name].items()] for name in measures.columns}
    )
    shown.insert(0, "measure", [capitalised(heading(key).replace("_", " ")) for key in measures.index])
    return shown


def right(table: pd.DataFrame) -> dict[str, str]:
    """Return formats that align all columns but the first to the right."""
    return {str(name): RIGHT for name in table.columns[1:]}


def column_formats(table: pd.DataFrame) -> dict[str, str]:
    """Return the formats of float columns whose names show that they are percentages or p-values."""
    found = {}
    for name in table.columns:
        text = str(name).lower()
        if not pd.api.types.is_float_dtype(table[name]):
            continue
        if "p_value" in text or "p value" in text:
            found[str(name)] = P_VALUE
        elif any(word in text for word in IN_PROBABILITY + IN_PERCENT) and "ratio" not in text:
            found[str(name)] = ".1%"
    return found


def cost_table(results: Mapping[str, Backtest]) -> pd.DataFrame:
    """Return the costs of each back-test by kind and the interest on its cash, in currency.

    The column "Cost per year" is the total over the mean value and over the years, in decimals.
    """
    rows = []
    for name, result in results.items():
        ledger = result.ledger
        paid = {label: float(ledger[column].sum()) for column, label in FEES.items() if column in ledger}
        years = max(len(ledger) - 1, 0) / result.periods_per_year
        scale = years * float(ledger["value"].mean())
        total, traded = sum(paid.values()), float(result.turnover.fillna(0.0).sum())
        rows.append(
            {
                "strategy": name,
                **paid,
                "All costs": total,
                "Interest on cash": float(ledger["cash_interest"].sum()),
                "Cost per year": total / scale if scale > 0.0 else np.nan,
                "Turnover per year": traded / years if years > 0.0 else np.nan,
            }
        )
    return pd.DataFrame(rows)


def income_table(results: Mapping[str, Backtest]) -> pd.DataFrame:
    """Return dividends, rebates, deposits and withdrawals of each back-test; without any, the names alone."""
    rows = []
    for name, result in results.items():
        sums = {
            label: float(result.ledger[column].sum()) for column, label in INCOME.items() if column in result.ledger
        }
        rows.append({"strategy": name, **sums})
    return pd.DataFrame(rows)


def event_counts(results: Mapping[str, Backtest]) -> pd.DataFrame:
    """Return the number of events of each kind in each back-test."""
    kinds = list(dict.fromkeys(kind for result in results.values() for kind in result.events["kind"]))
    found = [{kind: int((result.events["kind"] == kind).sum()) for kind in kinds} for result in results.values()]
    table = pd.DataFrame(found, columns=kinds)
    table.insert(0, "strategy", list(results))
    return table


def first_events(results: Mapping[str, Backtest], first: int = FIRST_EVENTS) -> pd.DataFrame:
    """Return the first events of each kind of each back-test, in the order of their dates.

    Each kind is shown once before any is shown twice, so that many unfilled orders do not hide a bankruptcy.
    """
    parts = [result.events.assign(strategy=name) for name, result in results.items() if len(result.events)]
    if not parts:
        return pd.DataFrame(columns=["date", "strategy", "kind", "asset", "detail"])
    every = pd.concat(parts, ignore_index=True).sort_values("date", kind="stable")
    occurrence = every.groupby(["strategy", "kind"]).cumcount()
    shown = every.loc[occurrence.sort_values(kind="stable").index[:first]].sort_values("date", kind="stable")
    return shown[["date", "strategy", "kind", "asset", "detail"]].fillna("").reset_index(drop=True)


def check_table(checks: Mapping[str, LookAheadCheck]) -> pd.DataFrame:
    """Return the result of the look-ahead check of each strategy."""
    rows = [
        {
            "strategy": name,
            "verdict": check.verdict,
            "First changed decision": MISSING if check.first_difference is None else check.first_difference,
            "Cuts": len(check.cuts),
            "First cut": min(check.cuts) if len(check.cuts) else MISSING,
            "Last cut": max(check.cuts) if len(check.cuts) else MISSING,
            "Result": check.detail,
        }
        for name, check in checks.items()
    ]
    return pd.DataFrame(rows, dtype=object)
