"""Holds the results of cointegration tests: a labelled table each, and a text with the main numbers."""

from dataclasses import dataclass

import pandas as pd

from statefolio._arrays.text import listed
from statefolio._display.shown import ShownTable

SIZE = 0.05
"""Significance level of the tests in the texts."""

COINTEGRATED, NOT_FOUND, NOT_TOLD_APART = "cointegrated", "no cointegration found", "cannot be told apart"
ALL_STATIONARY = "every combination is stationary, and so is each price (unless the critical values are invalid here)"
"""Outcomes of a test. Assets that cannot be told apart have prices so much alike that the test is rounding error."""


@dataclass(frozen=True, eq=False, repr=False)
class JohansenTest(ShownTable):
    """Result of Johansen's test of the number of stationary combinations of prices.

    Attributes
    ----------
    table : DataFrame
        One row per tested number of stationary combinations ("rank", from 0): eigenvalue, trace, its critical values
        trace_10, trace_5, trace_1 (in percent), maximum (the maximum-eigenvalue statistic), maximum_10, maximum_5,
        maximum_1.
    eigenvectors : DataFrame (asset x rank)
        Weights of the combinations in the units of the prices; the largest eigenvalue comes first. Like the table's
        numbers, NaN if the assets cannot be told apart.
    lags : int
        Lagged differences in the model.
    dates : int
        Number of dates.
    """

    table: pd.DataFrame
    eigenvectors: pd.DataFrame
    lags: int
    dates: int

    @property
    def outcome(self) -> str:
        """Outcome at 5 % by the trace test: "cointegrated", "no cointegration found" or "cannot be told apart".

        If every rank is rejected: "every combination is stationary, ...".
        """
        if self.rank is None:
            return NOT_TOLD_APART
        if self.rank == len(self.table):
            return ALL_STATIONARY
        return NOT_FOUND if self.rank == 0 else COINTEGRATED

    @property
    def rank(self) -> int | None:
        """Number of stationary combinations by the trace test at 5 %: the first rank that is not rejected.

        None if the assets cannot be told apart.
        """
        return _first_kept(self.table["trace"], self.table["trace_5"])

    @property
    def rank_by_maximum(self) -> int | None:
        """Number of stationary combinations by the maximum-eigenvalue test at 5 %; None as for `rank`."""
        return _first_kept(self.table["maximum"], self.table["maximum_5"])

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def __str__(self) -> str:
        if self.rank is None:
            return f"Johansen: the assets {NOT_TOLD_APART}: their prices are too much alike; {self.dates} dates."
        first = self.table.iloc[0]
        found = f"{self.rank} by the trace, {self.rank_by_maximum} by the largest eigenvalue"
        return (
            f"Johansen: {self.outcome}; stationary combinations at 5 %: {found}.\n"
            f"Test of rank 0: trace {first['trace']:.2f} (5 %: {first['trace_5']:.2f}), maximum {first['maximum']:.2f} "
            f"(5 %: {first['maximum_5']:.2f}); {self.lags} lagged differences, {self.dates} dates.\n"
            f"{_as_text(self.table)}\n{_as_text(self.eigenvectors)}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class EngleGrangerTest(ShownTable):
    """Result of Engle and Granger's test of whether the residual of one price on the others has a unit root.

    Attributes
    ----------
    table : DataFrame
        One row per asset as the hedged one: statistic, p_value, critical_1, critical_5, critical_10. Statistic and
        p-value are NaN if the prices are so much alike that the assets cannot be told apart.
    coefficients : DataFrame (hedged x name)
        Coefficients of the regressions: the level, then the hedge ratio of every other asset (NaN for the hedged one).
    dates : int
        Number of dates.
    """

    table: pd.DataFrame
    coefficients: pd.DataFrame
    dates: int

    @property
    def outcome(self) -> str:
        """Outcome at 5 % with the first asset hedged: as in `JohansenTest`."""
        if self.p_value != self.p_value:  # NaN
            return NOT_TOLD_APART
        return COINTEGRATED if self.p_value <= SIZE else NOT_FOUND

    @property
    def statistic(self) -> float:
        """Statistic with the first asset hedged."""
        return float(self.table["statistic"].iloc[0])

    @property
    def p_value(self) -> float:
        """p-value with the first asset hedged."""
        return float(self.table["p_value"].iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def __str__(self) -> str:
        if self.outcome == NOT_TOLD_APART:
            return f"Engle-Granger: the assets {NOT_TOLD_APART}: their prices are too much alike; {self.dates} dates."
        return (
            f"Engle-Granger: {self.outcome} with {self.table.index[0]!r} hedged, statistic {self.statistic:.2f}, "
            f"p = {self.p_value:.2g}; {self.dates} dates.\n{_as_text(self.table)}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class SeriesTest(ShownTable):
    """Result of one test applied to each price and to the spread.

    Attributes
    ----------
    name : str
    null : str
        The null hypothesis.
    table : DataFrame
        Index series (and horizon, for the variance ratio); the row "spread" is the spread.
    """

    name: str
    null: str
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def __str__(self) -> str:
        return f"{self.name}, null: {self.null}.\n{_as_text(self.table)}"


@dataclass(frozen=True, eq=False, repr=False)
class CointegrationTests(ShownTable):
    """Results of all tests of one basket.

    Attributes
    ----------
    johansen : JohansenTest
    engle_granger : EngleGrangerTest
    adf, kpss, variance_ratio, half_life : SeriesTest
        Tests of every price and of the spread. The p-value of the spread is too small: it ignores that the weights were
        chosen on the same dates so that the spread reverts. `engle_granger` accounts for the estimated weights.
    spread : Series by date
        The combination with the weights of Johansen's first vector.
    dates, dropped : int
        Number of tested dates, and of dates that were left out because a price is missing.
    """

    johansen: JohansenTest
    engle_granger: EngleGrangerTest
    adf: SeriesTest
    kpss: SeriesTest
    variance_ratio: SeriesTest
    half_life: SeriesTest
    spread: pd.Series
    dates: int
    dropped: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row per test and series: test, series, statistic, p_value (NaN for tests without one), null."""
        trace, hedged = self.johansen.table.iloc[0], self.engle_granger.table
        rows = [("Johansen, trace", "basket", trace["trace"], float("nan"), "no stationary combination")]
        rows += [("Johansen, maximum eigenvalue", "basket", trace["maximum"], float("nan"), rows[0][4])]
        rows += [("Engle-Granger", name, *row[:2], "no cointegration") for name, *row in hedged.itertuples()]
        for test in (self.adf, self.kpss, self.variance_ratio):
            for row in test.table.reset_index().to_dict("records"):
                name = f"{test.name}, {row['horizon']} dates" if "horizon" in row else test.name
                rows.append((name, row["series"], row["statistic"], row["p_value"], test.null))
        for series, days in self.half_life.table["half_life"].items():
            rows.append((self.half_life.name, str(series), days, float("nan"), self.half_life.null))
        return pd.DataFrame(rows, columns=["test", "series", "statistic", "p_value", "null"])

    def __str__(self) -> str:
        assets = listed(list(self.engle_granger.table.index), 12)
        dropped = f" ({self.dropped} left out because a price is missing)" if self.dropped else ""
        parts = [self.johansen, self.engle_granger, self.adf, self.kpss, self.variance_ratio, self.half_life]
        return "\n\n".join([f"{assets}: {self.dates} dates{dropped}.", *map(str, parts)])


def _first_kept(statistics: "pd.Series[float]", critical: "pd.Series[float]") -> int | None:
    """Return the first rank that is not rejected; None if the statistics are NaN."""
    if statistics.isna().any():
        return None
    return next((rank for rank, past in enumerate(statistics > critical) if not past), len(statistics))


def _as_text(table: pd.DataFrame) -> str:
    return table.to_string(float_format="{:.4g}".format, na_rep="-")
