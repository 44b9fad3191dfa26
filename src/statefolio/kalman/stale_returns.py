"""Finds returns that teach nothing about an asset's loadings or noise, causally, date by date.

A price that stands still gives returns of zero (of minus the cash rate, where it was subtracted). A few are ordinary; a
stretch of them is a suspension, a delisting padded with the last price, or a quotation renewed now and then. An asset's
return on a date is *quiet* if it is zero, equal to the asset's return before, or below a twentieth of its usual size. A
quiet return is *stale* if more than half of the recent ones were quiet too, by an exponentially weighted share with
memory .9: seven quiet returns in a row begin a stale stretch, two or three others end it. A return a million times the
usual size is *absurd*. Both count as not observed.

The usual size is a running median of |r|: it starts as the median of the first five returns that are not zero and moves
by 5 % towards each later one that is not quiet, so that no single return moves it far. Everything depends on one asset's
past alone: neither neighbours nor later dates change what is found.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import over_blocks
from statefolio.kalman.lanes import compiled
from statefolio.kalman.law import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

FIRST = 5
"""Returns that are not zero from which the usual size starts."""

_QUIET, _ABSURD = 0.05, 1e6
_MEMORY, _STALE, _STEP = 0.9, 0.5, 1.05
_PIECE = 64


class Watch(NamedTuple):
    """What is known about each asset's returns so far; `watch_returns` moves it on."""

    previous: Floats  # (N,) last return observed, NaN before the first
    share: Floats  # (N,) weighted share of quiet returns
    usual: Floats  # (N,) usual size of a return
    first: Floats  # (FIRST, N) the first returns that are not zero, in absolute value
    moves: NDArray[np.int64]  # (N,) returns so far that are not zero, counted to FIRST


def new_watch(assets: int) -> Watch:
    """Assets of which nothing was observed yet."""
    return Watch(
        np.full(assets, np.nan),
        np.full(assets, 0.5),
        np.zeros(assets),
        np.zeros((FIRST, assets)),
        np.zeros(assets, dtype=np.int64),
    )


def watch_returns(Y: Floats, watch: Watch) -> NDArray[np.bool_]:
    """Mark stale and absurd returns.

    Parameters
    ----------
    Y : (T, N) array
        Returns, NaN where not observed; columns after those of `watch` are left alone.
    watch : Watch
        State before the first date of Y; it is moved past the last one, in place.

    Returns
    -------
    (T, N) array of bool
        True where a return counts as not observed.
    """
    found = np.zeros(Y.shape, dtype=np.bool_)
    assets = watch.previous.size

    def work(first: int, last: int) -> None:
        _mark(Y, *watch, found, first * _PIECE, min(last * _PIECE, assets))

    over_blocks(work, -(-assets // _PIECE), float(Y.size))
    return found


@compiled
def _mark(Y, previous, share, usual, first, moves, found, begin, end):
    for t in range(Y.shape[0]):
        for i in range(begin, end):
            r = Y[t, i]
            if r != r:
                continue
            size = abs(r)
            known = moves[i] == FIRST
            quiet = r == 0.0 or r == previous[i] or (known and size <= _QUIET * usual[i])
            share[i] = _MEMORY * share[i] + (1.0 - _MEMORY) * quiet
            absurd = known and size > _ABSURD * usual[i]
            found[t, i] = absurd or (quiet and share[i] > _STALE)
            previous[i] = r
            if not known and r != 0.0:
                first[moves[i], i] = size
                moves[i] += 1
                usual[i] = np.median(first[: moves[i], i])
            elif not quiet and not absurd:
                usual[i] *= _STEP if size > usual[i] else 1.0 / _STEP
