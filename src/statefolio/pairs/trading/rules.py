"""Trading rules: turn z-scores of a basket into the units of it to hold."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Number, Whole, check, check_options
from statefolio.exceptions import InputError

_DEVIATIONS = " of deviations"
BAND_RULES = {
    "entry": Number(above=0.0, unit=_DEVIATIONS, example=1.0),
    "exit": Number(unit=_DEVIATIONS, example=0.0),
    "stop": Number(unit=_DEVIATIONS, example=3.0) | None,
    "longest": Whole(at_least=1, example=20) | None,
}
FULL_AT = Number(above=0.0, unit=_DEVIATIONS, example=2.0) | None


class Rule(Protocol):
    """Turns z-scores into units of the basket; the units of a date depend on z-scores up to it."""

    def units(self, z: Array) -> Array:
        """Return units (T,) from -1 to 1 for z-scores (T,); a NaN keeps the units of the date before."""

    def levels(self) -> dict[str, float]:
        """Return the z-scores at which the position changes, by name."""


@dataclass(frozen=True)
class Bands:
    """Bands around the mean: buy the basket below the lower one, sell it above the upper one, close near the mean.

    Parameters
    ----------
    entry : float, default 1
        Buy at z < -entry, sell short at z > entry.
    exit : float, default 0
        Close a long position at z >= -exit, a short one at z <= exit. With exit equal to entry a position is held only
        while z is beyond the band; with exit at or below -entry it is turned into the opposite one.
    stop : float, optional
        Close a position if z moves beyond this against it; no new position until z is back between the bands.
    longest : int, optional
        Close a position after this number of dates; no new position until z is back between the bands.

    Examples
    --------
    >>> import numpy as np
    >>> import statefolio as sf
    >>> rule = sf.pairs.Bands(entry=1, exit=0, stop=3)
    >>> rule.units(np.array([0.5, -1.5, -0.5, 0.2, 1.4, 3.2, 2.0])).tolist()
    [0.0, 1.0, 1.0, 0.0, -1.0, 0.0, 0.0]
    >>> rule.levels()["long entry"]
    -1
    """

    entry: float = 1.0
    exit: float = 0.0
    stop: float | None = None
    longest: int | None = None

    def __post_init__(self) -> None:
        """Check the options, also against each other."""
        check_options(self, BAND_RULES)
        if not self.exit <= self.entry:
            raise InputError(
                f"exit must be at most entry, which is {self.entry!r}, got {self.exit!r}. Pass e.g. exit=0."
            )
        if self.stop is not None and not self.stop > self.entry:
            raise InputError(
                f"stop must be above entry, which is {self.entry!r}, got {self.stop!r}. Pass e.g. "
                f"stop={3 * self.entry!r}."
            )

    def units(self, z: Array) -> Array:
        """Return 1, 0 or -1 for each date."""
        found = np.zeros(len(z))
        position, age, blocked = 0.0, 0, False
        for t, now in enumerate(z):
            if position != 0.0:
                age += 1
            if not np.isnan(now):
                position, age, blocked = self._next(float(now), position, age, blocked)
            found[t] = position
        return found

    def _next(self, z: float, position: float, age: int, blocked: bool) -> tuple[float, int, bool]:
        """Return the position after one date, its age in dates, and whether a new position is blocked."""
        away = -position * z  # distance of z from the mean on the side on which the position was opened
        if position != 0.0:
            stopped = (self.stop is not None and away > self.stop) or (self.longest is not None and age >= self.longest)
            if stopped:
                return 0.0, 0, True
            if away > self.exit:
                return position, age, blocked
        blocked = blocked and abs(z) > self.entry
        if blocked or abs(z) <= self.entry:
            return 0.0, 0, blocked
        return -float(np.sign(z)), 0, False

    def levels(self) -> dict[str, float]:
        """Return the z-scores at which the position changes, by name."""
        levels = {"long entry": -self.entry, "long exit": 0.0 - self.exit}  # -self.exit would give -0.0, shown as "-0"
        levels |= {"short exit": 0.0 + self.exit, "short entry": self.entry}
        if self.stop is not None:
            levels |= {"long stop": -self.stop, "short stop": self.stop}
        return dict(sorted(levels.items(), key=lambda item: item[1]))


@dataclass(frozen=True)
class Linear:
    """A position against the deviation from the mean and proportional to it.

    Parameters
    ----------
    full_at : float, optional
        Deviations from which one whole unit is held. By default a whole unit at any deviation, which gives the linear
        strategy of Chan (2013, chapter 2), who divides its profit by the money in the position.

    Examples
    --------
    >>> import numpy as np
    >>> import statefolio as sf
    >>> sf.pairs.Linear(full_at=2).units(np.array([-1.0, 3.0, -0.5])).tolist()
    [0.5, -1.0, 0.25]
    """

    full_at: float | None = None

    def __post_init__(self) -> None:
        """Check the option."""
        check("full_at", self.full_at, FULL_AT)

    def units(self, z: Array) -> Array:
        """Return units from -1 to 1 for each date."""
        wanted = -np.sign(z) if self.full_at is None else np.clip(-z / self.full_at, -1.0, 1.0)
        return pd.Series(wanted).ffill().fillna(0.0).to_numpy()

    def levels(self) -> dict[str, float]:
        """Return the z-scores at which the position changes, by name."""
        full = {} if self.full_at is None else {"fully long": -self.full_at, "fully short": self.full_at}
        return dict(sorted({"flat": 0.0, **full}.items(), key=lambda item: item[1]))
