"""Cointegrated pairs and triples of a whole panel, with false discoveries kept in check and a later period to confirm.

1. Engle and Granger's test of every basket on the formation period (cointegration/engle_granger.py).
2. q-values over all of them: Benjamini and Yekutieli (2001, Annals of Statistics 29), whatever the dependence of the
   tests, or Benjamini and Hochberg (1995, JRSS B 57).
3. Half-life within bounds; a round trip from `entry` deviations of the spread to its mean earns its costs:
   entry x deviation >= 2 cost (|x_1| + sum of |b_j x_j|), prices at their formation mean.
4. Kalman likelihood ratio of a moving against a constant hedge ratio, the level free to move (many_hedges.py).
5. The formation's hedge held through the later period (held_out.py): Dickey-Fuller at `confirm_level`, half-life
   within the bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.kalman.tuning import Progress
from statefolio.pairs.cointegration.engle_granger import (
    FEWEST_ROWS,
    EngleGrangerStatistics,
    Report,
    engle_granger_statistics,
)
from statefolio.pairs.prices import logarithms, warn_of_splits
from statefolio.pairs.screening.baskets import Members, all_pairs, each_hedged, labels, named_baskets
from statefolio.pairs.screening.held_out import held_out_statistics
from statefolio.pairs.screening.many_hedges import moving_ratio_likelihoods
from statefolio.pairs.screening.options import ScreenOptions, split_periods
from statefolio.pairs.screening.result import FILTERS, PairScreen

_AT_ONCE = 2048


def screen_pairs(
    prices: Any,
    *,
    pairs: Sequence[tuple[Any, Any]] | None = None,
    triples: Sequence[tuple[Any, Any, Any]] | None = None,
    until: Any = None,
    confirm: Any = None,
    hedged: Literal["each", "first"] = "each",
    lags: int | None = None,
    fdr: float = 0.05,
    correction: Literal["by", "bh"] = "by",
    half_life: tuple[float, float] = (1.0, 126.0),
    cost: float = 0.0,
    entry: float = 1.0,
    confirm_level: float = 0.05,
    likelihood_ratio: Literal["cointegrated", "all", "none"] = "cointegrated",
    logs: bool = False,
    progress: Progress | None = None,
) -> PairScreen:
    """Look for baskets that revert, and say how many were tried.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        NaN where there is no price; a basket is tested on the dates that have all of its prices.
    pairs, triples : lists of names, optional
        Baskets to test. Without `pairs`, all of them; without `triples`, none.
    until : date, optional
        Last date of the formation period; None is all dates, and nothing is confirmed.
    confirm : date, optional
        Last date of the later period, which begins after `until`; None is the end.
    hedged : {"each", "first"}
        Test a basket with each of its assets as the hedged one and keep the strongest, its p-value times their number
        (Bonferroni); or with the first one of each basket, of all pairs the first by name.
    lags : int, optional
        Of the Dickey-Fuller regressions; None lets Akaike's criterion choose.
    fdr : float
        False discovery rate among baskets called cointegrated.
    correction : {"by", "bh"}
        Benjamini and Yekutieli, or Benjamini and Hochberg. Pairs that share an asset are found or missed together, and
        the far tail of the test's law is approximate: on simulated panels of 20 assets and 500 dates, five true pairs
        of 190, a rate of 5 % became 2 % false discoveries with the first and 12 % with the second.
    half_life : (float, float)
        Least and most dates to come half-way back.
    cost : float
        Of trading, as a share of the value traded, one way, all assets alike.
    entry : float
        Deviations of the spread at which a round trip would begin.
    confirm_level : float
        Level of the later period's test.
    likelihood_ratio : {"cointegrated", "all", "none"}
        For which baskets the Kalman likelihoods are maximised.
    logs : bool
        Screen the prices' logarithms; hedge ratios are then ratios of value.
    progress : callable (stage, done, total), optional
        Hears of "pairs", "triples", "hedges" and "later".

    Returns
    -------
    PairScreen

    Raises
    ------
    InputError, UnknownNameError
        For baskets, periods or options that cannot be used. A basket that cannot be tested is listed with the reason.
    """
    options = ScreenOptions(hedged, lags, fdr, correction, half_life, cost, entry, confirm_level, likelihood_ratio)
    options.check()
    values, dates, assets = read_values(prices, "prices")
    warn_of_splits(values, dates, assets)
    if logs:
        values = logarithms(values, dates, assets)
    formation, later = split_periods(dates, until, confirm, FEWEST_ROWS + 3)
    screen = _Screen(values[formation], None if later is None else values[later], assets, logs, options, progress)
    chosen = {2: all_pairs(assets) if pairs is None else named_baskets(pairs, assets, 2)}
    if triples is not None:
        chosen[3] = named_baskets(triples, assets, 3)
    if not any(map(len, chosen.values())):
        raise InputError(
            f"there is no basket to screen: prices has {', '.join(map(repr, assets)) or 'no asset'}; "
            "two assets at least were expected. Name more, or name baskets."
        )
    parts = {size: screen.strongest(members) for size, members in chosen.items()}
    p_values = np.concatenate([part.p_value for part in parts.values()])
    q_values = np.split(_q_values(p_values, options), [len(chosen[2])])
    tables = [screen.table(part, q) for part, q in zip(parts.values(), q_values, strict=False)]
    whole = pd.concat(tables)[tables[-1].columns] if len(tables) > 1 else tables[0]
    whole = whole.iloc[np.lexsort((whole.index.to_numpy(dtype=str), whole["p_value"]))]
    table = whole[tested := whole["p_value"].notna()].drop(columns="reason")
    return PairScreen(
        table=table,
        counts=_counts(table, len(whole)),
        untested=whole.loc[~tested, ["reason"]],
        formation=(dates[formation][0], dates[formation][-1]),
        later=None if later is None else (dates[later][0], dates[later][-1]),
        false_discovery_rate=fdr,
        correction=correction,
        confirm_level=confirm_level,
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Baskets of one size, each with one asset hedged, and what their test found."""

    members: Members
    found: EngleGrangerStatistics
    p_value: Array  # NaN where there is no test


@dataclass(frozen=True, eq=False)
class _Screen:
    """Prices of both periods, or their logarithms, and the options."""

    past: Array
    later: Array | None
    assets: pd.Index
    logs: bool
    options: ScreenOptions
    progress: Progress | None

    def strongest(self, members: Members) -> _Part:
        """Test every basket, with each of its assets hedged if told to, and keep the least p-value."""
        size = members.shape[1]
        turns = each_hedged(members, self.assets) if self.options.hedged == "each" else members[None]
        flat = np.ascontiguousarray(turns.reshape(-1, size))
        report = self._report({2: "pairs", 3: "triples"}[size])
        found = engle_granger_statistics(self.past, flat, self.options.lags, report)
        p = np.where(np.isfinite(found.statistic), found.p_value, np.nan).reshape(len(turns), -1)
        unknown = np.isnan(p).any(axis=0)  # collinear one way is collinear
        best = np.argmin(np.where(np.isnan(p), np.inf, p), axis=0)
        chosen = best * len(members) + np.arange(len(members))
        least = np.where(unknown, np.nan, np.minimum(len(turns) * p.ravel()[chosen], 1.0))
        return _Part(flat[chosen], found.select(chosen), least)

    def table(self, part: _Part, q_value: Array) -> pd.DataFrame:
        """A row a basket; those without a test with the reason."""
        members, found, size = part.members, part.found, part.members.shape[1]
        columns: dict[str, Any] = {f"asset_{j + 1}": self.assets[members[:, j]] for j in range(size)}
        columns |= {"statistic": found.statistic, "p_value": part.p_value, "q_value": q_value}
        columns |= {"lags": found.lags, "dates": found.rows, "level": found.coefficients[:, 0]}
        columns |= {f"hedge_ratio_{j + 1}": found.coefficients[:, j] for j in range(1, size)}
        columns |= {"deviation": found.deviation, "half_life": found.half_life}
        columns["profit_to_cost"] = self._profit_to_cost(members, found)
        cointegrated = q_value <= self.options.fdr
        columns["likelihood_ratio"] = self._likelihood_ratios(members, cointegrated)
        least, most = self.options.half_life
        filters = [cointegrated, (found.half_life >= least) & (found.half_life <= most)]
        filters.append(columns["profit_to_cost"] >= 1.0)
        confirmed = np.zeros(len(members), dtype=bool)
        if self.later is not None:
            ratios = found.coefficients[:, 1:]
            held = held_out_statistics(self.later, members, ratios, self.options.lags, self._report("later"))
            columns |= {"later_dates": held.rows, "later_statistic": held.statistic}
            columns |= {"later_p_value": held.p_value, "later_half_life": held.half_life}
            confirmed = np.logical_and.reduce(filters) & (held.p_value <= self.options.confirm_level)
            confirmed &= (held.half_life >= least) & (held.half_life <= most)
        columns |= dict(zip(FILTERS, [*filters, confirmed], strict=True))
        columns["reason"] = _reasons(found)
        return pd.DataFrame(columns, index=pd.Index(labels(members, self.assets), name="basket", dtype=object))

    def _profit_to_cost(self, members: Members, found: EngleGrangerStatistics) -> Array:
        """Of a round trip; the value traded is that of the basket at mean prices, one way and back."""
        with np.errstate(divide="ignore", invalid="ignore"):
            known = np.isfinite(self.past)
            mean = np.where(known, np.abs(self.past), 0.0).sum(axis=0) / known.sum(axis=0)
            price = np.ones(members.shape) if self.logs else mean[members]
            traded = price[:, 0] + (np.abs(found.coefficients[:, 1:]) * price[:, 1:]).sum(axis=1)
            ratio: Array = self.options.entry * found.deviation / (2.0 * self.options.cost * traded)
        return ratio

    def _likelihood_ratios(self, members: Members, cointegrated: NDArray[np.bool_]) -> Array:
        """Of the hedge ratio that moves most, for the baskets that are asked for."""
        found = np.full(len(members), np.nan)
        asked = self.options.likelihood_ratio
        wanted = cointegrated if asked == "cointegrated" else np.full(len(members), asked == "all")
        rows = np.flatnonzero(wanted)
        for first in range(0, len(rows), _AT_ONCE):
            here = rows[first : first + _AT_ONCE]
            found[here] = moving_ratio_likelihoods(self.past, members[here])
            if self.progress is not None:
                self.progress("hedges", min(first + _AT_ONCE, len(rows)), len(rows))
        return found

    def _report(self, stage: str) -> Report | None:
        progress = self.progress
        return None if progress is None else lambda done, total: progress(stage, done, total)


def _q_values(p: Array, options: ScreenOptions) -> Array:
    """Of the tests that could be made."""
    from statsmodels.stats.multitest import multipletests

    known, q = np.isfinite(p), np.full(p.shape, np.nan)
    if known.any():
        q[known] = multipletests(p[known], options.fdr, f"fdr_{options.correction}")[1]
    return q


def _reasons(found: EngleGrangerStatistics) -> list[str]:
    """Why there is no test; nothing where there is one."""
    fewest = FEWEST_ROWS + found.coefficients.shape[1]
    few = f"fewer than {fewest} dates with all prices"
    reasons = np.where(found.rows < fewest, few, "a price stands still, or two agree")
    return ["" if np.isfinite(s) else str(reason) for s, reason in zip(found.statistic, reasons, strict=True)]


def _counts(table: pd.DataFrame, tried: int) -> "pd.Series[int]":
    left = table[list(FILTERS[:3])].cumprod(axis=1).sum()
    numbers = [tried, len(table), *left.astype(int), int(table["confirmed"].sum())]
    return pd.Series(numbers, index=["tried", "tested", *FILTERS], name="baskets")
