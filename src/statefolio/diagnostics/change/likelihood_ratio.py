"""Tests a moving against a constant loading by the likelihood ratio, with calibrated p-values.

All other variances are refitted under both hypotheses.

1. LR_j of every asset and loading is computed on the condensed panel (kalman/likelihood_ratio.py).
2. p0 is the probability of that LR under the null distribution of walk_spectrum.py, with the asset's regressors, as
   if the other loadings were known to be constant (the fast approximation of Greven and others 2008, Journal of
   Computational and Graphical Statistics 17). Because the variances of the other loadings are refitted, p0 is too
   large, more so for a factor that resembles others.
3. Panels are simulated with the assets' regressors, gaps and moving loadings, each of these constant in half of the
   cases, and go through steps 1 and 2. The p-value is the share of simulated p0 as small as the asset's, among
   simulated assets with a constant loading j (prepivoting: Beran 1988, Journal of the American Statistical Association
   83). Below the 25th smallest it is proportional to p0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.diagnostics.change.condensed import Condensed
from statefolio.diagnostics.change.walk_spectrum import EXCEEDANCES, Draws, exceedance, ratio_draws
from statefolio.kalman.likelihood_ratio import Ratios, likelihood_ratios

_MOVES = 0.1  # p0 below which the loading moves in simulated assets


@dataclass(frozen=True, eq=False)
class MovingLoadings:
    """Likelihood ratios and their p-values, (K, N)."""

    ratio: Array
    p_value: Array
    state_variance: Array  # of the loading's step per date, with all loadings free
    converged: NDArray[np.bool_]  # (N,)


def moving_loadings(condensed: Condensed, spectra: Array, draws: Draws, panels: int, seed: int) -> MovingLoadings:
    """Test every loading of every asset.

    Parameters
    ----------
    condensed : Condensed
        Of assets that can all be fitted.
    spectra : (N, K, S) array
        Eigenvalues of each loading's walk.
    draws : Draws
    panels : int
        Number of assets simulated in step 3, chosen from the assets, with repetition if there are fewer.
    seed : int
    """
    X, Y = _rows(condensed)
    found = likelihood_ratios(X, Y)
    null = _Null(spectra, condensed.observed - X.shape[1], draws)
    first = null.probabilities(found.ratio, np.arange(Y.shape[1]))
    rng = np.random.default_rng(seed)
    chosen = np.resize(rng.permutation(Y.shape[1]), panels)
    moves = (first[:, chosen] < _MOVES) & (rng.random((len(X[0]), panels)) < 0.5)
    drawn = _draw_panel(X[:, :, chosen], np.isfinite(Y[:, chosen]), found, chosen, moves, rng)
    again = null.probabilities(likelihood_ratios(X[:, :, chosen], drawn).ratio, chosen)
    p_value = np.array([_calibrated(p, sample[~moved]) for p, sample, moved in zip(first, again, moves, strict=True)])
    rows_a_date = len(X) / condensed.edges[-1]
    variance = found.signal_to_noise * found.level * rows_a_date / condensed.scale[:, None] ** 2
    return MovingLoadings(found.ratio, p_value, variance, found.converged)


@dataclass(frozen=True)
class _Null:
    """Null distributions of step 2."""

    spectra: Array  # (N, K, S)
    freedom: Array  # (N,)
    draws: Draws

    def probabilities(self, ratio: Array, assets: NDArray[np.intp]) -> Array:
        """p0 (K, M) of the LR of assets (M,); one where LR is zero."""
        found = np.ones(ratio.shape)
        rows, columns = np.nonzero(ratio > 0.0)
        order = np.lexsort((rows, assets[columns]))
        last, drawn = (-1, -1), np.empty(0)
        for j, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
            i = int(assets[column])
            if (i, j) != last:
                last, drawn = (i, j), ratio_draws(self.spectra[i, j], float(self.freedom[i]), self.draws)
            found[j, column] = exceedance(drawn, float(ratio[j, column]))
        return found


def _rows(condensed: Condensed) -> tuple[Array, Array]:
    """Return the condensed panel as a panel of B K dates."""
    blocks, states, _, count = condensed.rows.shape
    return condensed.rows.reshape(blocks * states, states, count), condensed.values.reshape(blocks * states, count)


def _draw_panel(
    X: Array,
    seen: NDArray[np.bool_],
    found: Ratios,
    chosen: NDArray[np.intp],
    moves: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Array:
    """Simulate observations (rows, M) with unit noise; chosen loadings move with their estimated variance."""
    Y = rng.standard_normal(seen.shape)
    for j, moved in enumerate(moves):
        columns = np.flatnonzero(moved)
        step = np.sqrt(found.signal_to_noise[j, chosen[columns]])
        Y[:, columns] += X[:, j, columns] * np.cumsum(rng.standard_normal((len(Y), columns.size)) * step, axis=0)
    return np.where(seen, Y, np.nan)


def _calibrated(p: Array, drawn: Array) -> Array:
    """Shares of simulated p-values as small as each; proportional to p below the 25th smallest."""
    drawn = np.sort(drawn)
    share = (1.0 + np.searchsorted(drawn, p, side="right")) / (1.0 + drawn.size)
    at = min(EXCEEDANCES, drawn.size) - 1
    edge = drawn[at] if drawn.size else 1.0
    below = p * (2.0 + at) / (1.0 + drawn.size) / edge
    return np.where(p >= 1.0, 1.0, np.minimum(np.where(p < edge, below, share), 1.0))
