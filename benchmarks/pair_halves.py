"""Measures pairs of a panel on the first half of its dates, and what became of them on the second half.

Used by `pair_prediction.py`, which states what each measure is for. All pairs of a universe are measured; the first of
a pair by name is hedged by the other, x_1 = b_1 + b_2 x_2 + e, by least squares on the first half, and this hedge is
held through the second half.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from statefolio.pairs.cointegration.engle_granger import engle_granger_statistics
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.screening.held_out import held_out_statistics
from statefolio.pairs.verdict.bootstrap import ChangeBootstrap, default_block
from statefolio.pairs.verdict.statistics import hedge_statistics
from statefolio.pairs.verdict.verdict import judge_basket

LAGS = 1  # of the Dickey-Fuller regressions, as in the verdict
ENTRY, EXIT = 2.0, 0.0  # deviations of the first half at which the rule opens and closes
COST = 0.0005  # of the traded value
YEAR = 252


class Universe(NamedTuple):
    """Prices without gaps, and the sector of each asset where sectors are known."""

    name: str
    prices: pd.DataFrame
    sectors: pd.Series | None = None

    @property
    def pairs(self) -> np.ndarray:
        """Columns of all pairs (M, 2)."""
        return np.column_stack(np.triu_indices(self.prices.shape[1], 1))

    @property
    def half(self) -> int:
        """Number of dates of the first half."""
        return len(self.prices) // 2


def first_half(universe: Universe, draws: int, seed: int) -> pd.DataFrame:
    """Return the measures of each pair on the first half, each turned so that high should mean reversion later."""
    pairs = universe.pairs
    x = universe.prices.to_numpy()[: universe.half]
    found = engle_granger_statistics(x, pairs, LAGS)
    as_low = np.ones(len(pairs))
    bootstrap = ChangeBootstrap(x, default_block(len(x) - 1), seed)
    for number in range(draws):
        drawn = engle_granger_statistics(bootstrap.draw(number), pairs, LAGS)
        as_low += ~(drawn.statistic > found.statistic)
    early, late = (
        engle_granger_statistics(part, pairs, LAGS).coefficients[:, 1] for part in np.array_split(x, 2, axis=0)
    )
    changes = np.diff(np.log(x), axis=0)
    path = np.log(x) - np.log(x[0])
    distance = ((path[:, pairs[:, 0]] - path[:, pairs[:, 1]]) ** 2).sum(axis=0)
    table = {
        "calibrated p": -as_low / (1 + draws),
        "half-life": -found.half_life,
        "stability of the ratio": -np.abs(late - early) / (np.abs(late) + np.abs(early)),
        "correlation of returns": np.corrcoef(changes.T)[pairs[:, 0], pairs[:, 1]],
        "distance of prices": -distance,
        "evidence of pairs that share an asset": -mean_of_neighbours(found.statistic, pairs, x.shape[1]),
    }
    if universe.sectors is not None:
        sector = universe.sectors.to_numpy()
        table["same sector"] = (sector[pairs[:, 0]] == sector[pairs[:, 1]]).astype(float)
    ratios = {"level": found.coefficients[:, 0], "ratio": found.coefficients[:, 1], "deviation": found.deviation}
    return pd.DataFrame(table | ratios | {"nominal p": found.p_value})


def mean_of_neighbours(values: np.ndarray, pairs: np.ndarray, assets: int) -> np.ndarray:
    """Return for each pair the mean of the values of the other pairs that share one of its assets."""
    total = np.bincount(pairs[:, 0], values, assets) + np.bincount(pairs[:, 1], values, assets)
    return (total[pairs[:, 0]] + total[pairs[:, 1]] - 2.0 * values) / (2.0 * (assets - 2))


def second_half(universe: Universe, first: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes of each pair on the second half; high means reversion."""
    x = universe.prices.to_numpy()[universe.half :]
    pairs, ratio = universe.pairs, first["ratio"].to_numpy()
    held = held_out_statistics(x, pairs, ratio[:, None], LAGS)
    spread = x[:, pairs[:, 0]] - ratio * x[:, pairs[:, 1]]
    gross = x[:, pairs[:, 0]] + np.abs(ratio) * x[:, pairs[:, 1]]
    z = (spread - first["level"].to_numpy()) / first["deviation"].to_numpy()
    table = {
        "Dickey-Fuller": -held.statistic,
        "half-life": -held.half_life,
        "profit": profit(units_of_all(z), spread, gross),
        "later p": held.p_value,
    }
    return pd.DataFrame(table)


def units_of_all(z: np.ndarray) -> np.ndarray:
    """Return the units (T, M) of `Bands(ENTRY, EXIT)` for the z-scores of all pairs at once."""
    units = np.zeros_like(z)
    now = np.zeros(z.shape[1])
    for t in range(len(z)):
        kept = (now != 0.0) & (-now * z[t] > EXIT)
        opened = np.where(np.abs(z[t]) > ENTRY, -np.sign(z[t]), 0.0)
        now = np.where(kept, now, opened)
        units[t] = now
    return units


def profit(units: np.ndarray, spread: np.ndarray, gross: np.ndarray) -> np.ndarray:
    """Return profit a year over the gross value of the position, after costs of all changes of the position.

    A position decided at a close earns the change of the spread to the next close.
    """
    earned = units[:-1] * np.diff(spread, axis=0) / gross[:-1]
    traded = np.abs(np.diff(units, axis=0, prepend=np.zeros((1, units.shape[1]))))[:-1]
    return YEAR * (earned - COST * traded).mean(axis=0)


def kalman_verdicts(universe: Universe, most: int, draws: int, seed: int) -> pd.DataFrame:
    """Return verdict on the first half and Dickey-Fuller statistic of the held value on the second, of disjoint pairs.

    The hedge is that of the command `pairs`: maximum likelihood with a reverting level, tuned on the first half. Pairs
    are drawn within sectors where sectors are known.
    """
    dates = universe.prices.index
    until = dates[universe.half - 1]
    rows = []
    for one, other in disjoint_pairs(universe, seed)[:most]:
        prices = universe.prices.iloc[:, [one, other]]
        verdict = judge_basket(KalmanHedge(), prices.loc[:until], draws=draws, seed=seed)
        hedge = KalmanHedge().fit(prices, tune_until=until)
        later = hedge_statistics(hedge, read_basket(prices), universe.half)
        rows.append((-verdict.p_value, -later.adf_held))
    return pd.DataFrame(rows, columns=["calibrated p", "Dickey-Fuller"])


def disjoint_pairs(universe: Universe, seed: int) -> list[tuple[int, int]]:
    """Return random pairs of columns that share no asset, in random order, each within one sector."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(universe.prices.shape[1])
    sector = np.zeros(len(order)) if universe.sectors is None else universe.sectors.to_numpy()
    found = []
    for name in np.unique(sector):
        members = [int(n) for n in order if sector[n] == name]
        found += [tuple(sorted(pair)) for pair in zip(members[::2], members[1::2], strict=False)]
    return [found[n] for n in rng.permutation(len(found))]
