"""Attributes a portfolio's risk and return to factors and assets, with error bands."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_values
from statefolio._arrays.panel import RESIDUAL
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._options import Kind, check
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.informative import counted_from
from statefolio.loadings.results import HALF_BAND
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.weights import dated_weights

UNCERTAINTY = "loading uncertainty"
UNATTRIBUTED = "unattributed"


@dataclass(frozen=True, eq=False)
class _Portfolio:
    """A portfolio's exposures and the parts of its volatility.

    With x = B'w, the variance is v = x' Omega x + rest, and dv = 2 pull'dx where pull = Omega x. The error covariance
    of the exposures is V = sum w_i^2 P_i.
    """

    B: Array
    omega: Array
    P: Array
    w: Array
    x: Array
    pull: Array
    V: Array
    volatility: float


def attribute_risk(risk: FactorRisk, weights: Any, expected_sum: float | None = None) -> xr.Dataset:
    """Split a portfolio's volatility on the next date into contributions of factors and assets (Euler).

    A factor contributes x_k (Omega x)_k / sigma, where x = B'w are the portfolio's exposures; an asset contributes
    w_i (Sigma w)_i / sigma. Standard errors follow from the loadings' covariance P_i by the delta method, with
    independent assets and fixed Omega, G, D and U. Bands are 1.96 standard errors wide on each side.

    Parameters
    ----------
    risk : FactorRisk
        Fitted.
    weights : Series or mapping by asset
    expected_sum : float, optional
        Required sum of the weights.

    Returns
    -------
    Dataset
        By factor (then residual factors, "residual" and "loading uncertainty"): exposure (NaN for the last two),
        contribution and share of the variance. By asset: weight, asset_contribution, asset_share. By both:
        contribution_of_asset, whose sums are the contributions. And volatility. All but weight and
        contribution_of_asset come with <name>_standard_error, <name>_lower and <name>_upper. Contributions sum to the
        volatility, shares to 1.

    Raises
    ------
    UnknownNameError, InputError
        As `FactorRisk.align_weights`; also if all weights are zero.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
    >>> risk = risk.fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])
    >>> split = sf.risk.attribute_risk(risk, {"AAPL": 0.5, "JNJ": 0.5})
    >>> for factor in ("market", "low_volatility", "residual"):
    ...     print(f"{factor:14} {float(split['share'].sel(factor=factor)):4.0%}")
    market          49%
    low_volatility  12%
    residual        32%
    >>> print(f"{float(split['contribution'].sum()):.2%} = {float(split['volatility']):.2%}")
    1.27% = 1.27%
    """
    check("risk", risk, Kind(FactorRisk, "a FactorRisk", "FactorRisk().fit(returns, factors)"))
    w = risk.align_weights(weights, expected_sum)
    risk.covariance_.marginal_risk(w)
    G = risk.residual_loadings_.to_numpy()
    D, U = risk.idiosyncratic_variance_.to_numpy(), risk.loading_uncertainty_.to_numpy()
    p = _portfolio(risk, w)
    common = w @ G
    parts = [w[:, None] * p.B * p.pull, w[:, None] * G * common, (w * w * D)[:, None]]
    names = [*risk.factors_, *risk.residual_loadings_.columns, RESIDUAL]
    if risk.uncertainty:
        parts.append((w * w * U)[:, None])
        names.append(UNCERTAINTY)
    _check_line_names(names)
    split = np.hstack(parts) / p.volatility
    by_factor, by_asset = split.sum(axis=0), split.sum(axis=1)
    exposure = np.full(len(names), np.nan)
    exposure[: len(p.x) + len(common)] = np.concatenate([p.x, common])
    exposure_error = np.where(np.isnan(exposure), np.nan, 0.0)
    exposure_error[: len(p.x)] = np.sqrt(np.diag(p.V))
    errors, share_errors = _factor_errors(p, by_factor, 1), _factor_errors(p, by_factor, 2)
    found = _with_band("exposure", "factor", exposure, exposure_error)
    found |= _with_band("contribution", "factor", by_factor, errors)
    found |= _with_band("share", "factor", by_factor / p.volatility, share_errors)
    found |= _with_band("asset_contribution", "asset", by_asset, _asset_errors(p, by_asset, 1))
    found |= _with_band("asset_share", "asset", by_asset / p.volatility, _asset_errors(p, by_asset, 2))
    slope = p.pull / p.volatility
    found |= _with_band("volatility", (), np.array(p.volatility), np.sqrt(slope @ p.V @ slope))
    found |= {"weight": ("asset", w), "contribution_of_asset": (("asset", "factor"), split)}
    return xr.Dataset(found, {"asset": risk.assets_, "factor": pd.Index(names)}, {"after": show(risk.last_date_)})


def _check_line_names(names: list[Any]) -> list[Any]:
    """Return the names unless the last, which the attribution adds, is also the name of a factor."""
    if names[-1] in names[:-1]:
        raise InputError(
            f"factors must not be called {names[-1]!r}, which names a part of the attribution. Rename the factor."
        )
    return names


def _portfolio(risk: FactorRisk, w: Array) -> _Portfolio:
    model = risk.model_
    first = int(model.intercept)
    P = model.ahead(risk.horizon)["covariance"].to_numpy()[model.assets_.get_indexer(risk.assets_), first:, first:]
    B, omega = risk.exposures_.to_numpy(), risk.factor_covariance_.to_numpy()
    x = w @ B
    V = np.einsum("n,njk->jk", w * w, P)
    return _Portfolio(B, omega, P, w, x, omega @ x, V, float(risk.covariance_.volatility(w)))


def _factor_errors(p: _Portfolio, contribution: Array, power: int) -> Array:
    """Standard errors of v_k / sigma^power, where v_k is each line's part of the variance, by the delta method."""
    slope = np.outer(-power * contribution / p.volatility ** (power + 1), p.pull)
    count = len(p.x)
    slope[:count] += (np.diag(p.pull) + p.x[:, None] * p.omega) / p.volatility**power
    errors: Array = np.sqrt(np.einsum("fj,jk,fk->f", slope, p.V, slope))
    return errors


def _asset_errors(p: _Portfolio, contribution: Array, power: int) -> Array:
    """Standard errors of w_i (Sigma w)_i / sigma^power: derivatives by the asset's loadings (a) and by x (b).

    Their errors are correlated: cov(beta_i, x) = w_i P_i.
    """
    scale = p.volatility**power
    a = p.w[:, None] * p.pull / scale
    b = p.w[:, None] * (p.B @ p.omega) / scale
    b -= np.outer(power * contribution / p.volatility ** (power + 1), p.pull)
    own = np.einsum("nj,njk,nk->n", a, p.P, a)
    crossed = np.einsum("n,nj,njk,nk->n", p.w, a, p.P, b)
    total = own + 2.0 * crossed + np.einsum("nj,jk,nk->n", b, p.V, b)
    errors: Array = np.sqrt(np.maximum(total, 0.0))
    return errors


def _with_band(name: str, dims: Any, value: Array, error: Array) -> dict[str, Any]:
    return {
        name: (dims, value),
        f"{name}_standard_error": (dims, error),
        f"{name}_lower": (dims, value - HALF_BAND * error),
        f"{name}_upper": (dims, value + HALF_BAND * error),
    }


def attribute_return(model: LoadingsModel, weights: Any, returns: Any, factors: Any) -> xr.Dataset:
    """Split a portfolio's returns into contributions of each factor and each asset, with the predicted loadings.

    Parameters
    ----------
    model : LoadingsModel
        Fitted; its results contain the dates.
    weights : Series or mapping by asset, or DataFrame (date x asset)
        Constant weights, or the weights held into each date of `returns`. An asset that is not named has weight 0.
    returns, factors : DataFrame
        As for `LoadingsModel.contributions`.

    Returns
    -------
    Dataset
        portfolio_return by date. contribution by date and factor ("residual" and "unattributed" last: the latter is
        the return of assets whose loadings were not known yet, or were arbitrary as they are in the first dates:
        `LoadingsModel.informative_`), with contribution_standard_error, contribution_lower and contribution_upper from
        the loadings' variances, assets independent. asset_contribution by date and asset. contribution_of_asset by all
        three. counted_from by asset: the first date on which its loadings are informative, NaT if there is none.
        Contributions sum to the portfolio's return.

    Raises
    ------
    UnknownNameError
        If weights name assets that are not in returns.
    InputError
        If weights lack a date or contain NaN, or an asset is held into a date without a return.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:500, :10], demo.factors.iloc[:500]
    >>> model = sf.RollingLoadings(120).fit(returns, factors)
    >>> split = sf.risk.attribute_return(model, {"AAPL": 0.5, "JNJ": 0.5}, returns, factors)
    >>> last = split.isel(date=-1)
    >>> for factor in ("market", "residual"):
    ...     print(f"{factor:9} {float(last['contribution'].sel(factor=factor)):7.2%}")
    market     -0.16%
    residual   -0.75%
    >>> print(f"{float(last['contribution'].sum()):.2%} = {float(last['portfolio_return']):.2%}")
    -0.80% = -0.80%
    """
    check("model", model, Kind(LoadingsModel, "a model of loadings", "risk.model_"))
    earned = model.contributions(returns, factors)
    observed, dates, assets = read_values(returns, "returns")
    w = dated_weights(weights, dates, assets, observed)
    held = w != 0.0
    parts = np.where(held[:, :, None], earned["contribution"].to_numpy() * w[:, :, None], 0.0)
    deviation = np.where(held[:, :, None], earned["standard_deviation"].to_numpy() * w[:, :, None], 0.0)
    whole = np.where(held, np.nan_to_num(observed) * w, 0.0)
    informative = model.informative_.loc[dates, assets]
    unknown = np.isnan(parts).any(axis=2) | (held & ~informative.to_numpy())
    parts[unknown], deviation[unknown] = 0.0, 0.0
    split = np.concatenate([parts, np.where(unknown, whole, 0.0)[:, :, None]], axis=2)
    error = np.sqrt(np.sum(deviation**2, axis=1))
    error = np.concatenate([error, np.zeros((len(dates), 1))], axis=1)
    found = _with_band("contribution", ("date", "factor"), split.sum(axis=1), error)
    found |= {
        "portfolio_return": ("date", whole.sum(axis=1)),
        "asset_contribution": (("date", "asset"), whole),
        "contribution_of_asset": (("date", "asset", "factor"), split),
        "weight": (("date", "asset"), w),
        "counted_from": ("asset", counted_from(informative).to_numpy()),
    }
    names = pd.Index(_check_line_names([*earned.indexes["factor"], UNATTRIBUTED]))
    return xr.Dataset(found, {"date": dates, "asset": assets, "factor": names}, earned.attrs)
