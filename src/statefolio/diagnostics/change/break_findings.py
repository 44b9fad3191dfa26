"""Reports the search for breaks as findings: which assets break, when, and by how much."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.panel import Panel
from statefolio.diagnostics.change.breaks import Break, Change
from statefolio.diagnostics.change.discoveries import add_q_values, discovery_finding, number_finding
from statefolio.diagnostics.change.stability import Stability
from statefolio.diagnostics.finding import Finding


def break_findings(found: Stability, assets: pd.Index, panel: Panel, level: float, most: int) -> tuple[Finding, ...]:
    """Report which assets break, how loadings change at each break, and how many assets break in each month."""
    strongest = found.strongest
    table = pd.DataFrame(
        {
            "asset": assets,
            "sup_wald": [np.nan if one is None else one.statistic for one in strongest],
            "p_value": [np.nan if one is None else one.p_value for one in strongest],
        }
    )
    table = add_q_values(table, level)
    rows, counts = [], np.zeros(len(assets), dtype=int)
    for i in np.flatnonzero(table["moves"]):
        one = strongest[i]
        dated = [] if one is None else found.searches.breaks(int(i), one, level, most)
        counts[i] = len(dated)
        rows += [_moved(assets[int(i)], panel, *pair) for pair in dated]
    moved = pd.DataFrame({name: np.concatenate([row[name] for row in rows]) if rows else [] for name in _MOVED})
    months = _by_month(moved, panel.dates, len(assets))
    largest = float(months["share"].max())
    when = "none" if not rows else f"at most {largest:.0%} of the assets, in {months['share'].idxmax():%Y-%m}"
    return (
        discovery_finding("breaks", table.assign(breaks=counts), "assets have a break", level),
        number_finding(
            "what moved", float(counts.sum()), f"{counts.sum()} breaks in {np.count_nonzero(counts)} assets.", moved
        ),
        number_finding("breaks by month", largest, f"Assets with a break in the same month: {when}.", months),
    )


_MOVED = (
    *("asset", "date", "earliest", "latest", "sup_wald", "p_value", "factor"),
    *("before", "before_error", "after", "after_error", "change", "t"),
)


def _moved(asset: Any, panel: Panel, found: Break, change: Change) -> dict[str, Any]:
    """Return one break as columns with one row per factor."""
    difference = change.after - change.before
    moments = panel.dates.to_numpy()
    places = {"date": change.row, "earliest": change.earliest, "latest": change.latest}
    of_break = {name: np.full(len(panel.factors), moments[row]) for name, row in places.items()}
    of_break |= {name: np.full(len(panel.factors), getattr(found, of)) for name, of in _OF_BREAK.items()}
    return of_break | {
        "asset": pd.Index([asset] * len(panel.factors), tupleize_cols=False).to_numpy(),
        "factor": panel.factors.to_numpy(),
        "before": change.before,
        "before_error": change.before_error,
        "after": change.after,
        "after_error": change.after_error,
        "change": difference,
        "t": difference / np.hypot(change.before_error, change.after_error),
    }


_OF_BREAK = {"sup_wald": "statistic", "p_value": "p_value"}


def _by_month(moved: pd.DataFrame, dates: pd.DatetimeIndex, count: int) -> pd.DataFrame:
    """Count the assets that break in each month of the panel."""
    months = pd.period_range(dates[0], dates[-1], freq="M", name="month")
    pairs = moved[["asset", "date"]].drop_duplicates()
    of_month = pd.PeriodIndex(pd.DatetimeIndex(pairs["date"]), freq="M")
    assets = pairs.groupby(of_month)["asset"].nunique().reindex(months, fill_value=0)
    return pd.DataFrame({"assets": assets.astype(int), "share": assets / count})
