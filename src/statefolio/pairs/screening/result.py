"""Holds the result of a screen: a table of all tested baskets, and how many pass each filter."""

from dataclasses import dataclass

import pandas as pd

from statefolio.pairs.screening.showing import ShownScreen

FILTERS = ("cointegrated", "reverts_in_time", "pays_its_cost", "confirmed")


@dataclass(frozen=True, eq=False, repr=False)
class PairScreen(ShownScreen):
    """Result of a screen.

    Attributes
    ----------
    table : DataFrame
        One row per tested basket in the order of the p-values, index "basket":

        * asset_1 (hedged), asset_2, and asset_3 if there are triples;
        * statistic, p_value, q_value, lags, dates: Engle and Granger's test on the formation period. If each asset of a
          basket was hedged in turn, the smallest p-value, times the number of assets;
        * level, hedge_ratio_2, hedge_ratio_3; condition number of the centred prices (from 1,000 on, the assets are
          hardly told apart); deviation of the spread; half_life in dates;
        * profit_to_cost of a round trip from `entry` deviations to the mean;
        * likelihood_ratio of a moving against a constant hedge ratio, for a triple the larger one; NaN if it was not
          computed;
        * later_dates, later_statistic, later_p_value, later_half_life of the value of the formation period's hedge,
          held through the later period;
        * cointegrated, reverts_in_time, pays_its_cost, confirmed: the filters. `confirmed` includes the other three.
    counts : Series
        Number of baskets that were tried, were tested, and passed each filter and all before it.
    untested : DataFrame (basket x "reason", "condition")
        Baskets that could not be tested: too few dates with all prices (and how many there are), constant prices, or
        prices that cannot be told apart.
    formation, later : (first date, last date)
        The two periods; `later` is None without confirmation.
    false_discovery_rate, confirm_level : float
    correction : str
        The options of the screen.
    """

    table: pd.DataFrame
    counts: "pd.Series[int]"
    untested: pd.DataFrame
    formation: tuple[pd.Timestamp, pd.Timestamp]
    later: tuple[pd.Timestamp, pd.Timestamp] | None
    false_discovery_rate: float
    correction: str
    confirm_level: float

    @property
    def selected(self) -> pd.DataFrame:
        """Baskets that pass all filters of the formation period."""
        kept = self.table[list(FILTERS[:3])].all(axis=1)
        return self.table[kept]

    def best(self, count: int) -> pd.DataFrame:
        """Return the baskets with the smallest p-values that revert in time and pay their cost.

        They need not pass the false discovery rate, so that a screen in which nothing is cointegrated has some too.
        """
        kept = self.table[list(FILTERS[1:3])].all(axis=1)
        return self.table[kept].head(count)

    @property
    def confirmed(self) -> pd.DataFrame:
        """Selected baskets that the later period confirms."""
        return self.table[self.table["confirmed"]]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def __str__(self) -> str:
        c = self.counts
        named = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}[self.correction]
        lines = [
            f"{c['tried']} baskets tried, {c['tested']} tested on {_span(self.formation)}: {c['cointegrated']} "
            f"cointegrated at a false discovery rate of {self.false_discovery_rate:.0%} ({named}), of these "
            f"{c['reverts_in_time']} with a half-life within bounds, of these {c['pays_its_cost']} with profits above "
            "costs."
        ]
        if self.later is not None:
            chance = self.confirm_level * c["pays_its_cost"]
            lines.append(
                f"{c['confirmed']} of {c['pays_its_cost']} confirmed on {_span(self.later)}; about {chance:.2g} "
                "expected by chance alone."
            )
        if len(self.untested):
            counts = self.untested["reason"].value_counts()
            reasons = "; ".join(f"{reason}: {count}" for reason, count in counts.head(3).items())
            more = f"; and {len(counts) - 3} more reasons" if len(counts) > 3 else ""
            lines.append(f"{len(self.untested)} could not be tested ({reasons}{more}).")
        shown = [name for name in self.table if name not in (*FILTERS, "lags", "dates", "level", "later_dates")]
        best = self.confirmed if len(self.confirmed) else self.selected
        if len(best):
            lines.append(best[shown].head(10).to_string(float_format="{:.4g}".format, na_rep="-"))
        return "\n".join(lines)


def filter_counts(table: pd.DataFrame, tried: int) -> "pd.Series[int]":
    """Count the baskets that were tried, were tested, and passed each filter and all before it."""
    passed = table[list(FILTERS[:3])].cumprod(axis=1).sum()
    numbers = [tried, len(table), *passed.astype(int), int(table["confirmed"].sum())]
    return pd.Series(numbers, index=["tried", "tested", *FILTERS], name="baskets")


def _span(period: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    return f"{period[0]:%Y-%m-%d} to {period[1]:%Y-%m-%d}"
