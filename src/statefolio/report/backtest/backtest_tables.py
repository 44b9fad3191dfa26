"""Tables of back-tests: measures side by side, costs, and what happened on the way."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from statefolio.report.backtest.tested import FEES, Checked, Tested
from statefolio.report.tables import number, words

FIRST_EVENTS = 15
IN_PERCENT = ("return", "volatility", "drawdown", "cvar", "value_at_risk", "turnover", "drag", "cost", "fee", "hit")
ALSO_IN_PERCENT = ("exposure", "alpha", "error", "rate", "deviation")
IN_PROBABILITY = ("probabilistic", "deflated", "probability")
COUNTED = ("length", "dates", "duration", "count")
RIGHT = ">"
"""The format of text that stands at the right of its column."""


def measures_table(measures: pd.DataFrame) -> pd.DataFrame:
    """Return measures (measure x strategy) as texts: percentages where a measure is a share, dates as dates.

    A measure whose name says a length is a number of dates; one that names a return, a volatility, a drawdown, a
    turnover or the like is in percent; every other is a plain number.
    """
    shown = pd.DataFrame(
        {
            str(name): [_measure(str(measure), value) for measure, value in measures[name].items()]
            for name in measures.columns
        }
    )
    shown.insert(0, "measure", [words(measure) for measure in measures.index])
    return shown


def right(table: pd.DataFrame) -> dict[str, str]:
    """Return the formats that set every column but the first to the right."""
    return {str(name): RIGHT for name in table.columns[1:]}


def column_formats(table: pd.DataFrame) -> dict[str, str]:
    """Return formats of a table's columns of floats by what their names say: shares, p-values."""
    found = {}
    for name in table.columns:
        text = str(name).lower()
        if not pd.api.types.is_float_dtype(table[name]):
            continue
        if "p_value" in text or "p value" in text:
            found[str(name)] = ".3f"
        elif any(word in text for word in IN_PROBABILITY + IN_PERCENT) and "ratio" not in text:
            found[str(name)] = ".1%"
    return found


def cost_table(results: Mapping[str, Tested]) -> pd.DataFrame:
    """Return what each back-test paid, by kind, in currency, and what interest its cash earned.

    The column "cost, a year" is all of it over the mean value and over the years, in decimals.
    """
    rows = []
    for name, result in results.items():
        ledger = result.ledger
        paid = {label: float(ledger[column].sum()) for column, label in FEES.items() if column in ledger}
        years = max(len(ledger) - 1, 0) / result.periods_per_year
        scale = years * float(ledger["value"].mean())
        spent, traded = sum(paid.values()), float(result.turnover.fillna(0.0).sum())
        rows.append(
            {
                "strategy": name,
                **paid,
                "all": spent,
                "interest on cash": float(ledger["cash_interest"].sum()),
                "cost, a year": spent / scale if scale > 0.0 else np.nan,
                "turnover, a year": traded / years if years > 0.0 else np.nan,
            }
        )
    return pd.DataFrame(rows)


def event_counts(results: Mapping[str, Tested]) -> pd.DataFrame:
    """Return how many events of each kind each back-test met."""
    kinds = list(dict.fromkeys(kind for result in results.values() for kind in result.events["kind"]))
    found = [{kind: int((result.events["kind"] == kind).sum()) for kind in kinds} for result in results.values()]
    table = pd.DataFrame(found, columns=kinds)
    table.insert(0, "strategy", list(results))
    return table


def first_events(results: Mapping[str, Tested], first: int = FIRST_EVENTS) -> pd.DataFrame:
    """Return the first events of each kind of each back-test, in the order of their dates.

    Every kind is shown before any is shown twice, so that a thousand unfilled orders do not hide a bankruptcy.
    """
    parts = [result.events.assign(strategy=name) for name, result in results.items() if len(result.events)]
    if not parts:
        return pd.DataFrame(columns=["date", "strategy", "kind", "asset", "detail"])
    every = pd.concat(parts, ignore_index=True).sort_values("date", kind="stable")
    turn = every.groupby(["strategy", "kind"]).cumcount()
    shown = every.loc[turn.sort_values(kind="stable").index[:first]].sort_values("date", kind="stable")
    return shown[["date", "strategy", "kind", "asset", "detail"]].fillna("").reset_index(drop=True)


def check_table(checks: Mapping[str, Checked]) -> pd.DataFrame:
    """Return what the look-ahead check said of each strategy."""
    rows = [
        {
            "strategy": name,
            "verdict": check.verdict,
            "first decision that changed": "-" if check.first_difference is None else check.first_difference,
            "cuts": len(check.cuts),
            "from": min(check.cuts) if len(check.cuts) else "-",
            "to": max(check.cuts) if len(check.cuts) else "-",
            "what was found": check.detail,
        }
        for name, check in checks.items()
    ]
    return pd.DataFrame(rows, dtype=object)


def _measure(name: str, value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return _day(value)
    if isinstance(value, str):
        return value
    if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
        return "-"
    if any(word in name for word in COUNTED):
        return f"{value:,.0f}"
    if any(word in name for word in IN_PERCENT + ALSO_IN_PERCENT) and "ratio" not in name:
        return f"{value:.2%}".replace("-", "\u2212")
    return number(float(value))


def _day(date: pd.Timestamp) -> str:
    return f"{date:%Y-%m-%d}"
