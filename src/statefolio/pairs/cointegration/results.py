"""What tests of cointegration found: one labelled table each, and a sentence."""

from dataclasses import dataclass

import pandas as pd

from statefolio._arrays.text import listed

SIZE = 0.05
"""Share of baskets without cointegration that the sentences call cointegrated."""


@dataclass(frozen=True, eq=False)
class JohansenTest:
    """How many combinations of the prices are stationary, and which.

    Attributes
    ----------
    table : DataFrame
        A row for each number of stationary combinations that is tested ("rank", from 0): eigenvalue, trace, its
        critical values trace_10, trace_5, trace_1 (percent), maximum (the maximum-eigenvalue statistic), maximum_10,
        maximum_5, maximum_1.
    eigenvectors : DataFrame (asset x rank)
        Weights of the combinations, in the prices' units: that of the largest eigenvalue first.
    lags : int
        Lagged differences in the model.
    dates : int
    """

    table: pd.DataFrame
    eigenvectors: pd.DataFrame
    lags: int
    dates: int

    @property
    def rank(self) -> int:
        """Stationary combinations that the trace test finds at 5 %: the first number it does not reject."""
        return _first_kept(self.table["trace"] > self.table["trace_5"])

    @property
    def rank_by_maximum(self) -> int:
        """The same by the maximum-eigenvalue test."""
        return _first_kept(self.table["maximum"] > self.table["maximum_5"])

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def __str__(self) -> str:
        first = self.table.iloc[0]
        found = f"{self.rank} by the trace, {self.rank_by_maximum} by the largest eigenvalue"
        return (
            f"Johansen: {_in_words(self.rank, len(self.table))}; stationary combinations at 5 %: {found}.\n"
            f"Of none: trace {first['trace']:.2f} (5 %: {first['trace_5']:.2f}), maximum {first['maximum']:.2f} "
            f"(5 %: {first['maximum_5']:.2f}); {self.lags} lagged differences, {self.dates} dates.\n"
            f"{_drawn(self.table)}\n{_drawn(self.eigenvectors)}"
        )


@dataclass(frozen=True, eq=False)
class EngleGrangerTest:
    """Whether what is left of one price after a regression on the others has a unit root.

    Attributes
    ----------
    table : DataFrame
        A row an asset, as the one that the others hedge: statistic, p_value, critical_1, critical_5, critical_10.
    coefficients : DataFrame (hedged x name)
        Of each row's regression: level, then the hedge ratio of every other asset (NaN for itself).
    dates : int
    """

    table: pd.DataFrame
    coefficients: pd.DataFrame
    dates: int

    @property
    def statistic(self) -> float:
        """With the first asset hedged."""
        return float(self.table["statistic"].iloc[0])

    @property
    def p_value(self) -> float:
        """With the first asset hedged."""
        return float(self.table["p_value"].iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def __str__(self) -> str:
        found = "cointegrated" if self.p_value <= SIZE else "no cointegration found"
        return (
            f"Engle-Granger: {found} with {self.table.index[0]!r} hedged, statistic {self.statistic:.2f}, "
            f"p = {self.p_value:.2g}; {self.dates} dates.\n{_drawn(self.table)}"
        )


@dataclass(frozen=True, eq=False)
class SeriesTest:
    """One test of each price, and of the spread.

    Attributes
    ----------
    name : str
    null : str
        What a small p-value speaks against.
    table : DataFrame
        Index series (and horizon, for the variance ratio); the spread is the row "spread".
    """

    name: str
    null: str
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def __str__(self) -> str:
        return f"{self.name}, null: {self.null}.\n{_drawn(self.table)}"


@dataclass(frozen=True, eq=False)
class CointegrationTests:
    """Everything asked of a basket.

    Attributes
    ----------
    johansen : JohansenTest
    engle_granger : EngleGrangerTest
    adf, kpss, variance_ratio, half_life : SeriesTest
        Of every price, and of the spread. Its weights were chosen on the same dates for how it reverts, which their
        p-values do not know: that of the spread is too small. `engle_granger` accounts for its weights.
    spread : Series by date
        The combination of Johansen's first vector.
    dates, dropped : int
        Dates tested, and dates left out because an asset had no price.
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
        """One row a test: test, series, statistic, p_value (NaN where there is none), null."""
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
        left_out = f" ({self.dropped} left out for want of a price)" if self.dropped else ""
        parts = [self.johansen, self.engle_granger, self.adf, self.kpss, self.variance_ratio, self.half_life]
        return "\n\n".join([f"{assets}: {self.dates} dates{left_out}.", *map(str, parts)])


def _first_kept(rejected: "pd.Series[bool]") -> int:
    return next((rank for rank, past in enumerate(rejected) if not past), len(rejected))


def _in_words(rank: int, assets: int) -> str:
    if rank == assets:
        return "every combination called stationary, each price too (or its critical values do not hold here)"
    return "no cointegration found" if rank == 0 else "cointegrated"


def _drawn(table: pd.DataFrame) -> str:
    return table.to_string(float_format="{:.4g}".format)
