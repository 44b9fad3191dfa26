"""Counts the dates on which a loss exceeded its value at risk, and tests their number."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from statefolio._options import Number, check
from statefolio.exceptions import InputError


def count_exceedances(standardised: Any, value_at_risk: Any) -> pd.DataFrame:
    """Count the losses beyond the value at risk, and test whether they are as many as they should be.

    Parameters
    ----------
    standardised : array (T,)
        Returns over their forecast volatility, e.g. `CovarianceScores.standardised["portfolio"]`; NaN are left out.
    value_at_risk : mapping from level to number
        Value at risk, as a multiple of the volatility, by confidence level, e.g. {0.95: 1.64}.

    Returns
    -------
    DataFrame
        One row per level: `dates`, `expected` and `exceedances`, their `share`, and the `p_value` of Kupiec's
        likelihood-ratio test that the share is 1 - level.

    References
    ----------
    Kupiec (1995), Journal of Derivatives 3, 73-84.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.load_demo().factors["market"]
    >>> z = (market / market.rolling(60).std().shift()).to_numpy()
    >>> table = sf.validation.count_exceedances(z, {0.95: 1.645, 0.99: 2.326})
    >>> print(f"{table.loc[0.99, 'exceedances']} losses, {table.loc[0.99, 'expected']:.0f} expected")
    62 losses, 22 expected
    """
    z = np.asarray(standardised, dtype=np.float64)
    z = z[np.isfinite(z)]
    if not len(z):
        raise InputError("standardised must have a number at least, got none. Pass returns over their volatility.")
    rows = {}
    for level, multiple in dict(value_at_risk).items():
        check("value_at_risk", level, Number(above=0.5, below=1.0, example=0.95))
        count, nominal = int(np.count_nonzero(z < -multiple)), 1.0 - level
        share = count / len(z)
        rows[level] = [len(z), nominal * len(z), count, share, _kupiec(count, len(z), nominal)]
    columns = ["dates", "expected", "exceedances", "share", "p_value"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("level")
    return table.astype({"dates": int, "exceedances": int})


def _kupiec(count: int, dates: int, nominal: float) -> float:
    share = count / dates
    null = special.xlogy(count, nominal) + special.xlogy(dates - count, 1.0 - nominal)
    free = special.xlogy(count, share) + special.xlogy(dates - count, 1.0 - share)
    return float(special.chdtrc(1, max(0.0, 2.0 * (free - null))))
