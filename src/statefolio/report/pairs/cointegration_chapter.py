"""The chapter on textbook tests of cointegration."""

import pandas as pd

from statefolio.pairs.cointegration.results import CointegrationTests
from statefolio.report.chapters import Chapter, Exhibit

TITLE = "Tests of cointegration"


def cointegration_chapter(tests: CointegrationTests | None, untested: str) -> Chapter:
    """Say what each test finds by its own null, or why none was made."""
    if tests is None:
        return Chapter(TITLE, f"Not made: {untested}")
    by_series = series_table(tests)
    critical = tests.johansen.table.reset_index()
    formats = dict.fromkeys(by_series.columns[1:], ".2g") | {"half-life, dates": ",.1f"}
    exhibits = (
        Exhibit(
            "Prices and spread",
            "p-values. Engle and Granger's: no cointegration with this price hedged. Augmented Dickey-Fuller's: a unit "
            "root. KPSS: stationary. Variance ratios over so many dates: a random walk. The spread has Johansen's "
            "weights, chosen on the same dates: its own p-values are too small.",
            table=by_series,
            formats=formats,
            wide=True,
        ),
        Exhibit(
            "Johansen",
            "Statistics beside their critical values at 10, 5 and 1 %, for each number of stationary combinations.",
            table=critical,
            formats=dict.fromkeys(critical.columns[1:], ",.3f"),
            wide=True,
        ),
    )
    return Chapter(TITLE, _lead(tests), exhibits)


def series_table(tests: CointegrationTests) -> pd.DataFrame:
    """A row a price and one for the spread, a column a test."""
    columns: dict[str, pd.Series[float]] = {
        "Engle-Granger": tests.engle_granger.table["p_value"].rename(index=str),
        "ADF": tests.adf.table["p_value"],
        "KPSS": tests.kpss.table["p_value"],
    }
    ratios = tests.variance_ratio.table.reset_index()
    for horizon, rows in ratios.groupby("horizon"):
        columns[f"variance ratio, {horizon}"] = rows.set_index("series")["p_value"]
    columns["half-life, dates"] = tests.half_life.table["half_life"]
    order = [str(name) for name in tests.half_life.table.index]
    return pd.DataFrame(columns).reindex(order).rename_axis("series").reset_index()


def _lead(tests: CointegrationTests) -> str:
    table = tests.engle_granger.table
    rank, prices = tests.johansen.rank, len(table)
    many = "combination" if rank == 1 else "combinations"
    strange = ", as if every price were stationary" if rank == prices else ""
    return (
        f"Over {tests.dates:,} dates Johansen's trace finds {rank or 'no'} stationary {many} of {prices} prices at "
        f"5 %{strange}; Engle and Granger's p-value with {table.index[0]} hedged is {table['p_value'].iloc[0]:.2g}."
    )
