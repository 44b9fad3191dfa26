"""Are residuals correlated? Their correlations against those of residuals whose signs are tossed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays import Array
from statefolio.exceptions import InputError
from statefolio.factors.risk.recent_residuals import check_residuals


@dataclass(frozen=True, eq=False)
class ResidualCorrelation:
    """What the test found.

    Attributes
    ----------
    mean_absolute_correlation, largest_eigenvalue : float
        Of the residuals' correlations off the diagonal, and of the whole matrix.
    mean_absolute_p_value, largest_eigenvalue_p_value : float
        Share of draws under the null that are at least as large, the residuals themselves counted as one.
    null : DataFrame (draw x statistic)
        The two statistics of each draw.
    assets : Index
        Those that were tested.
    """

    mean_absolute_correlation: float
    largest_eigenvalue: float
    mean_absolute_p_value: float
    largest_eigenvalue_p_value: float
    null: pd.DataFrame
    assets: pd.Index


def residual_correlation_test(
    residuals: pd.DataFrame, draws: int = 199, seed: int = 0, min_observations: int = 60
) -> ResidualCorrelation:
    """Test that residuals of different assets are uncorrelated.

    Under the null the sign of each residual is a toss of its own, whatever its size: gaps, fat tails and common
    volatility stay as they are, and with symmetric residuals the test keeps its level in any sample.

    Parameters
    ----------
    residuals : DataFrame (date x asset)
        Standardised innovations; NaN where there is none. Correlations are of pairs around zero, over their common
        dates; a pair without one has none.
    draws : int
        Of signs; the smallest p-value is 1 / (draws + 1).
    seed : int
    min_observations : int
        Residuals an asset needs to take part.

    Returns
    -------
    ResidualCorrelation

    Raises
    ------
    InputError
        If fewer than 2 assets can be tested, residuals are infinite, or there is no draw.
    DataTypeError
        If the residuals are no DataFrame.
    """
    asked: Any = draws
    if not isinstance(asked, int | np.integer) or isinstance(asked, bool) or asked < 1:
        raise InputError(f"draws={draws!r}; a whole number, 1 or more, was expected. Pass e.g. 199.")
    check_residuals(residuals)
    kept = residuals.columns[residuals.notna().sum() >= min_observations]
    if len(kept) < 2:
        raise InputError(
            f"residuals has {len(kept)} assets with {min_observations} values or more; at least 2 were expected. "
            "Pass more dates, or a smaller min_observations."
        )
    values = residuals[kept].to_numpy(dtype=np.float64)
    seen = ~np.isnan(values)
    filled = np.where(seen, values, 0.0)
    scale = _scale(filled, seen)
    found = _statistics(filled, scale)
    rng = np.random.default_rng(seed)
    null = np.array([_statistics(filled * _signs(rng, filled.shape), scale) for _ in range(draws)])
    p_values = (1 + (null >= found).sum(axis=0)) / (draws + 1)
    table = pd.DataFrame(null, columns=["mean_absolute_correlation", "largest_eigenvalue"]).rename_axis("draw")
    return ResidualCorrelation(float(found[0]), float(found[1]), float(p_values[0]), float(p_values[1]), table, kept)


def _scale(filled: Array, seen: NDArray[np.bool_]) -> Array:
    """What products of pairs are divided by (N, N): the root of both sums of squares over the common dates."""
    squares = (filled**2).T @ seen
    product = np.sqrt(squares * squares.T)
    return np.where(product > 0.0, product, np.inf)


def _statistics(filled: Array, scale: Array) -> Array:
    correlations = filled.T @ filled / scale
    count = len(correlations)
    absolute = (np.abs(correlations).sum() - np.trace(correlations)) / (count * (count - 1))
    return np.array([absolute, np.linalg.eigvalsh(correlations)[-1]])


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.where(rng.integers(0, 2, shape) > 0, 1.0, -1.0)
