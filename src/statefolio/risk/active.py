"""Measures a portfolio's risk relative to a benchmark."""

from typing import Any

import numpy as np
import xarray as xr

from statefolio._options import Kind, check
from statefolio.exceptions import InputError
from statefolio.risk.attribution import attribute_risk
from statefolio.risk.factor_risk import FactorRisk


def active_risk(risk: FactorRisk, weights: Any, benchmark: Any) -> xr.Dataset:
    """Split the volatility of a portfolio's return relative to a benchmark into contributions.

    Parameters
    ----------
    risk : FactorRisk
        Fitted.
    weights, benchmark : Series or mapping by asset

    Returns
    -------
    Dataset
        As from `attribute_risk` of the active weights, the portfolio's less the benchmark's: `volatility` is the
        forecast tracking error of the next date. Also portfolio_volatility, benchmark_volatility, and beta, the
        covariance with the benchmark over the benchmark's variance.

    Raises
    ------
    UnknownNameError, InputError
        As `FactorRisk.align_weights`; also if both have the same weights, or the benchmark has none.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
    >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
    >>> equal = {asset: 0.1 for asset in risk.assets_}
    >>> active = sf.risk.active_risk(risk, {"AAPL": 0.5, "JNJ": 0.5}, equal)
    >>> print(f"tracking error {float(active['volatility']):.2%} per day, beta {float(active['beta']):.2f}")
    tracking error 0.81% per day, beta 0.81
    """
    check("risk", risk, Kind(FactorRisk, "a FactorRisk", "FactorRisk().fit(returns, factors)"))
    w, b = risk.align_weights(weights), risk.align_weights(benchmark)
    if not b.any():
        raise InputError("benchmark must have a weight other than 0, got none. Pass its weights by asset.")
    active = w - b
    if not np.abs(active).max() > 1e-12:
        raise InputError(
            "benchmark must differ from weights, got the same weights: the active risk is 0. Pass another benchmark."
        )
    sigma = risk.covariance_
    found = attribute_risk(risk, dict(zip(risk.assets_, active, strict=True)))
    beta = float(w @ sigma.multiply(b)) / float(sigma.variance(b))
    own = {"portfolio_volatility": sigma.volatility(w), "benchmark_volatility": sigma.volatility(b), "beta": beta}
    return found.assign({name: ((), float(value)) for name, value in own.items()})
