"""What a screen found: every basket that was tried, and how many each filter left."""

from dataclasses import dataclass

import pandas as pd

FILTERS = ("cointegrated", "reverts_in_time", "pays_its_cost", "confirmed")


@dataclass(frozen=True, eq=False)
class PairScreen:
    """Baskets in the order of their p-values.

    Attributes
    ----------
    table : DataFrame
        A row a basket that was tested, the index "basket" names it:

        * asset_1 (hedged), asset_2, and asset_3 where there are triples;
        * statistic, p_value, q_value, lags, dates: Engle and Granger's test on the formation period. Where each asset
          of a basket was hedged in turn the strongest is shown, its p-value times their number;
        * level, hedge_ratio_2, hedge_ratio_3; deviation of the spread; half_life, in dates;
        * profit_to_cost: of a round trip from `entry` deviations to the mean;
        * likelihood_ratio: of a moving hedge ratio against a constant one, the larger one of a triple; NaN where not
          asked for;
        * later_dates, later_statistic, later_p_value, later_half_life: of the value of the formation's hedge held
          through the later period;
        * cointegrated, reverts_in_time, pays_its_cost, confirmed: filters, each by itself; `confirmed` alone needs the
          others too.
    counts : Series
        How many baskets were tried, tested, and left after each filter in turn.
    untested : DataFrame
        Index basket, column reason.
    formation, later : (first date, last date)
        `later` is None without confirmation.
    false_discovery_rate : float
    correction : str
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
        """Baskets that the formation period's filters leave."""
        kept = self.table[list(FILTERS[:3])].all(axis=1)
        return self.table[kept]

    @property
    def confirmed(self) -> pd.DataFrame:
        """Those of them that the later period confirms."""
        return self.table[self.table["confirmed"]]

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def __str__(self) -> str:
        c = self.counts
        named = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}[self.correction]
        lines = [
            f"{c['tried']} baskets tried, {c['tested']} tested on {_span(self.formation)}: {c['cointegrated']} "
            f"cointegrated at a false discovery rate of {self.false_discovery_rate:.0%} ({named}), of these "
            f"{c['reverts_in_time']} with a half-life in bounds, of these {c['pays_its_cost']} that pay their costs."
        ]
        if self.later is not None:
            chance = self.confirm_level * c["pays_its_cost"]
            lines.append(
                f"{c['confirmed']} of {c['pays_its_cost']} confirmed on {_span(self.later)}; about {chance:.2g} would "
                "be by chance alone."
            )
        shown = [name for name in self.table if name not in (*FILTERS, "lags", "dates", "level", "later_dates")]
        best = self.confirmed if len(self.confirmed) else self.selected
        if len(best):
            lines.append(best[shown].head(10).to_string(float_format="{:.4g}".format))
        return "\n".join(lines)


def _span(period: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    return f"{period[0]:%Y-%m-%d} to {period[1]:%Y-%m-%d}"
