"""What weights must keep to, by name."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

Range = tuple[float | None, float | None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Constraints:
    """Limits on weights, as shares of the portfolio's value; what is not named is free.

    Parameters
    ----------
    lower, upper
        Boxes: a number, or one by asset (an asset not named takes 0 and 1).
    net
        What the weights sum to: a number, or (least, most) with None for no limit.
    gross
        Most that absolute weights may sum to.
    groups, group_limits
        The group of each asset, and the net weight that each group named may take: (least, most).
    factor_limits
        Exposure of the portfolio to each factor named: (least, most).
    exposure_confidence
        Where given (.95, say), a factor limit holds with this probability under the loadings' own error.
    turnover
        Most that absolute changes of weights may sum to at a decision, sales and purchases both counted.
    daily_turnover
        The same a date on average: at a decision, this times the dates since the former one. .08 is 8 % a day.
    max_holdings
        Most assets that may have a weight.
    volume_share
        Most that a position may be of the asset's usual dollar volume of a date; needs volumes.
    no_trade_band
        A position closer than this to the weight wanted is left as it is.
    """

    lower: "float | pd.Series[float] | Mapping[str, float]" = 0.0
    upper: "float | pd.Series[float] | Mapping[str, float]" = 1.0
    net: float | Range = 1.0
    gross: float | None = None
    groups: "pd.Series[str] | None" = None
    group_limits: Mapping[str, Range] | None = None
    factor_limits: Mapping[str, Range] | None = None
    exposure_confidence: float | None = None
    turnover: float | None = None
    daily_turnover: float | None = None
    max_holdings: int | None = None
    volume_share: float | None = None
    no_trade_band: float = 0.0
