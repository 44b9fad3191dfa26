"""Tabulates hedge ratios and target positions of a basket on every date."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio.loadings.results import HALF_BAND
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.trading.rules import Rule
from statefolio.pairs.trading.signals import weights_of_units, z_score


def basket_targets(
    hedge: Hedge,
    prices: Any,
    rule: Rule,
    *,
    capital: float = 1_000_000.0,
    of: str = "innovation",
    lookback: int | None = None,
) -> pd.DataFrame:
    """Compute hedge ratios and targets on every date, also while the position is flat.

    Parameters
    ----------
    hedge, prices, rule, capital, of, lookback
        As in `position_today`, whose positions are those of the last date with all prices.

    Returns
    -------
    DataFrame (date x column)
        `z_score`, `units` and the filtered `level`; `ratio_<asset>`, `lower_<asset>` and `upper_<asset>`, the filtered
        hedge ratio with its 95 % band; `weight_<asset>` and `shares_<asset>`, the target; `one_unit_<asset>`, the
        shares of one whole unit for the capital. Weights and shares are NaN on dates without all prices and before the
        first ratio.
    """
    z = z_score(hedge, of=of, lookback=lookback)
    basket = read_basket(prices, known=hedge.assets_)
    units = rule.units(np.asarray(z, dtype=np.float64))
    price = pd.DataFrame(basket.values, basket.dates, hedge.assets_).reindex(z.index)
    whole = weights_of_units(hedge, basket, np.ones(len(units))).reindex(z.index)
    weights = weights_of_units(hedge, basket, units).reindex(z.index)
    ratios = pd.DataFrame(hedge.hedge_ratios_["filtered"].to_numpy(), z.index, hedge.assets_[1:])
    variance = np.clip(hedge.hedge_ratios_["filtered_variance"].to_numpy(), 0.0, None)  # round-off below zero
    half = HALF_BAND * np.sqrt(variance)
    parts = {
        "ratio": ratios,
        "lower": ratios - half,
        "upper": ratios + half,
        "weight": weights,
        "shares": capital * weights / price,
        "one_unit": capital * whole / price,
    }
    named = [part.set_axis([f"{name}_{asset}" for asset in part.columns], axis=1) for name, part in parts.items()]
    level = hedge.level_["filtered"].to_series()
    state = pd.DataFrame({"z_score": z, "units": units, "level": level}, index=z.index)
    table: pd.DataFrame = pd.concat([state, *named], axis=1).rename_axis("date")
    return table
