"""Collects what there is to warn of after a fit, for a panel or for some of its assets, and warns of it once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.panel import Panel
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._plausible.warn import warn_caller
from statefolio.loadings.observed_returns import Unobserved
from statefolio.loadings.unidentified import warn_of_unidentified


@dataclass(frozen=True)
class Remarks:
    """What a fit found about each asset that deserves a warning."""

    unobserved: Unobserved | None  # None where the model uses all returns
    counts: NDArray[np.intp]  # (N,) returns, counted until there are enough
    needed: NDArray[np.intp]  # (N,) returns without which an asset has no loadings
    partly_unknown: NDArray[np.bool_] | None  # (N,) loadings that are not identified on some date
    hidden: NDArray[np.bool_]  # (N, K) those of the last date
    condition: Array  # (N,) of the factors on the dates of an asset

    def warn(self, panel: Panel) -> None:
        """Warn by name of assets; the returns of the panel are not needed."""
        if self.unobserved is not None:
            self.unobserved.warn(panel)
        self._warn_of_short_histories(panel)
        warn_of_unidentified(panel, self.partly_unknown, self.hidden, self.condition)

    def _warn_of_short_histories(self, panel: Panel) -> None:
        short = np.flatnonzero(self.counts < self.needed)
        if len(short):
            got = sorted({int(self.counts[k]) for k in short})
            numbers = " to ".join(map(str, dict.fromkeys((got[0], got[-1]))))
            needed = int(self.needed[short].max())
            warn_caller(
                f"returns must have at least {needed} observations of an asset for {len(panel.factors)} loadings, "
                f"got {numbers} of {listed(list(panel.assets[short]))}, whose loadings are missing. Pass more dates or "
                "fewer factors, or drop assets with too little data."
            )


def join_remarks(parts: Sequence[Remarks]) -> Remarks:
    """Join the remarks on successive assets."""
    partly = [np.zeros(len(p.counts), dtype=bool) if p.partly_unknown is None else p.partly_unknown for p in parts]
    starts = np.cumsum([0, *(len(part.counts) for part in parts[:-1])]).tolist()
    unobserved = [
        part.unobserved.moved(start) for part, start in zip(parts, starts, strict=True) if part.unobserved is not None
    ]
    return Remarks(
        Unobserved.joined(unobserved) if unobserved else None,
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.needed for part in parts]),
        np.concatenate(partly) if any(each.any() for each in partly) else None,
        np.concatenate([part.hidden for part in parts]),
        np.concatenate([part.condition for part in parts]),
    )
