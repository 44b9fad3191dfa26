"""Builds the chapter on standard tests of cointegration."""

import pandas as pd

from statefolio._display.numbers import MISSING, P_VALUE, equals_p
from statefolio.pairs.cointegration.results import NOT_TOLD_APART, CointegrationTests
from statefolio.report.chapters import Chapter, Exhibit

TITLE = "Tests of cointegration"
JOHANSEN_COLUMNS = {
    "eigenvalue": "Eigenvalue",
    "trace": "Trace",
    "maximum": "Maximum eigenvalue",
    **{f"trace_{level}": f"Trace, critical at {level} %" for level in (10, 5, 1)},
    **{f"maximum_{level}": f"Maximum, critical at {level} %" for level in (10, 5, 1)},
}


def cointegration_chapter(tests: CointegrationTests | None, untested: str) -> Chapter:
    """Return the chapter on the tests, or on the reason why there are none."""
    if tests is None:
        return Chapter(TITLE, f"Not computed: {untested}")
    by_series = series_table(tests)
    johansen = tests.johansen.table.rename(columns=JOHANSEN_COLUMNS).rename_axis("Rank").reset_index()
    formats = dict.fromkeys(by_series.columns[1:], P_VALUE) | {"Half-life, dates": ",.1f"}
    exhibits = (
        Exhibit(
            "Prices and spread",
            "p-values of the null hypotheses: no cointegration with this price hedged (Engle-Granger), unit root "
            "(augmented Dickey-Fuller), stationarity (KPSS), random walk (variance ratio over the given number of "
            "dates). The spread uses Johansen's weights from the same dates, so its p-values are too small.",
            table=by_series,
            formats=formats,
            wide=True,
            why_missing=f"{MISSING}: the test does not apply to this series, or the series does not revert.",
        ),
        Exhibit(
            "Johansen tests",
            "Statistics and critical values at 10, 5 and 1 %, by number of stationary combinations.",
            table=johansen,
            formats=dict.fromkeys(johansen.columns[1:], ",.3f"),
            wide=True,
        ),
    )
    return Chapter(TITLE, _lead(tests), exhibits)


def series_table(tests: CointegrationTests) -> pd.DataFrame:
    """Return p-values and half-lives, with one row per price and one for the spread, and one column per test."""
    columns: dict[str, pd.Series[float]] = {
        "Engle-Granger": tests.engle_granger.table["p_value"].rename(index=str),
        "ADF": tests.adf.table["p_value"],
        "KPSS": tests.kpss.table["p_value"],
    }
    ratios = tests.variance_ratio.table.reset_index()
    for horizon, rows in ratios.groupby("horizon"):
        columns[f"Variance ratio, {horizon} dates"] = rows.set_index("series")["p_value"]
    columns["Half-life, dates"] = tests.half_life.table["half_life"]
    order = [str(name) for name in tests.half_life.table.index]
    return pd.DataFrame(columns).reindex(order).rename_axis("series").reset_index()


def _lead(tests: CointegrationTests) -> str:
    table = tests.engle_granger.table
    if NOT_TOLD_APART in (tests.johansen.outcome, tests.engle_granger.outcome):
        return f"Over {tests.dates:,} dates the assets {NOT_TOLD_APART}: their prices are too much alike to test them."
    rank, prices = tests.johansen.rank, len(table)
    many = "combination" if rank == 1 else "combinations"
    all_stationary = ", as if every price were stationary" if rank == prices else ""
    return (
        f"Over {tests.dates:,} dates Johansen's trace test finds {rank or 'no'} stationary {many} of {prices} prices "
        f"at 5 %{all_stationary}. The Engle-Granger test with {table.index[0]} hedged has p "
        f"{equals_p(table['p_value'].iloc[0])}."
    )
