"""Full unit-root tests of the passes that matter: the first, the last sound and the last."""

import warnings

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.pairs.recipe.adaptive import AdaptiveTuning
from statefolio.pairs.recipe.formulas import observe
from statefolio.pairs.recipe.passes import write_spreads
from statefolio.pairs.recipe.recursion import Parameters, filter_basket


def full_tests(prices: Array, tuning: AdaptiveTuning) -> pd.DataFrame:
    """Test the spreads of the first, the last sound and the last pass by statsmodels' ``adfuller``, lags by AIC.

    Parameters
    ----------
    prices : (T, k) array
        Those that were tuned on.
    tuning : AdaptiveTuning

    Returns
    -------
    DataFrame
        Rows (pass, spread "predicted" or "filtered"); statistic, p_value, lags.
    """
    from statsmodels.tsa.stattools import adfuller

    last_sound = tuning.passes if tuning.collapse is None else tuning.collapse.last_sound
    rows = {}
    for number in sorted({1, last_sound, tuning.passes} - {0}):
        filtered, predicted = pass_spreads(prices, tuning, number)
        for spread, series in (("predicted", predicted), ("filtered", filtered)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of the form of what it returns
                statistic, p_value, lags = adfuller(series)[:3]
            rows[number, spread] = {"statistic": statistic, "p_value": p_value, "lags": lags}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index=["pass", "spread"])


def pass_spreads(prices: Array, tuning: AdaptiveTuning, number: int) -> tuple[Array, Array]:
    """Filtered and predicted spread of a pass of the trace on observed dates, less the tuned mean."""
    row, k = tuning.trace.loc[number], prices.shape[1]
    V, start_variance, start_mean = (
        row[[f"{what}_{j + 1}" for j in range(k)]].to_numpy(dtype=np.float64)
        for what in ("state_variance", "start_variance", "start_mean")
    )
    a, R = row[["a", "observation_variance"]].to_numpy(dtype=np.float64)
    told = Parameters(float(np.clip(a, -1.0, 1.0)), float(R), V, start_mean, start_variance)
    begins = int(np.argmin(np.isnan(prices).any(axis=1)))
    basket = observe(np.ascontiguousarray(prices[begins:]), tuple(range(k)), tuning.law.spread_mean)
    path = np.empty(basket.design.shape)
    filter_basket(basket, told, path)
    filtered, predicted = np.empty(len(path)), np.empty(len(path))
    count = write_spreads(basket, path, start_mean, filtered, predicted)
    return filtered[:count], predicted[:count]
