"""Decides on which dates a policy is asked for a decision, from the dates up to then."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Kind, Number, OneOf, Whole, check, check_options

RULES = {"threshold": Number(at_least=0.0, example=0.05), "measure": OneOf("largest", "sum")}


@dataclass(frozen=True)
class Drift:
    """Rebalance rule: decide when the held weights have drifted from the target weights.

    Parameters
    ----------
    threshold
        A gap above this triggers a decision.
    measure
        "largest" absolute gap of any asset, or the "sum" of absolute gaps.

    Examples
    --------
    >>> import numpy as np
    >>> import statefolio as sf
    >>> rule = sf.backtest.Drift(0.05)
    >>> rule.calls(np.array([0.56, 0.44]), np.array([0.5, 0.5]))
    True

    Equal weights of three stocks are rebalanced on few dates:

    >>> market = sf.Market(sf.load_demo().returns.iloc[:500, :3])
    >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, rebalance=rule)
    >>> len(result.decisions)
    9
    """

    threshold: float
    measure: Literal["largest", "sum"] = "largest"

    def __post_init__(self) -> None:
        check_options(self, RULES)

    def calls(self, held: Array, wanted: Array) -> bool:
        """Return whether held weights (N,) are too far from target weights (N,)."""
        gaps = np.abs(held - wanted)
        return bool((gaps.max() if self.measure == "largest" else gaps.sum()) > self.threshold)


Rebalance: TypeAlias = "Literal['daily', 'weekly', 'monthly'] | int | Drift"
_RULE = OneOf("monthly", "weekly", "daily") | Whole(at_least=1) | Kind(Drift, "Drift(threshold)", "Drift(0.05)")


def decision_dates(rebalance: Any, dates: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    """Return which of a run's dates are decision dates (T,); the first always is.

    "weekly" and "monthly" mean the first date of a new week (from Monday) or month, because the last date of a month is
    only known to be the last on the next date. A number n means every n-th date. With `Drift` every date may be one.

    Raises
    ------
    InputError
        If `rebalance` is none of these.
    """
    check("rebalance", rebalance, _RULE)
    decides = np.zeros(len(dates), dtype=bool)
    if isinstance(rebalance, Drift) or rebalance == "daily":
        decides[:] = True
    elif rebalance == "weekly":
        days = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
        decides[1:] = np.diff((days + 3) // 7) != 0  # day 0 was a Thursday
    elif rebalance == "monthly":
        decides[1:] = np.diff(dates.to_numpy().astype("datetime64[M]").astype(np.int64)) != 0
    else:
        decides[:: int(rebalance)] = True
    decides[0] = True
    return decides
