"""Finds returns that teach nothing about an asset's loadings or noise, causally, date by date.

A price that stands still gives returns of zero (of minus the cash rate, where it was subtracted). A few are ordinary; a
stretch of them is a suspension, a delisting padded with the last price, or a quotation renewed now and then. An asset's
return on a date is *quiet* if it is zero, equal to the asset's return before, or below a twentieth of its usual size. A
quiet return is *stale* if more than half of the recent ones were quiet too, by an exponentially weighted share with
memory .9: seven quiet returns in a row begin a stale stretch; two others in a row end it, eight after a long one. A
return a million times the usual size is *absurd*. Both count as not observed. An asset with five returns or more that
are all the same number (zero, or the rate of cash) is *constant*: its loadings are zero and known, and so is its alpha.

The usual size is a running median of |r|: it starts as the median of the first five returns that are not zero and moves
by 5 % towards each later one that is not quiet, so that no single return moves it far. Everything depends on the past
of one asset alone: neither neighbours nor later dates change what is found.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import over_blocks
from statefolio.kalman.lanes import compiled, inner
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

FIRST = 5
"""Returns that are not zero from which the usual size starts, and equal returns from which an asset is constant."""

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
    moved: NDArray[np.bool_]  # (N,) some return differed from the one before
    same: NDArray[np.int64]  # (N,) returns so far where none differed, counted to FIRST

    def constants(self) -> Floats:
        """Return the number that the returns of each constant asset are, NaN for the others, (N,)."""
        return np.where(~self.moved & (self.same == FIRST), self.previous, np.nan)

    def with_new_assets(self, count: int) -> "Watch":
        """Append `count` assets of which nothing was observed yet."""
        pairs: Any = zip(self, new_watch(count), strict=True)
        return Watch(*(np.concatenate(pair, axis=-1) for pair in pairs))

    def copy(self) -> "Watch":
        """Copy the arrays, so that a run leaves the given state unchanged."""
        arrays: Any = (array.copy() for array in self)
        return Watch(*arrays)


class Marks(NamedTuple):
    """What `watch_returns` found, (T, N) each."""

    unobserved: NDArray[np.bool_]  # the return counts as not observed
    absurd: NDArray[np.bool_]  # because it is absurd
    constant: NDArray[np.bool_]  # the asset is constant up to and including the date


def new_watch(assets: int) -> Watch:
    """Assets of which nothing was observed yet."""
    return Watch(
        np.full(assets, np.nan),
        np.full(assets, 0.5),
        np.zeros(assets),
        np.zeros((FIRST, assets)),
        np.zeros(assets, dtype=np.int64),
        np.zeros(assets, dtype=np.bool_),
        np.zeros(assets, dtype=np.int64),
    )


def watch_returns(Y: Floats, watch: Watch) -> Marks:
    """Mark stale and absurd returns, and assets that are constant so far.

    Parameters
    ----------
    Y : (T, N) array
        Returns, NaN where not observed; columns after those of `watch` are left alone.
    watch : Watch
        State before the first date of Y; it is moved past the last one, in place.
    """
    marks = Marks(*(np.zeros(Y.shape, dtype=np.bool_) for _ in Marks._fields))
    assets = watch.previous.size

    def work(first: int, last: int) -> None:
        _mark(Y, watch, marks, first * _PIECE, min(last * _PIECE, assets))

    over_blocks(work, -(-assets // _PIECE), float(Y.size))
    return marks


@compiled
def _mark(Y, watch, marks, begin, end):
    settled, kind = False, np.zeros(end - begin, np.int64)
    for t in range(Y.shape[0]):
        if not settled:
            settled = True
            for i in range(begin, end):
                settled &= watch.moved[i] and watch.moves[i] == FIRST
        if settled:
            unobserved, absurd = marks.unobserved[t, begin:end], marks.absurd[t, begin:end]
            _mark_settled(Y[t, begin:end], watch, unobserved, absurd, kind, begin, end)
        else:
            _mark_first(Y[t], watch, marks, t, begin, end)


@inner
def _mark_settled(r, watch, unobserved, absurd, kind, begin, end):
    """Mark one date of assets whose usual sizes are known and which have moved: without branches, several at once."""
    previous, share, usual = watch.previous[begin:end], watch.share[begin:end], watch.usual[begin:end]
    some = 0
    for i in range(kind.size):
        seen, size = r[i] == r[i], abs(r[i])
        quiet = (r[i] == 0.0) | (r[i] == previous[i]) | (size <= _QUIET * usual[i])
        huge = size > _ABSURD * usual[i]
        recent = _MEMORY * share[i] + (1.0 - _MEMORY) * quiet
        share[i] = recent if seen else share[i]
        stale = seen & (huge | (quiet & (recent > _STALE)))
        kind[i] = np.int64(quiet | huge) | (np.int64(stale) << 1) | (np.int64(stale & huge) << 2)
        some |= kind[i]
    for i in range(kind.size):
        step = _STEP if abs(r[i]) > usual[i] else 1.0 / _STEP
        usual[i] = usual[i] * step if (r[i] == r[i]) & (kind[i] == 0) else usual[i]
        previous[i] = r[i] if r[i] == r[i] else previous[i]
    if some >= 2:
        for i in range(kind.size):
            unobserved[i], absurd[i] = kind[i] & 2 != 0, kind[i] & 4 != 0


@inner
def _mark_first(Y, watch, marks, t, begin, end):
    """Mark one date of assets some of which have just begun."""
    previous, share, usual, first, moves, moved, repeats = watch
    for i in range(begin, end):
        r = Y[i]
        if r == r:
            size, known = abs(r), moves[i] == FIRST
            quiet = r == 0.0 or r == previous[i] or (known and size <= _QUIET * usual[i])
            absurd = known and size > _ABSURD * usual[i]
            share[i] = _MEMORY * share[i] + (1.0 - _MEMORY) * quiet
            if absurd or (quiet and share[i] > _STALE):
                marks.unobserved[t, i] = True
                marks.absurd[t, i] = absurd
            if not moved[i]:
                moved[i] = r != previous[i] and previous[i] == previous[i]
                repeats[i] = min(repeats[i] + 1, FIRST)
            previous[i] = r
            if not known and r != 0.0:
                first[moves[i], i] = size
                moves[i] += 1
                usual[i] = np.median(first[: moves[i], i])
            elif not quiet and not absurd:
                usual[i] *= _STEP if size > usual[i] else 1.0 / _STEP
        if not moved[i] and repeats[i] == FIRST:
            marks.constant[t, i] = True
