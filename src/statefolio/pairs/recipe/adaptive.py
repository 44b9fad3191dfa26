"""Adaptive tuning of a Kalman hedge: the recipe, pass by pass, with its trace and the place where it fooled itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.johansen import johansen_weights
from statefolio.pairs.law import HedgeLaw
from statefolio.pairs.prices import Basket, check_tunable
from statefolio.pairs.recipe import passes as columns
from statefolio.pairs.recipe.collapse import REASONS, SOUND, Collapse, describe
from statefolio.pairs.recipe.formulas import Choices, johansen_mean, observe
from statefolio.pairs.recipe.passes import FIRST_STATE, Run, run_passes

ADF_EVERY = 20
_OPTIONS = {
    "start": ("johansen", "path"),
    "center": ("johansen", "sample"),
    "on_collapse": ("last_sound", "continue"),
}


@dataclass(frozen=True, eq=False)
class AdaptiveTuning:
    """What the recipe made of a basket.

    Attributes
    ----------
    law : HedgeLaw
        Of pass `chosen`: the last sound one, or the last one where the recipe went on.
    trace : DataFrame
        A row for each pass, index "pass" from 1: a, observation_variance, state_variance_<j>, start_variance_<j>,
        start_mean_<j>, log_likelihood, half_life (of the level, from a, in dates), adf_filtered, p_filtered,
        adf_predicted, p_predicted (every 20th pass, the first, the last sound and the last; NaN elsewhere), sound.
    collapse : Collapse or None
    converged : bool
        All quantities stood still before the passes were over.
    passes : int
        That were run.
    chosen : int
        The pass the law is of, counted from 1.
    weights : (k,) array
        Johansen's w.
    """

    law: HedgeLaw
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
    """Tune the law of a stationary Kalman hedge by the adaptive recipe (`formulas.py`).

    Parameters
    ----------
    prices : (T, k) float array
        The hedged asset first. A row with a NaN is a missing date; those before the first complete row are left out.
    passes : int
        At most; fewer where all quantities stand still.
    center_spread : bool
        Take the in-sample mean m of port / w_1 out of the first asset's price, so that a measures reversion and not
        that mean; the law carries m. False is the recipe to the letter.
    start : {"johansen", "path"}
        The start state's ratios in every pass: Johansen's, or the means of the last path.
    center : {"johansen", "sample"}
        Start variances are about the first path's means or about the last path's.
    on_collapse : {"last_sound", "continue"}
        Stop and give the last sound pass, or go on with what is no estimate any more.
    trace : bool
        Whether spreads are tested on the way.
    names : sequence of str, optional
        Of the assets, for messages.

    Raises
    ------
    DataTypeError
        Prices that are no array of floats.
    InputError
        Options; prices that cannot be hedged; a first asset that Johansen's portfolio hardly holds.
    """
    _check_options(passes, center_spread, start=start, center=center, on_collapse=on_collapse)
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
        law=_law(record[run.chosen - 1], k, mean),
        trace=_trace(record[: run.passes], run, k),
        collapse=_collapse(record, run, price_variance),
        converged=bool(run.converged),
        passes=int(run.passes),
        chosen=int(run.chosen),
        weights=weights,
    )


def _read(prices: Any, names: Sequence[str] | None) -> Basket:
    """Prices with missing dates NaN throughout, from the first complete row on; nobody asks for their dates."""
    if not isinstance(prices, np.ndarray) or prices.dtype != np.float64:
        kind = f"an array of {prices.dtype}" if isinstance(prices, np.ndarray) else f"a {type(prices).__name__}"
        raise DataTypeError(f"prices is {kind}; an array of float64 was expected. Use np.asarray(prices, dtype=float).")
    if prices.ndim != 2 or prices.shape[1] < 2:
        raise InputError(
            f"prices has shape {prices.shape}; (dates, assets) with two assets or more was expected. "
            "Give each asset a column, the hedged one first."
        )
    if np.isinf(prices).any():
        raise InputError(
            f"prices has {int(np.isinf(prices).sum())} infinite values; finite numbers or NaN were expected. "
            "Put NaN in their place."
        )
    missing: NDArray[np.bool_] = np.any(np.isnan(prices), axis=1)
    values = np.where(missing[:, None], np.nan, prices)[int(np.argmin(missing)) :]
    assets = pd.Index(names if names is not None else [f"asset {j + 1}" for j in range(prices.shape[1])])
    return Basket(values, pd.DatetimeIndex([]), assets)


def _law(row: Array, k: int, mean: float) -> HedgeLaw:
    """The law of a recorded pass; a is held at one where the recipe's ratio is larger."""
    V, start_variance, start_mean = row[FIRST_STATE:].reshape(3, k).copy()
    start_mean[0] += mean
    persistence = float(np.clip(row[columns.A], -1.0, 1.0))
    return HedgeLaw(persistence, mean, float(row[columns.R]), V, start_mean, start_variance)


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
    said = describe(
        int(run.reason),
        persistence=row[columns.A],
        observation_variance=row[columns.R],
        residual_variance=row[columns.RESIDUAL],
        price_variance=price_variance,
        spread_variance=row[columns.SPREAD_VARIANCE],
        left=row[columns.LEFT],
        start_share=row[columns.START_SHARE],
    )
    return Collapse(REASONS[run.reason], at, at - 1, f"In pass {at} {said}.")


def _check_options(passes: int, center_spread: bool, **chosen: str) -> None:
    if not is_whole(passes) or passes < 1:
        raise InputError(f"passes is {passes!r}; a whole number from 1 was expected. Use e.g. passes=200.")
    if not isinstance(center_spread, bool):
        raise InputError(f"center_spread is {center_spread!r}; True or False was expected.")
    for name, value in chosen.items():
        if value not in _OPTIONS[name]:
            known = " or ".join(f'"{option}"' for option in _OPTIONS[name])
            raise InputError(f"{name} is {value!r}; {known} was expected. Use {name}={known.partition(' ')[0]}.")
