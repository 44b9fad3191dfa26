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
    previous, share, usual, first, moves, moved, repeats = watch
    settled, kind = False, np.empty(end - begin, np.int64)
    last, recent, size = previous[begin:end], share[begin:end], usual[begin:end]
    for t in range(Y.shape[0]):
        if settled:
            some = _pass_settled(Y[t, begin:end], last, recent, size, kind)
            if some >= 2:
                for n in range(kind.size):
                    marks.unobserved[t, begin + n] = kind[n] & 2 != 0
                    marks.absurd[t, begin + n] = kind[n] & 4 != 0
            continue
        settled = True
        for i in range(begin, end):
            r = Y[t, i]
            if r == r:
                known = moves[i] == FIRST
                quiet = r == 0.0 or r == previous[i] or (known and abs(r) <= _QUIET * usual[i])
                absurd = known and abs(r) > _ABSURD * usual[i]
                share[i] = _MEMORY * share[i] + (1.0 - _MEMORY) * quiet
                if absurd or (quiet and share[i] > _STALE):
                    marks.unobserved[t, i] = True
                    marks.absurd[t, i] = absurd
                if not moved[i]:
                    moved[i] = r != previous[i] and previous[i] == previous[i]
                    repeats[i] = min(repeats[i] + 1, FIRST)
                previous[i] = r
                if not known and r != 0.0:
                    first[moves[i], i] = abs(r)
                    moves[i] += 1
                    usual[i] = _median(first[:, i], moves[i])
                elif not quiet and not absurd:
                    usual[i] *= _STEP if abs(r) > usual[i] else 1.0 / _STEP
            if not moved[i] and repeats[i] == FIRST:
                marks.constant[t, i] = True
            settled &= moved[i] and moves[i] == FIRST


@inner
def _median(values, count):
    """Return the median of the first few values; np.median takes a second to compile."""
    half = count // 2
    low, high = 0.0, 0.0
    for n in range(count):
        below = 0
        for m in range(count):
            below += values[m] < values[n] or (values[m] == values[n] and m < n)
        low = values[n] if below == count - 1 - half else low
        high = values[n] if below == half else high
    return (low + high) / 2.0


@inner
def _pass_settled(y, previous, share, usual, kind):
    """Pass one date of assets whose usual sizes are known and which have moved; return the union of what was found.

    1 is for quiet or absurd returns, 2 for those that count as not observed, 4 for absurd ones. No loop has a branch,
    so that the compiler takes several assets at once.
    """
    some = 0
    for n in range(kind.size):
        r = y[n]
        quiet = (r == 0.0) | (r == previous[n]) | (abs(r) <= _QUIET * usual[n])
        absurd = abs(r) > _ABSURD * usual[n]
        after = _MEMORY * share[n] + (1.0 - _MEMORY) * quiet
        share[n] = after if r == r else share[n]
        left_out = (r == r) & (absurd | (quiet & (after > _STALE)))
        kind[n] = np.int64(quiet | absurd) + 2 * np.int64(left_out) + 4 * np.int64(absurd)
        some |= kind[n]
    for n in range(kind.size):
        step = _STEP if abs(y[n]) > usual[n] else 1.0 / _STEP
        usual[n] = usual[n] * step if (y[n] == y[n]) & (kind[n] == 0) else usual[n]
        previous[n] = y[n] if y[n] == y[n] else previous[n]
    return some
