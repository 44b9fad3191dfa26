"""When a policy is asked: known on the date itself, from the dates until then."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import InputError


@dataclass(frozen=True)
class Drift:
    """Decide when the weights held have drifted from those wanted.

    Parameters
    ----------
    threshold
        A gap above this calls for a decision.
    measure
        "largest" gap of any asset, or the "sum" of absolute gaps.
    """

    threshold: float
    measure: Literal["largest", "sum"] = "largest"

    def __post_init__(self) -> None:
        given: Any = self.threshold
        if not is_number(given) or not 0.0 <= given < np.inf:
            raise InputError(f"threshold={given!r}; a number from 0 on was expected. Pass e.g. 0.05.")
        if self.measure not in ("largest", "sum"):
            raise InputError(f"measure={self.measure!r}; 'largest' or 'sum' was expected.")

    def calls(self, held: Array, wanted: Array) -> bool:
        """Whether weights held (N,) are too far from those wanted (N,)."""
        gaps = np.abs(held - wanted)
        return bool((gaps.max() if self.measure == "largest" else gaps.sum()) > self.threshold)


Rebalance: TypeAlias = "Literal['daily', 'weekly', 'monthly'] | int | Drift"


def decision_dates(rebalance: Any, dates: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
    """Which of a run's dates are for decisions (T,); the first always is.

    "weekly" and "monthly" mean the first date of a new week (from Monday) or month: that a date was the last of its
    month is known only on the next. A number n means every n-th date. With `Drift` every date may be one.

    Raises
    ------
    InputError
        If the calendar is none of these.
    """
    calls = np.zeros(len(dates), dtype=bool)
    if isinstance(rebalance, Drift) or rebalance == "daily":
        calls[:] = True
    elif rebalance == "weekly":
        days = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
        calls[1:] = np.diff((days + 3) // 7) != 0  # day 0 was a Thursday
    elif rebalance == "monthly":
        calls[1:] = np.diff(dates.to_numpy().astype("datetime64[M]").astype(np.int64)) != 0
    elif is_whole(rebalance) and rebalance >= 1:
        calls[:: int(rebalance)] = True
    else:
        raise InputError(
            f"rebalance={rebalance!r}; 'daily', 'weekly', 'monthly', a number of dates or Drift(...) was expected."
        )
    calls[0] = True
    return calls
