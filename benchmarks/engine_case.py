"""Defines the case for all back-test engines: returns with gaps, and weights on every date."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

INVESTED = 0.98  # the rest is cash, because vectorbt reduces purchases that cash including costs cannot pay for


@dataclass(frozen=True)
class Case:
    """T dates, N assets; weights dated t are traded at the close of t at a cost of `rate` times the traded value.

    A gap is a close without a price: nothing is traded there, and the price seen next is the last one seen. In returns
    that is a 0 on the date of such a close and NaN on the date after it.
    """

    returns: pd.DataFrame
    weights: pd.DataFrame
    rate: float
    capital: float = 1e6

    @property
    def carried_prices(self) -> pd.DataFrame:
        """Prices at the closes, starting at 100; missing prices repeat the last one."""
        return 100.0 * (1.0 + self.returns.fillna(0.0)).cumprod()

    @property
    def tradable(self) -> pd.DataFrame:
        """Booleans (T, N): True if a close has a price."""
        return self.returns.notna().shift(-1, fill_value=True)

    @property
    def prices(self) -> pd.DataFrame:
        return self.carried_prices.where(self.tradable)

    def head(self, dates: int) -> Case:
        return replace(
            self, returns=self.returns.iloc[:dates], weights=self.weights.loc[: self.returns.index[dates - 1]]
        )

    def complete(self) -> Case:
        """Return the case with the same prices, tradable at every close."""
        return replace(self, returns=self.returns.fillna(0.0))

    def without_costs(self) -> Case:
        return replace(self, rate=0.0)


def make_case(dates: int, assets: int, every: int = 1, gaps: float = 0.01, rate: float = 0.001) -> Case:
    """Simulate long-only weights that change slowly, with a daily turnover of 4 % of the value."""
    draw = np.random.default_rng(0)
    returns = draw.normal(0.0003, 0.02, (dates, assets))
    missing = draw.random(returns.shape) < gaps
    missing[:2] = False
    returns[0] = 0.0
    returns[:-1][missing[1:]] = 0.0
    returns[missing] = np.nan
    weights = draw.dirichlet(np.ones(assets), dates)
    for t in range(1, dates):
        weights[t] = 0.95 * weights[t - 1] + 0.05 * weights[t]
    index, names = pd.bdate_range("2010-01-01", periods=dates), [f"A{i}" for i in range(assets)]
    frame = pd.DataFrame(INVESTED * weights, index=index, columns=names)
    return Case(pd.DataFrame(returns, index=index, columns=names), frame.iloc[::every], rate)
