"""The interface between a back-test and a policy: history, holdings, decision."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from statefolio.portfolio.showing import ShownDecision


class History(Protocol):
    """Everything known at the close of a date, and nothing later.

    A back-test passes it to `Policy.decide`. DataFrames are read-only, share the same dates and end at `date`.

    Examples
    --------
    A policy reads what it needs from the history:

    >>> import statefolio as sf
    >>> class Look:
    ...     def decide(self, history, holdings):
    ...         volatility = history.returns[history.active].iloc[-63:].std()
    ...         print(f"{history.date:%Y-%m-%d}: {len(history.returns)} dates, calmest {volatility.idxmin()}")
    >>> market = sf.Market(sf.load_demo().returns.iloc[:252, :4])
    >>> result = sf.run_backtest(Look(), market, start="2014-09-01", end="2014-11-15")
    2014-09-02: 167 dates, calmest AAPL
    2014-10-01: 188 dates, calmest BAC
    2014-11-03: 211 dates, calmest AAPL
    """

    @property
    def date(self) -> pd.Timestamp:
        """The decision date: the last date of every DataFrame."""

    @property
    def returns(self) -> pd.DataFrame:
        """Simple returns (date x asset) in decimals, cash rate included; NaN where not observed."""

    @property
    def excess_returns(self) -> pd.DataFrame:
        """Simple returns (date x asset) less the cash rate."""

    @property
    def factors(self) -> pd.DataFrame | None:
        """Factor returns (date x factor), as the market has them; None without factors."""

    @property
    def cash_rate(self) -> "pd.Series[float]":
        """Return of a unit of cash on each date, in decimals."""

    @property
    def dollar_volumes(self) -> pd.DataFrame | None:
        """Currency traded (date x asset); None without volumes."""

    @property
    def active(self) -> pd.Index:
        """Assets that can be bought now: listed, and not delisted."""

    @property
    def others(self) -> Mapping[str, pd.DataFrame]:
        """Other data of the market by name, each cut at `date`; their dates may differ."""

    @property
    def shared(self) -> dict[Hashable, Any]:
        """A cache for results that several policies of one run use; empty when a run begins."""


@dataclass(frozen=True, eq=False)
class Holdings:
    """The portfolio at the close of a date, before any trade.

    Parameters
    ----------
    date
        The date.
    weights
        Shares of the portfolio's value, by asset; every asset of the market is named. Cash is the remainder.
    value
        In currency.
    dates_since
        Dates since the last decision; 0 at the first.

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> held = sf.portfolio.Holdings(pd.Timestamp("2022-06-30"), pd.Series({"AAPL": 0.5, "JPM": 0.3}), value=1e6)
    >>> round(held.cash, 2)
    0.2
    """

    date: pd.Timestamp
    weights: "pd.Series[float]"
    value: float
    dates_since: int = 0

    @property
    def cash(self) -> float:
        """The share of the value that is in cash; negative where money is borrowed."""
        return 1.0 - float(self.weights.sum())


@dataclass(frozen=True, eq=False, repr=False)
class Decision(ShownDecision):
    """Target weights, and how they were found.

    Parameters
    ----------
    weights
        Shares of the portfolio's value, by asset; an asset that is not named gets 0. None: no trade.
    converged
        Whether the policy found a solution; if not, `weights` are its fallback.
    reason
        Without a solution: the constraint that cannot hold, or the solver's message. With one: what a reader must know
        of the weights (not proven to be optimal, positions sold without a covariance, no signal in the view); "" for
        nothing.
    fallback
        Without a solution: the action taken instead, e.g. "keep", "cash", "equal weight", "shorter window".
    details
        Series for reports, by name: "risk_contribution" and "risk_budget" (by asset or factor; each sums to one),
        "expected_return" (by asset, decimals per date), "exposure" and "exposure_error" (by factor), ...

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> decision = sf.portfolio.Decision(
    ...     None, converged=False, reason="net is missed by 0.5 at best, with upper kept", fallback="keep"
    ... )
    >>> print(decision.fallback, "because", decision.reason)
    keep because net is missed by 0.5 at best, with upper kept
    """

    weights: "pd.Series[float] | None"
    converged: bool = True
    reason: str = ""
    fallback: str = ""
    details: Mapping[str, "pd.Series[float]"] = field(default_factory=dict)


class Policy(Protocol):
    """The interface of a portfolio strategy: one method, `decide`.

    A back-test works on a clone, so that the policy that was passed does not change. A policy with options derives from
    scikit-learn's `BaseEstimator`, which makes it cloneable.

    Examples
    --------
    A policy that holds the asset with the highest return over the last 126 dates:

    >>> import statefolio as sf
    >>> class Momentum:
    ...     def decide(self, history, holdings):
    ...         past = history.returns[history.active].iloc[-126:]
    ...         return {past.sum().idxmax(): 1.0}
    >>> market = sf.Market(sf.load_demo().returns.iloc[:300, :4])
    >>> result = sf.run_backtest(Momentum(), market, start="2014-09-01")
    >>> result.weights.iloc[-1].idxmax()
    'AAPL'
    """

    def decide(
        self, history: History, holdings: Holdings
    ) -> "Decision | pd.Series[float] | Mapping[str, float] | None":
        """Return target weights by asset, a `Decision`, or None for no trade."""
