"""Tunes a Kalman hedge adaptively, and returns the model, the trace of all passes and the collapse, if any."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._options import Flag, OneOf, Whole, check_options
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.adaptive import passes as columns
from statefolio.pairs.adaptive.collapse import REASONS, SOUND, Collapse, describe
from statefolio.pairs.adaptive.estimates import Choices, johansen_mean, observe
from statefolio.pairs.adaptive.passes import FIRST_STATE, Run, run_passes
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.johansen import johansen_weights
from statefolio.pairs.model import HedgeModel
from statefolio.pairs.prices import Basket, check_tunable

ADF_EVERY = 20
"""The spreads are tested in every such pass."""

RULES = {
    "passes": Whole(at_least=1, example=200),
    "center_spread": Flag(),
    "start": OneOf("johansen", "path"),
    "center": OneOf("johansen", "sample"),
    "on_collapse": OneOf("last_sound", "continue"),
}


@dataclass(frozen=True, eq=False)
class AdaptiveTuning:
    """Result of adaptive tuning.

    Attributes
    ----------
    model : HedgeModel
        The model of pass `chosen`: the last sound pass, or the last one if tuning continued after a collapse.
    trace : DataFrame
        One row per pass, index "pass" from 1: a, observation_variance, state_variance_<j>, start_variance_<j>,
        start_mean_<j>, log_likelihood, half_life (of the level in dates, from a), adf_filtered, p_filtered,
        adf_predicted, p_predicted (in the first, the last sound, the last and every 20th pass; otherwise NaN), sound.
    collapse : Collapse or None
    converged : bool
        All parameters converged before the maximum number of passes.
    passes : int
        Number of passes that were run.
    chosen : int
        The pass whose model is used, counted from 1.
    weights : (k,) array
        Johansen's w.
    """

    model: HedgeModel
    trace: pd.DataFrame
    collapse: Collapse | None
    converged: bool
    passes: int
    chosen: int
    weights: Array


def tune_adaptively(
    prices: Array,
    *,
    passes: int = 2000,
    center_spread: bool = True,
    start: str = "johansen",
    center: str = "johansen",
    on_collapse: str = "last_sound",
    trace: bool = True,
    names: Sequence[str] | None = None,
) -> AdaptiveTuning:
    """Estimate the model of a Kalman hedge with a stationary level by adaptive tuning (`estimates.py`).

    Parameters
    ----------
    prices : (T, k) float array
        The hedged asset first. A row with a NaN is a missing date; rows before the first complete one are dropped.
    passes : int
        Maximum number of passes; tuning stops earlier once all parameters converge.
    center_spread : bool
        Subtract the in-sample mean m of port / w_1 from the first price, so that a measures reversion and not m. The
        model contains m. False is the original method.
    start : {"johansen", "path"}
        Ratios of the start state in every pass: Johansen's, or the means of the last path.
    center : {"johansen", "sample"}
        Compute start variances around the means of the first path, or of the last one.
    on_collapse : {"last_sound", "continue"}
        Stop and use the last sound pass, or continue although the parameters are no longer estimates.
    trace : bool
        Test the spreads during the passes.
    names : sequence of str, optional
        Names of the assets, for messages.

    Raises
    ------
    DataTypeError
        If prices are not an array of floats.
    InputError
        For an invalid option, prices that cannot be hedged, or a first asset that Johansen's portfolio hardly holds.
    """
    given = {"passes": passes, "center_spread": center_spread, "start": start, "center": center}
    check_options(given | {"on_collapse": on_collapse}, RULES)
    basket = _read(prices, names)
    check_tunable(basket)
    complete, k = basket.complete, len(basket.assets)
    weights = johansen_weights(complete, basket.assets)
    ratios = -weights[1:] / weights[0]
    mean = float(johansen_mean(complete, ratios)) if center_spread else 0.0
    seen = observe(basket.values, tuple(range(k)), mean)
    record, paths = np.empty((passes, FIRST_STATE + 3 * k)), np.empty((2, len(seen.observed), k))
    choices = Choices(center_spread, start == "path", center == "sample", on_collapse == "continue")
    price_variance = float(complete[:, 0].var())
    run = Run(*run_passes(seen, ratios, choices, price_variance, ADF_EVERY if trace else 0, record, paths))
    return AdaptiveTuning(
        model=_model(record[run.chosen - 1], k, mean),
        trace=_trace(record[: run.passes], run, k),
        collapse=_collapse(record, run, price_variance),
        converged=bool(run.converged),
        passes=int(run.passes),
        chosen=int(run.chosen),
        weights=weights,
    )


def _read(prices: Any, names: Sequence[str] | None) -> Basket:
    """Return a basket without dates from the first complete row on; incomplete rows are NaN throughout."""
    if not isinstance(prices, np.ndarray) or prices.dtype != np.float64:
        kind = f"an array of {prices.dtype}" if isinstance(prices, np.ndarray) else f"a {type(prices).__name__}"
        raise DataTypeError(f"prices must be an array of float64, got {kind}. Use np.asarray(prices, dtype=float).")
    if prices.ndim != 2 or prices.shape[1] < 2:
        raise InputError(
            f"prices must have the shape (dates, assets) with at least two assets, got {prices.shape}. "
            "Pass one column per asset, the hedged one first."
        )
    if np.isinf(prices).any():
        raise InputError(
            f"prices must be finite or NaN, got {int(np.isinf(prices).sum())} infinite values. Replace them with NaN."
        )
    missing: NDArray[np.bool_] = np.any(np.isnan(prices), axis=1)
    values = np.where(missing[:, None], np.nan, prices)[int(np.argmin(missing)) :]
    assets = pd.Index(names if names is not None else [f"asset {j + 1}" for j in range(prices.shape[1])])
    return Basket(values, pd.DatetimeIndex([]), assets)


def _model(row: Array, k: int, mean: float) -> HedgeModel:
    """Return the model of a recorded pass, a limited to [-1, 1]."""
    V, start_variance, start_mean = row[FIRST_STATE:].reshape(3, k).copy()
    start_mean[0] += mean
    persistence = float(np.clip(row[columns.A], -1.0, 1.0))
    return HedgeModel(persistence, mean, float(row[columns.R]), V, start_mean, start_variance)


def _trace(record: Array, run: Run, k: int) -> pd.DataFrame:
    a = record[:, columns.A]
    inside = np.where((a > 0.0) & (a < 1.0), a, np.nan)
    half_life = np.where(a >= 1.0, np.inf, np.where(a <= 0.0, 0.0, -np.log(2.0) / np.log(inside)))
    table: dict[str, Any] = {"a": a, "observation_variance": record[:, columns.R]}
    for place, what in enumerate(("state_variance", "start_variance", "start_mean")):
        for j in range(k):
            table[f"{what}_{j + 1}"] = record[:, FIRST_STATE + place * k + j]
    table |= {"log_likelihood": record[:, columns.LOG_LIKELIHOOD], "half_life": half_life}
    for which, column in (("filtered", columns.ADF_FILTERED), ("predicted", columns.ADF_PREDICTED)):
        table |= {f"adf_{which}": record[:, column], f"p_{which}": p_values(record[:, column])}
    number = np.arange(1, len(record) + 1)
    table["sound"] = number < (run.collapsed_at or np.inf)
    return pd.DataFrame(table, index=pd.Index(number, name="pass"))


def _collapse(record: Array, run: Run, price_variance: float) -> Collapse | None:
    if run.reason == SOUND:
        return None
    row, at = record[run.collapsed_at - 1], int(run.collapsed_at)
    description = describe(
        int(run.reason),
        persistence=row[columns.A],
        observation_variance=row[columns.R],
        residual_variance=row[columns.RESIDUAL],
        price_variance=price_variance,
        spread_variance=row[columns.SPREAD_VARIANCE],
        noise_share=row[columns.NOISE_SHARE],
        start_share=row[columns.START_SHARE],
    )
    return Collapse(REASONS[run.reason], at, at - 1, f"In pass {at} {description}.")
