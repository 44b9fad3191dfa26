"""Runs all tests of constant loadings on one panel of arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.diagnostics.change.breaks import Break, Change, all_breaks, estimate_changes, largest_break
from statefolio.diagnostics.change.condensed import Condensed, block_edges, condense
from statefolio.diagnostics.change.drawn_scores import draw_scores
from statefolio.diagnostics.change.likelihood_ratio import MovingLoadings, moving_loadings
from statefolio.diagnostics.change.local_volatility import local_variance
from statefolio.diagnostics.change.nyblom import Nyblom, joint_p_value, nyblom, single_p_values
from statefolio.diagnostics.change.walk_spectrum import draw, spectrum
from statefolio.diagnostics.variance_inflation import collinear_reason
from statefolio.kalman.ordinary_least_squares import ordinary_least_squares

STEPS = 32
"""Most steps of a random walk in a spectrum: more steps change quantiles of null distributions by less than 2 %."""

BREAK_DRAWS = 300
FEWEST_BLOCKS = 6
_FEWEST_STEPS = 24  # least number of blocks of a panel, where the number of coefficients allows
_EXACT = 1e-24


@dataclass(frozen=True)
class TestOptions:
    """Options of the tests."""

    block: int  # dates
    draws: int
    panels: int  # assets in the simulated panels
    breaks: int  # most per asset
    seed: int


@dataclass(frozen=True, eq=False)
class Stability:
    """Statistics and p-values, (K, N) by loading or (N,) by asset."""

    moving: MovingLoadings
    nyblom: Nyblom
    nyblom_p_value: Array
    joint_p_value: Array
    strongest: list[Break | None]
    searches: "_BreakSearch"


@dataclass(frozen=True, eq=False)
class _BreakSearch:
    """Searches an asset for further breaks."""

    condensed: Condensed
    X: Array
    Y: Array
    sigma: Array
    noise: Array

    def breaks(self, asset: int, found: Break, level: float, most: int) -> list[tuple[Break, Change]]:
        """Return all breaks of an asset, dated, with the loadings before and after."""
        edges, scores = self.condensed.edges, draw_scores(self.condensed, asset, self.noise)
        dated = all_breaks(scores, found, level, most)
        places = [int(edges[one.at]) for one in dated]
        slack = int(np.diff(edges).max())
        moved = estimate_changes(self.X, self.Y[:, asset], self.sigma[:, asset], places, slack)
        return list(zip(dated, moved, strict=True))


def noise_deviation(X: Array, Y: Array, volatility: str) -> Array:
    """Standard deviation of the noise by date and asset, (T, N): "local" or "constant"; NaN where unknown."""
    mean = ordinary_least_squares(X, Y).mean[:, :-1]
    residuals = Y - X @ mean
    if volatility == "local":
        return np.asarray(np.sqrt(local_variance(residuals)))
    count = np.isfinite(residuals).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.nansum(residuals**2, axis=0) / count
    return np.asarray(np.repeat(np.sqrt(variance)[None], len(Y), axis=0))


def exclusion_reasons(X: Array, Y: Array, sigma: Array, block: int, least: int) -> NDArray[np.object_]:
    """Return the reason why each asset cannot be tested, (N,); empty where it can."""
    count = np.isfinite(Y).sum(axis=0)
    condensed = condense(X, Y, sigma, edges_of(X, block))
    full = np.isfinite(condensed.values).all(axis=1).sum(axis=0)
    least_squares = ordinary_least_squares(X, Y)
    reason = np.full(Y.shape[1], "", dtype=object)
    mean_square = np.nansum(Y**2, axis=0) / np.maximum(count, 1)
    few = full < FEWEST_BLOCKS
    reason[few] = [f"{n} blocks of dates with enough returns; {FEWEST_BLOCKS} are needed" for n in full[few]]
    reason[~np.isfinite(condensed.loadings).all(axis=0)] = collinear_reason(X)
    reason[~(least_squares.residual_variance[:-1] > _EXACT * mean_square)] = "the factors explain its returns exactly"
    short = count < least
    reason[short] = [f"{n} returns; {least} are needed" for n in count[short]]
    return reason


def edges_of(X: Array, block: int) -> NDArray[np.intp]:
    """Blocks of about `block` dates, fewer where the panel is short."""
    dates, states = X.shape
    return block_edges(dates, max(min(block, dates // _FEWEST_STEPS), 2 * states + 1))


def assess_stability(X: Array, Y: Array, sigma: Array, plan: TestOptions) -> Stability:
    """Run every test, on assets that can all be tested."""
    condensed = condense(X, Y, sigma, edges_of(X, plan.block))
    moments, _ = condensed.moments()
    merged = _merged(moments)
    spectra = np.array([spectrum(one) for one in merged])
    draws = draw(plan.draws, spectra.shape[2], plan.seed)
    statistics = nyblom(X, condensed.residuals, sigma)
    freedom = condensed.observed - X.shape[1]
    scale = _score_scale(merged)
    noise = np.random.default_rng(plan.seed + 1).standard_normal((*condensed.values.shape[:2], BREAK_DRAWS))
    joint, strongest = np.empty(Y.shape[1]), []
    for i, statistic in enumerate(statistics.joint):
        scores = draw_scores(condensed, i, noise)
        joint[i] = joint_p_value(float(statistic), scores)
        strongest.append(largest_break(scores, 0, len(scores.sums)))
    return Stability(
        moving_loadings(condensed, spectra, draws, plan.panels, plan.seed + 2),
        statistics,
        single_p_values(statistics.single, spectra, scale, freedom, draws),
        joint,
        strongest,
        _BreakSearch(condensed, X, Y, sigma, noise),
    )


def _merged(moments: Array) -> Array:
    """Moments (N, B, K, K) of at most `STEPS` blocks."""
    blocks = moments.shape[1]
    starts = np.linspace(0, blocks, min(blocks, STEPS) + 1).astype(np.intp)[:-1]
    return np.asarray(np.add.reduceat(moments, starts, axis=1))


def _score_scale(moments: Array) -> Array:
    """Scale of Nyblom's sum over blocks, (K, N)."""
    blocks = moments.any(axis=(2, 3)).sum(axis=1)
    return np.asarray(moments.sum(axis=1).diagonal(axis1=1, axis2=2).T * blocks)
