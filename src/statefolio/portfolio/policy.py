"""What a policy is: it sees history up to a date, and what is held then, and says which weights it wants."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import pandas as pd


class History(Protocol):
    """Everything known at the close of a date, and nothing later.

    Frames are read-only, have the same dates, and end at `date`.
    """

    @property
    def date(self) -> pd.Timestamp:
        """The decision date: the last date of every frame."""

    @property
    def returns(self) -> pd.DataFrame:
        """Simple returns (date x asset) in decimals, cash rate included; NaN where not observed."""

    @property
    def excess_returns(self) -> pd.DataFrame:
        """Simple returns (date x asset) less the cash rate."""

    @property
    def factors(self) -> pd.DataFrame | None:
        """Factor returns (date x factor), as they came."""

    @property
    def cash_rate(self) -> "pd.Series[float]":
        """What a unit of cash earns on each date, in decimals."""

    @property
    def dollar_volumes(self) -> pd.DataFrame | None:
        """Currency traded (date x asset)."""

    @property
    def active(self) -> pd.Index:
        """Assets that can be bought now: listed, and not delisted."""

    @property
    def others(self) -> Mapping[str, pd.DataFrame]:
        """What else the market holds, by name, each cut at `date`; these may have dates of their own."""

    @property
    def shared(self) -> dict[Hashable, Any]:
        """A place for what several policies of one run may compute once; empty when a run begins."""


@dataclass(frozen=True, eq=False)
class Holdings:
    """What is held at the close of a date, before anything is traded.

    Parameters
    ----------
    date
        The date.
    weights
        Shares of the value, by asset; every asset of the market is named. Cash is what is left of one.
    value
        In currency.
    dates_since
        Dates since the former decision; 0 on the first.
    """

    date: pd.Timestamp
    weights: "pd.Series[float]"
    value: float
    dates_since: int = 0

    @property
    def cash(self) -> float:
        """The share of the value that is in cash; negative where borrowed."""
        return 1.0 - float(self.weights.sum())


@dataclass(frozen=True, eq=False)
class Decision:
    """Weights wanted, and how they came about.

    Parameters
    ----------
    weights
        Shares of the value, by asset; an asset not named gets none. None: trade nothing.
    converged
        Whether the policy found what it looked for; if not, `weights` are its fallback.
    reason
        Where it did not: which constraint, or what the solver said.
    fallback
        Where it did not: what was done instead, "keep" or "cash".
    details
        What a report may show of the decision, by name: "risk_contribution" and "risk_budget" (by asset or factor;
        each adds up to one), "expected_return" (by asset, decimals a date), "exposure" and "exposure_error" (by
        factor), ...
    """

    weights: "pd.Series[float] | None"
    converged: bool = True
    reason: str = ""
    fallback: str = ""
    details: Mapping[str, "pd.Series[float]"] = field(default_factory=dict)


Wanted: TypeAlias = "Decision | pd.Series[float] | Mapping[str, float] | None"


class Policy(Protocol):
    """Anything that decides. A run works on a clone of its own."""

    def decide(
        self, history: History, holdings: Holdings
    ) -> "Decision | pd.Series[float] | Mapping[str, float] | None":
        """Return weights by asset for the dates to come, a `Decision`, or None to trade nothing."""
