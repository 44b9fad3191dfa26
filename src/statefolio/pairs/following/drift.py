"""Compares a followed basket with what it was when following began: verdict, hedge ratios and innovations."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._display.numbers import equals_p, p_value
from statefolio.pairs.following.monitoring import larger, more_autocorrelated
from statefolio.pairs.verdict.calibration import calibrated_p

WORSE = 0.1
"""Rise of the calibrated p-value from which a basket counts as drifting, where it does not cross the level either."""
LONGER = 1.1
"""Growth of the number of dates from which the draws of the verdict are too short to compare with."""
BAND = 1.959964
"""Standard deviations of a 95 % band."""


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


@dataclass(frozen=True, eq=False)
class Beginning:
    """The hedge when following began.

    Attributes
    ----------
    date : Timestamp
        The last date with all prices by then.
    ratios, deviations : Series by asset
        Filtered hedge ratios of that date, and their standard deviations; NaN where the hedge has none.
    """

    date: pd.Timestamp
    ratios: "pd.Series[float]"
    deviations: "pd.Series[float]"


@dataclass(frozen=True)
class Drift:
    """Whether a basket has drifted away from what it was when following began.

    Attributes
    ----------
    before, now : float
        Calibrated p-values of the held value when following began and now, under the hedge of the walk, among the same
        simulated baskets; NaN without a verdict.
    reverts_less : bool
        The calibrated p-value is no longer on the same side of the level, or has risen by a tenth or more.
    too_short : bool
        The dates have grown by a tenth or more since, so that the simulated baskets are too short to compare with.
    since : str
        The date on which following began.
    moved : tuple of str
        Hedge ratios outside the 95 % bands they had then, each in words.
    larger, autocorrelated : float or None
        Detectors of `monitoring.py`: above 1 where standardised innovations have become larger, or more
        autocorrelated, since. If nothing changes, each is above 1 on any of the days to come with a probability of
        2.5 % in the limit (`README.md` has what was measured). None with fewer than 60 innovations before.
    """

    before: float
    now: float
    reverts_less: bool
    too_short: bool
    since: str = ""
    moved: tuple[str, ...] = ()
    larger: float | None = None
    autocorrelated: float | None = None

    @property
    def drifting(self) -> bool:
        """Whether anything has drifted."""
        return bool(self.findings)

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """What has drifted, and what to do, in words."""
        found = [(self._reversion, "close it unless a new verdict says otherwise")] * self.reverts_less
        found += [(each, "hold the targets, which follow the new ratio, or close it") for each in self.moved]
        if (self.larger or 0.0) > 1.0:
            found.append(
                (f"innovations are larger than before {self.since}", "lower the capital or tune the hedge again")
            )
        if (self.autocorrelated or 0.0) > 1.0:
            found.append(
                (f"innovations are more autocorrelated than before {self.since}", "expect longer holding, or close it")
            )
        return tuple(found)

    @property
    def sentence(self) -> str:
        """The finding in words."""
        found = self.findings
        if found:
            advice = "; ".join(dict.fromkeys(each for _, each in found))
            text = (
                f"Drifting: {'; '.join(says for says, _ in found)}. Judge it again with `statefolio pairs`; {advice}."
            )
        else:
            text = f"Not drifting: {'; '.join(self._unchanged())}."
        return text + (" There are a tenth more dates since: judge it again with `statefolio pairs`." * self.too_short)

    @property
    def _reversion(self) -> str:
        return f"the held value's calibrated p {equals_p(self.now)}, when it was judged {p_value(self.before)}"

    def _unchanged(self) -> list[str]:
        says = [] if np.isnan(self.now) else [self._reversion]
        says += [f"hedge ratios within their bands of {self.since}"] * bool(self.since)
        if self.larger is not None and self.autocorrelated is not None:
            return [*says, "innovations as before"]
        return [*says, f"too few innovations before {self.since} to compare with"] if self.since else says


def drift_of(
    verdict: SavedVerdict | None,
    statistic: float,
    dates: int,
    beginning: Beginning | None = None,
    ratios: "pd.Series[float] | None" = None,
    innovations: "pd.Series[float] | None" = None,
) -> Drift:
    """Compare a basket of now with what it was when following began.

    Parameters
    ----------
    verdict, statistic, dates
        The verdict of then, and the Dickey-Fuller statistic and the number of dates of now.
    beginning, ratios, innovations
        The hedge of then; hedge ratios of now, and standardised innovations of all dates under the hedge of now.
    """
    before = now = np.nan
    if verdict is not None:
        before, now = (calibrated_p(value, verdict.draws) for value in (verdict.statistic, statistic))
    found = Drift(
        before,
        now,
        reverts_less=verdict is not None and bool(before <= verdict.level < now or now >= before + WORSE),
        too_short=verdict is not None and dates >= LONGER * verdict.dates,
    )
    if beginning is None or ratios is None or innovations is None:
        return found
    known = int((innovations.index <= beginning.date).sum())
    values: Array = np.asarray(innovations, dtype=np.float64)
    return replace(
        found,
        since=show(beginning.date),
        moved=tuple(_moved(beginning, ratios)),
        larger=larger(values, known),
        autocorrelated=more_autocorrelated(values, known),
    )


def _moved(beginning: Beginning, ratios: "pd.Series[float]") -> list[str]:
    """Describe the hedge ratios that left the bands they had when following began."""
    found = []
    rows = zip(ratios.index, ratios, beginning.ratios, BAND * beginning.deviations, strict=True)
    for asset, now, then, width in rows:
        if abs(now - then) > width:  # False where there is no band
            found.append(
                f"the hedge ratio of {asset} is {now:.4g}, outside its 95 % band of {show(beginning.date)}, "
                f"{then - width:.4g} to {then + width:.4g}"
            )
    return found
