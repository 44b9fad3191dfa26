"""Compares a followed basket with the verdict that was found when following began."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio._display.numbers import equals_p
from statefolio.pairs.verdict.calibration import calibrated_p

WORSE = 0.1
"""Rise of the calibrated p-value from which a basket counts as drifting, where it does not cross the level either."""
LONGER = 1.1
"""Growth of the number of dates from which the draws of the verdict are too short to compare with."""


@dataclass(frozen=True, eq=False)
class SavedVerdict:
    """What is kept of a verdict.

    Attributes
    ----------
    draws : (D,) array
        Dickey-Fuller statistics of the held value of the simulated baskets.
    level : float
    outcome : str
    statistic : float
        That of the basket when following began, under the hedge of the walk.
    dates : int
        Number of dates with all prices by then.
    """

    draws: Array
    level: float
    outcome: str
    statistic: float = np.nan
    dates: int = 0

    @classmethod
    def of(cls, verdict: Any) -> "SavedVerdict":
        """Return what is kept of a `Verdict`."""
        return cls(verdict.draws["adf_held"].to_numpy(dtype=np.float64), float(verdict.level), str(verdict.outcome))

    def beginning(self, statistic: float, dates: int) -> "SavedVerdict":
        """Return a copy with the statistic and the number of dates with which following begins."""
        return replace(self, statistic=float(statistic), dates=int(dates))


@dataclass(frozen=True)
class Drift:
    """Whether a basket has drifted away from its verdict.

    Attributes
    ----------
    drifting : bool
        The calibrated p-value is no longer on the same side of the level, or has risen by a tenth or more.
    before, now : float
        Calibrated p-values of the held value when following began and now, under the hedge of the walk, among the same
        simulated baskets.
    too_short : bool
        The dates have grown by a tenth or more since, so that the simulated baskets are too short to compare with.
    """

    drifting: bool
    before: float
    now: float
    too_short: bool

    @property
    def sentence(self) -> str:
        """The finding in words."""
        says = f"the held value's calibrated p {equals_p(self.now)}, {equals_p(self.before)} when it was judged"
        text = f"Drifting: {says}." if self.drifting else f"Not drifting: {says}."
        return text + (" There are a tenth more dates since: judge it again with `statefolio pairs`." * self.too_short)


def drift_of(verdict: SavedVerdict, statistic: float, dates: int) -> Drift:
    """Compare the statistic of now with the simulated baskets of the verdict."""
    before, now = (calibrated_p(value, verdict.draws) for value in (verdict.statistic, statistic))
    crossed = before <= verdict.level < now
    return Drift(bool(crossed or now >= before + WORSE), before, now, dates >= LONGER * verdict.dates)
