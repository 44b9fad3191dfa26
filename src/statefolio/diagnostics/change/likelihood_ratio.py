"""Likelihood ratio of a moving against a constant loading, all other variances refitted, and its p-values.

1. LR_j of every asset and loading (kalman/ratio.py), on the condensed panel.
2. p0: the probability of that LR under the law of walk_spectrum.py, with the asset's own regressors, as if the other
   loadings were known to be constant (the fast approximation of Greven and others 2008, Journal of Computational and
   Graphical Statistics 17). Refitted variances of other loadings take a share of what noise offers, so that p0 is too
   large, by more for a factor that others resemble.
3. Panels are drawn with the assets' own regressors, gaps and those of their loadings that move, each of these kept
   constant half of the time, and go through steps 1 and 2. The p-value is the share of drawn p0 as small as the
   asset's, among drawn assets whose loading j was constant (prepivoting: Beran 1988, Journal of the American
   Statistical Association 83); below the 25th smallest it is proportional to p0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.diagnostics.change.condensed import Condensed
from statefolio.diagnostics.change.walk_spectrum import EXCEEDANCES, Draws, exceedance, ratio_draws
from statefolio.kalman.ratio import Ratios, likelihood_ratios

_MOVES = 0.1  # p0 under which drawn assets have the loading move


@dataclass(frozen=True, eq=False)
class MovingLoadings:
    """Likelihood ratios and their p-values, (K, N)."""

    ratio: Array
    p_value: Array
    state_variance: Array  # of the loading's step from a date to the next, with all loadings free
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
        Assets drawn in step 3: some of those there are, or all of them several times.
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
    """The laws of step 2."""

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
    """The condensed panel as one of B K dates."""
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
    """Observations (rows, M) with unit noise and the chosen loadings moving as much as they were found to."""
    Y = rng.standard_normal(seen.shape)
    for j, moved in enumerate(moves):
        columns = np.flatnonzero(moved)
        step = np.sqrt(found.signal_to_noise[j, chosen[columns]])
        Y[:, columns] += X[:, j, columns] * np.cumsum(rng.standard_normal((len(Y), columns.size)) * step, axis=0)
    return np.where(seen, Y, np.nan)


def _calibrated(p: Array, drawn: Array) -> Array:
    """Shares of drawn p-values as small as each; proportional to p below the 25th smallest."""
    drawn = np.sort(drawn)
    share = (1.0 + np.searchsorted(drawn, p, side="right")) / (1.0 + drawn.size)
    at = min(EXCEEDANCES, drawn.size) - 1
    edge = drawn[at] if drawn.size else 1.0
    below = p * (2.0 + at) / (1.0 + drawn.size) / edge
    return np.where(p >= 1.0, 1.0, np.minimum(np.where(p < edge, below, share), 1.0))
