"""What to hold, given how far a basket is from where it should be."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import InputError


class Rule(Protocol):
    """What turns z-scores into units of the basket, each from those up to its date alone."""

    def units(self, z: Array) -> Array:
        """Return units (T,) from -1 to 1 for z-scores (T,); NaN leaves them as they are."""

    def levels(self) -> dict[str, float]:
        """Z-scores at which something happens, by name."""


@dataclass(frozen=True)
class Bands:
    """Buy the basket where it is cheap by so many deviations, sell it where it is dear, and leave near the middle.

    Parameters
    ----------
    entry : float, default 1
        Long from z < -entry, short from z > entry.
    exit : float, default 0
        Out of a long from z >= -exit, out of a short from z <= exit. At `entry` a position lasts while z is beyond it.
    stop : float, optional
        Out where z is beyond this, against the position; no entry until z has come back inside of `entry`.
    longest : int, optional
        Out after so many dates; no entry until z has come back inside of `entry`.
    """

    entry: float = 1.0
    exit: float = 0.0
    stop: float | None = None
    longest: int | None = None

    def __post_init__(self) -> None:
        """Refuse bands that contradict each other."""
        for name in ("entry", "exit", "stop"):
            value = getattr(self, name)
            if value is not None and (not is_number(value) or not np.isfinite(value)):
                raise InputError(f"{name}={value!r} came; a finite number of deviations was expected.")
        if not self.entry > 0.0 or not -self.entry <= self.exit <= self.entry:
            raise InputError(
                f"entry={self.entry!r} and exit={self.exit!r} came; entry above 0 and exit from -entry to entry were "
                "expected."
            )
        if self.stop is not None and not self.stop > self.entry:
            raise InputError(f"stop={self.stop!r} came with entry={self.entry!r}; a stop beyond entry was expected.")
        if self.longest is not None and (not is_whole(self.longest) or self.longest < 1):
            raise InputError(f"longest={self.longest!r} came; a whole number of dates, 1 at least, was expected.")

    def units(self, z: Array) -> Array:
        """Return 1, 0 or -1 for each date."""
        found = np.zeros(len(z))
        held, age, barred = 0.0, 0, False
        for t, now in enumerate(z):
            if held != 0.0:
                age += 1
            if not np.isnan(now):
                held, age, barred = self._moved(float(now), held, age, barred)
            found[t] = held
        return found

    def _moved(self, z: float, held: float, age: int, barred: bool) -> tuple[float, int, bool]:
        """Position, its age, and whether entry is barred, after one date."""
        away = -held * z  # how far z is on the side the position was taken on
        if held != 0.0:
            stopped = (self.stop is not None and away > self.stop) or (self.longest is not None and age >= self.longest)
            if stopped:
                return 0.0, 0, True
            if away > self.exit:
                return held, age, barred
        barred = barred and abs(z) > self.entry
        if barred or abs(z) <= self.entry:
            return 0.0, 0, barred
        return -float(np.sign(z)), 0, False

    def levels(self) -> dict[str, float]:
        """Z-scores at which something happens, by name."""
        levels = {"long entry": -self.entry, "long exit": 0.0 - self.exit}  # -0.0 is written "-0"
        levels |= {"short exit": 0.0 + self.exit, "short entry": self.entry}
        if self.stop is not None:
            levels |= {"long stop": -self.stop, "short stop": self.stop}
        return dict(sorted(levels.items(), key=lambda item: item[1]))


@dataclass(frozen=True)
class Linear:
    """Hold against the deviation, in proportion to it.

    Parameters
    ----------
    full_at : float, optional
        Deviations at which one whole unit is held. None: a whole unit on whichever side, as in Chan (2013, chapter 2),
        whose profit is divided by the money in the position.
    """

    full_at: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no number of deviations."""
        if self.full_at is not None and (not is_number(self.full_at) or not 0.0 < self.full_at < np.inf):
            raise InputError(f"full_at={self.full_at!r} came; a number of deviations above 0 was expected.")

    def units(self, z: Array) -> Array:
        """Return units for each date."""
        wanted = -np.sign(z) if self.full_at is None else np.clip(-z / self.full_at, -1.0, 1.0)
        return pd.Series(wanted).ffill().fillna(0.0).to_numpy()

    def levels(self) -> dict[str, float]:
        """Z-scores at which something happens, by name."""
        full = {} if self.full_at is None else {"fully long": -self.full_at, "fully short": self.full_at}
        return dict(sorted({"flat": 0.0, **full}.items(), key=lambda item: item[1]))
