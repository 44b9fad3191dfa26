"""The factor page: what each factor earned in the last month, quarter and year of the public data, with bands."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.backtest.market import Market
from statefolio.backtest.periods import read_periods
from statefolio.challenge.scoring.scored_window import number
from statefolio.exceptions import InputError
from statefolio.validation.equal_accuracy import standard_error

SHARES_OF_YEAR = {"month": 1 / 12, "quarter": 1 / 4, "year": 1.0}
FEWEST = 5
NORMAL_95 = 1.959964


def factor_page(market: Market) -> dict[str, Any]:
    """Return each factor's earnings over the last dates of a market.

    Parameters
    ----------
    market
        The public data.

    Returns
    -------
    dict, ready for JSON
        `as_of`; `dates`, the number of dates of each window; and `factors`, a list of `name` and `windows`. Each window
        has `value`, the sum of the factor's returns (in decimals); `low` and `high`, the 95 % band of what it was
        expected to earn; and `t`, the sum over its standard error. The error is estimated from the last year, robust to
        autocorrelation: a month is too short for its own.
        None where there are too few dates.

    Raises
    ------
    InputError
        If the market has no factors.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> page = factor_page(sf.Market(demo.returns, demo.factors))
    >>> page["as_of"], page["dates"]
    ('2022-12-28', {'month': 21, 'quarter': 63, 'year': 252})
    >>> momentum = next(each for each in page["factors"] if each["name"] == "momentum")
    >>> print(f"{momentum['windows']['month']['value']:.3f}")
    0.019
    """
    if market.factors is None:
        raise InputError("market must have factors, got one without. Pass Market(returns, factors).")
    factors = market.factors.dropna()
    year = read_periods(None, pd.DatetimeIndex(market.dates))
    lengths = {name: max(1, round(share * year)) for name, share in SHARES_OF_YEAR.items()}
    last = factors.iloc[-lengths["year"] :]
    return {
        "as_of": show(factors.index[-1]),
        "dates": lengths,
        "factors": [
            {
                "name": str(name),
                "windows": {window: _earned(last[name], count) for window, count in lengths.items()},
            }
            for name in factors.columns
        ],
    }


def _earned(year: "pd.Series[float]", count: int) -> dict[str, float | None]:
    """Sum of the last `count` returns, with its band."""
    if len(year) < count or count < FEWEST:
        return dict.fromkeys(("value", "low", "high", "t"))
    value = float(year.iloc[-count:].sum())
    error = standard_error(np.asarray(year, dtype=np.float64)) * np.sqrt(len(year) * count)
    t = value / error if error > 0.0 else np.nan
    half = NORMAL_95 * error
    return {"value": value, "low": number(value - half), "high": number(value + half), "t": number(t)}
