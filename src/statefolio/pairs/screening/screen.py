"""Screens a panel for cointegrated pairs and triples, controls false discoveries, and confirms on a later period.

1. Engle and Granger's test of every basket on the formation period (cointegration/engle_granger.py).
2. q-values over all baskets: Benjamini and Yekutieli (2001, Annals of Statistics 29), valid under any dependence of the
   tests, or Benjamini and Hochberg (1995, JRSS B 57).
3. Half-life within bounds; a round trip from `entry` deviations of the spread to its mean earns more than its cost:
   entry x deviation >= 2 cost (|x_1| + sum of |b_j x_j|), prices at their mean over the formation period.
4. Kalman likelihood ratio of a moving against a constant hedge ratio, the level free to move (many_hedges.py).
5. The formation period's hedge held through the later period (held_out.py): Dickey-Fuller test at `confirm_level`,
   half-life within the bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import Flag, check
from statefolio.exceptions import InputError
from statefolio.pairs.cointegration.engle_granger import (
    FEWEST_ROWS,
    EngleGrangerStatistics,
    engle_granger_statistics,
)
from statefolio.pairs.prices import read_prices
from statefolio.pairs.progress import Progress, StageProgress
from statefolio.pairs.screening.baskets import Members, all_pairs, each_hedged, labels, named_baskets
from statefolio.pairs.screening.conditions import condition_numbers
from statefolio.pairs.screening.held_out import held_out_statistics
from statefolio.pairs.screening.many_hedges import moving_ratio_likelihoods
from statefolio.pairs.screening.options import ScreenOptions, split_periods
from statefolio.pairs.screening.result import FILTERS, PairScreen, filter_counts

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
    progress: StageProgress | None = None,
) -> PairScreen:
    """Screen a panel for cointegrated baskets that revert fast enough, pay their costs and do so again later.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        NaN where there is no price; a basket is tested on the dates with all of its prices.
    pairs, triples : lists of names, optional
        Baskets to test. By default all pairs and no triples.
    until : date, optional
        Last date of the formation period. By default it contains all dates, and nothing is confirmed.
    confirm : date, optional
        Last date of the later period, which begins after `until`. By default the last date of `prices`.
    hedged : {"each", "first"}
        Hedge each asset of a basket in turn and use the smallest p-value times the number of assets (Bonferroni); or
        hedge only the first asset, which in the default pairs is the first in alphabetical order.
    lags : int, optional
        Lags of the Dickey-Fuller regressions. By default Akaike's criterion chooses.
    fdr : float
        False discovery rate among baskets called cointegrated.
    correction : {"by", "bh"}
        Benjamini and Yekutieli, or Benjamini and Hochberg. Tests of pairs that share an asset are dependent, and the
        far tail of the test's distribution is approximate: on simulated panels of 20 assets and 500 dates with five
        cointegrated pairs among 190, a rate of 5 % gave 2 % false discoveries with the first and 12 % with the second.
    half_life : (float, float)
        Fewest and most dates of the half-life.
    cost : float
        One-way trading cost as a share of the value traded, the same for all assets.
    entry : float
        Deviations of the spread at which a round trip begins.
    confirm_level : float
        Level of the test on the later period.
    likelihood_ratio : {"cointegrated", "all", "none"}
        Baskets for which the likelihood ratio of a moving hedge ratio is computed.
    logs : bool
        Screen log prices; hedge ratios are then ratios of values.
    progress : callable (stage, done, total), optional
        Called during the stages "pairs", "triples", "hedges" and "later".

    Returns
    -------
    PairScreen

    Raises
    ------
    InputError, UnknownNameError
        For baskets, periods or options that are not valid. Baskets that cannot be tested are listed in `untested`.

    Examples
    --------
    Search four stocks for pairs that were cointegrated until 2014. One pair passes all filters, but the hedge of the
    formation period does not revert in the years after:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "KO", "PEP", "XOM"]].loc["2005":]
    >>> screen = sf.pairs.screen_pairs(prices, until="2014", likelihood_ratio="none")
    >>> screen.counts[["tried", "cointegrated", "confirmed"]].to_dict()
    {'tried': 6, 'cointegrated': 1, 'confirmed': 0}
    >>> screen.selected[["q_value", "half_life", "later_p_value"]].round(2)
              q_value  half_life  later_p_value
    basket
    CVX ~ KO     0.04      35.87           0.15
    """
    check("logs", logs, Flag())
    options = ScreenOptions(hedged, lags, fdr, correction, half_life, cost, entry, confirm_level, likelihood_ratio)
    options.check()
    values, dates, assets = read_prices(prices, logs=logs)
    formation, later = split_periods(dates, until, confirm, FEWEST_ROWS + 3)
    screen = _Screen(values[formation], None if later is None else values[later], assets, logs, options, progress)
    chosen = {2: all_pairs(assets) if pairs is None else named_baskets(pairs, assets, 2)}
    if triples is not None:
        chosen[3] = named_baskets(triples, assets, 3)
    if not any(map(len, chosen.values())):
        if pairs is None:
            raise InputError(f"prices must have at least two assets, got {listed(assets)}. Add assets.")
        raise InputError("pairs must name at least one basket, got none. Name one, or leave pairs out to screen all.")
    parts = {size: screen.strongest(members) for size, members in chosen.items()}
    p_values = np.concatenate([part.p_value for part in parts.values()])
    q_values = np.split(_q_values(p_values, options), [len(chosen[2])])
    tables = [screen.table(part, q) for part, q in zip(parts.values(), q_values, strict=False)]
    whole = pd.concat(tables)[tables[-1].columns] if len(tables) > 1 else tables[0]
    whole = whole.iloc[np.lexsort((whole.index.to_numpy(dtype=str), whole["p_value"]))]
    table = whole[tested := whole["p_value"].notna()].drop(columns="reason")
    return PairScreen(
        table=table,
        counts=filter_counts(table, len(whole)),
        untested=whole.loc[~tested, ["reason", "condition"]],
        formation=(dates[formation][0], dates[formation][-1]),
        later=None if later is None else (dates[later][0], dates[later][-1]),
        false_discovery_rate=fdr,
        correction=correction,
        confirm_level=confirm_level,
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Baskets of one size, the hedged asset first, and their test results."""

    members: Members
    found: EngleGrangerStatistics
    p_value: Array  # corrected for the number of hedged assets; NaN for baskets that cannot be tested


@dataclass(frozen=True, eq=False)
class _Screen:
    """Prices of both periods (or their logarithms) and the options of a screen."""

    past: Array
    later: Array | None
    assets: pd.Index
    logs: bool
    options: ScreenOptions
    progress: StageProgress | None

    def strongest(self, members: Members) -> _Part:
        """Test every basket, with each asset hedged in turn if asked for, and keep the smallest p-value."""
        size = members.shape[1]
        turns = each_hedged(members, self.assets) if self.options.hedged == "each" else members[None]
        flat = np.ascontiguousarray(turns.reshape(-1, size))
        report = self._report({2: "pairs", 3: "triples"}[size])
        found = engle_granger_statistics(self.past, flat, self.options.lags, report)
        p = np.where(np.isfinite(found.statistic), found.p_value, np.nan).reshape(len(turns), -1)
        unknown = np.isnan(p).any(axis=0)  # collinear with one asset hedged is collinear with any
        best = np.where(unknown, np.isnan(p).argmax(axis=0), np.argmin(np.where(np.isnan(p), np.inf, p), axis=0))
        chosen = best * len(members) + np.arange(len(members))
        least = np.where(unknown, np.nan, np.minimum(len(turns) * p.ravel()[chosen], 1.0))
        return _Part(flat[chosen], found.select(chosen), least)

    def table(self, part: _Part, q_value: Array) -> pd.DataFrame:
        """Return one row per basket; `reason` says why a basket could not be tested."""
        members, found, size = part.members, part.found, part.members.shape[1]
        columns: dict[str, Any] = {f"asset_{j + 1}": self.assets[members[:, j]] for j in range(size)}
        columns |= {"statistic": found.statistic, "p_value": part.p_value, "q_value": q_value}
        columns |= {"lags": found.lags, "dates": found.rows, "level": found.coefficients[:, 0]}
        columns |= {f"hedge_ratio_{j + 1}": found.coefficients[:, j] for j in range(1, size)}
        columns["condition"] = condition_numbers(self.past, members)
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
        columns["reason"] = found.reasons
        return pd.DataFrame(columns, index=pd.Index(labels(members, self.assets), name="basket", dtype=object))

    def _profit_to_cost(self, members: Members, found: EngleGrangerStatistics) -> Array:
        """Return the profit of a round trip over its cost, which is for twice the basket's value at mean prices."""
        with np.errstate(divide="ignore", invalid="ignore"):
            known = np.isfinite(self.past)
            mean = np.where(known, np.abs(self.past), 0.0).sum(axis=0) / known.sum(axis=0)
            price = np.ones(members.shape) if self.logs else mean[members]
            traded = price[:, 0] + (np.abs(found.coefficients[:, 1:]) * price[:, 1:]).sum(axis=1)
            ratio: Array = self.options.entry * found.deviation / (2.0 * self.options.cost * traded)
        return ratio

    def _likelihood_ratios(self, members: Members, cointegrated: NDArray[np.bool_]) -> Array:
        """Return the likelihood ratios of the baskets for which they are asked for; NaN for the others."""
        found = np.full(len(members), np.nan)
        baskets = self.options.likelihood_ratio
        wanted = cointegrated if baskets == "cointegrated" else np.full(len(members), baskets == "all")
        rows = np.flatnonzero(wanted)
        for first in range(0, len(rows), _AT_ONCE):
            here = rows[first : first + _AT_ONCE]
            found[here] = moving_ratio_likelihoods(self.past, members[here])
            if self.progress is not None:
                self.progress("hedges", min(first + _AT_ONCE, len(rows)), len(rows))
        return found

    def _report(self, stage: str) -> Progress | None:
        progress = self.progress
        return None if progress is None else lambda done, total: progress(stage, done, total)


def _q_values(p: Array, options: ScreenOptions) -> Array:
    """Return q-values; NaN for baskets that could not be tested."""
    from statsmodels.stats.multitest import multipletests

    known, q = np.isfinite(p), np.full(p.shape, np.nan)
    if known.any():
        q[known] = multipletests(p[known], options.fdr, f"fdr_{options.correction}")[1]
    return q
