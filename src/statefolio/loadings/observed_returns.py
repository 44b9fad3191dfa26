"""Leaves stale and absurd returns out of what a filter sees, and says which assets this concerns."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.panel import Panel
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._plausible.finding import Finding, Numbers
from statefolio._plausible.stale import find_still_assets
from statefolio._plausible.warn import warn_caller, warn_of
from statefolio.kalman.specification import FilterPaths
from statefolio.kalman.stale_returns import Marks, Watch, watch_returns
from statefolio.kalman.tuning import NO_RESIDUAL
from statefolio.kalman.tuning_spec import Learned


def observed_returns(Y: Array, watch: Watch) -> tuple[Array, Marks]:
    """Return Y with NaN for returns that count as not observed, and the marks; `watch` is moved past its dates."""
    marks = watch_returns(Y, watch)
    return (np.where(marks.unobserved, np.nan, Y) if marks.unobserved.any() else Y), marks


class ConstantAssets(NamedTuple):
    """Assets whose returns are constant so far: alpha is known, the other loadings are zero, nothing is uncertain."""

    assets: int  # N of the run
    place: NDArray[np.intp]  # (n,) positions of those that are constant on some date
    alpha: Array  # (n,)
    filtered: NDArray[np.bool_]  # (T, n) constant up to and including the date
    predicted: NDArray[np.bool_]  # (T, n) constant up to the date before

    def alpha_now(self) -> Array:
        """Return the alpha (N,) of the assets that are constant up to the last date, NaN for the others."""
        alpha = np.full(self.assets, np.nan)
        alpha[self.place] = np.where(self.filtered[-1], self.alpha, np.nan)
        return alpha

    def fill_filtered(self, paths: FilterPaths) -> None:
        """Write the filtered loadings of these assets."""
        rows, which = np.nonzero(self.filtered)
        paths.mean[rows, :, self.place[which]] = self._loadings(which, paths.mean.shape[1])
        paths.variance[rows, :, self.place[which]] = 0.0

    def fill_mean(self, predicted: Array, dates: range) -> Array:
        """Fill in predicted loadings (t, N, K) of some dates."""
        rows, which = np.nonzero(self.predicted[dates.start : dates.stop])
        predicted[rows, self.place[which]] = self._loadings(which, predicted.shape[2])
        return predicted

    def fill_variance(self, predicted: Array, dates: range) -> Array:
        """Fill in variances of predicted loadings (t, N, K) of some dates."""
        rows, which = np.nonzero(self.predicted[dates.start : dates.stop])
        predicted[rows, self.place[which]] = 0.0
        return predicted

    def _loadings(self, which: NDArray[np.intp], states: int) -> Array:
        loadings = np.zeros((len(which), states))
        if len(which):
            loadings[:, 0] = self.alpha[which]
        return loadings


def find_constants(
    marks: Marks,
    watch: Watch,
    begun: NDArray[np.bool_],
    from_panel: NDArray[np.bool_],
    paths: FilterPaths,
    returns: Array,
    intercept: bool,
) -> ConstantAssets:
    """Find the dates on which assets are constant and their filters have not begun.

    Filters that start from the panel's loadings begin with the first return: those of a constant do not count.

    Parameters
    ----------
    marks : Marks
    watch, begun
        State before the run: of the watch, and whether each filter has begun.
    paths : FilterPaths
        Arrays that the run wrote, NaN where a filter has not begun.
    from_panel : (N,) array
        Assets whose loadings start as those of the panel suggest.
    returns : (T, N) array
    intercept : bool
        Without an alpha, only returns of zero have known loadings.
    """
    count, before = returns.shape[1], np.isfinite(watch.constants())
    place = np.flatnonzero(before | np.logical_or.reduce(marks.constant, axis=0)[:count])
    first = np.argmax(np.isfinite(returns[:, place]), axis=0)
    alpha = np.where(np.isnan(watch.previous[place]), returns[first, place], watch.previous[place])
    known = np.full(len(place), True) if intercept else alpha == 0.0
    filtered = marks.constant[:, place] & known & (from_panel[place] | np.isnan(paths.mean[:, 0, place]))
    at_first = (before & (from_panel | ~begun))[place] & known
    return ConstantAssets(count, place, alpha, filtered, np.concatenate([at_first[None], filtered[:-1]]))


class Unobserved(NamedTuple):
    """Assets with absurd returns, with many stale ones, and without a residual."""

    absurd: int  # cells
    first: tuple[int, int]  # row and column of the first one
    still: tuple[Finding, ...]
    none: NDArray[np.intp]  # positions of assets with hardly a residual

    def warn(self, panel: Panel) -> None:
        """Warn of them by name."""
        if self.absurd:
            row, column = self.first
            warn_caller(
                f"returns has {self.absurd} cells a million times the usual size (first: {panel.assets[column]!r} on "
                f"{show(panel.dates[row])}). They count as missing. Correct them."
            )
        warn_of(self.still, "returns", " Those dates count as missing, so that they teach no variance.")
        if len(self.none):
            warn_caller(
                f"returns of {listed(panel.assets[self.none].tolist())} have hardly a residual: they are a combination "
                "of the factors. They are left out of what the panel shares. Drop funds on the factors."
            )

    def moved(self, start: int) -> "Unobserved":
        """Return these for assets that begin at a later position."""
        still = tuple(finding._replace(place=finding.place + start) for finding in self.still)
        return Unobserved(self.absurd, (self.first[0], self.first[1] + start), still, self.none + start)

    @classmethod
    def joined(cls, parts: Sequence["Unobserved"]) -> "Unobserved":
        """Join those of successive assets."""
        first = min((part.first for part in parts if part.absurd), default=(0, 0))
        still = tuple(finding for part in parts for finding in part.still)
        return cls(sum(part.absurd for part in parts), first, still, np.concatenate([part.none for part in parts]))


def find_unobserved(panel: Panel, marks: Marks, learned: Learned) -> Unobserved:
    """Find the assets of a run of which there is something to say."""
    count = len(panel.assets)
    none = learned.reason[:count] == NO_RESIDUAL
    if not marks.unobserved.any():
        return Unobserved(0, (0, 0), (), np.flatnonzero(none))
    rows, columns = np.nonzero(marks.absurd[:, :count] & (np.abs(panel.returns) < 1.0))  # others are named before
    still = find_still_assets(Numbers(panel.returns, panel.dates, panel.assets), marks)
    none[[finding.place for finding in still]] = False
    first = (int(rows[0]), int(columns[0])) if len(rows) else (0, 0)
    return Unobserved(len(rows), first, tuple(still), np.flatnonzero(none))
