"""Computes the parts of Sigma = B Omega B' + G G' + D + U from a fitted model and its forecasts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.risk.exclusion import find_excluded
from statefolio.risk.factor_forecast import FactorForecast
from statefolio.risk.idiosyncratic import effective_observations, idiosyncratic_variance
from statefolio.risk.long_run import LongRunVariance
from statefolio.risk.low_rank import LowRankCovariance
from statefolio.risk.residual import check_names_differ, residual_loadings
from statefolio.risk.risk_options import given_variance
from statefolio.risk.track_record import EXACT, TrackRecord
from statefolio.risk.uncertainty import loading_uncertainty


@dataclass(frozen=True, eq=False)
class CovarianceParts:
    """A covariance of N assets and its parts.

    Attributes
    ----------
    covariance : LowRankCovariance
        Sigma.
    assets, excluded : Index, DataFrame
        Assets with a covariance, and those without one and the reason.
    exposures, residual_loadings : DataFrame
        B and G, by asset.
    factor_covariance : DataFrame
        Omega.
    factor_mean, idiosyncratic_variance, loading_uncertainty : Series
        mu, D (without what residual factors explain), and U.
    """

    covariance: LowRankCovariance
    assets: pd.Index
    excluded: pd.DataFrame
    exposures: pd.DataFrame
    residual_loadings: pd.DataFrame
    factor_covariance: pd.DataFrame
    factor_mean: pd.Series
    idiosyncratic_variance: pd.Series
    loading_uncertainty: pd.Series


def compute_parts(
    options: Any,
    model: LoadingsModel,
    forecast: FactorForecast,
    correlation_loadings: pd.DataFrame,
    long_run: LongRunVariance,
    record: TrackRecord,
) -> CovarianceParts:
    """Compute the covariance on the next date and its parts.

    Parameters
    ----------
    options : FactorRisk
        Its options.
    model : LoadingsModel
        Fitted.
    forecast : FactorForecast
        Of the factors' next return.
    correlation_loadings : DataFrame (asset x R)
        Loadings of standardised residuals on residual factors.
    long_run : LongRunVariance
        Of the model's innovations.
    record : TrackRecord
        Of the returns and their forecasts.

    Raises
    ------
    InputError
        If no asset has a covariance, or names collide.
    """
    ahead, omega, mean = model.ahead(options.horizon), forecast.covariance.covariance(), forecast.mean
    P = ahead["covariance"].to_numpy()
    noise = given_variance(options.idiosyncratic, model.assets_, ahead["observation_variance"].to_numpy())
    needed = 2 * len(model.factors_) if options.min_observations is None else options.min_observations
    given = isinstance(options.idiosyncratic, pd.Series)
    excluded = find_excluded(record, needed, P, noise, given, omega)
    kept = ~model.assets_.isin(excluded.index)
    if not kept.any():
        reasons = listed(list(excluded["reason"].unique()))
        raise InputError(
            f"returns must have at least one asset with a covariance, got {len(model.assets_)} without ({reasons}). "
            "Pass more dates, or fewer factors."
        )
    assets, names = model.assets_[kept], forecast.names
    least = EXACT * record.variance[kept]
    exact = (noise[kept] <= least) & (not given)
    D: pd.Series = pd.Series(noise[kept], index=assets)
    if isinstance(options.idiosyncratic, str) and options.idiosyncratic == "shrunk":
        seen = effective_observations(model, record.observed)[kept]
        D.loc[~exact] = idiosyncratic_variance(D[~exact], seen[~exact], options.groups)
        D = D + options.long_run_weight * long_run.mean(noise)[kept]
    D = D.where(~exact, least)
    U = loading_uncertainty(P[kept], omega, mean, model.intercept)
    B = ahead["mean"].to_numpy()[kept, int(model.intercept) :]
    G = correlation_loadings.reindex(assets).fillna(0.0)
    check_names_differ(names, G.columns)
    loadings, remaining = residual_loadings(G.to_numpy(dtype=np.float64), D.to_numpy())
    count, extra = len(names), G.shape[1]
    block = np.eye(count + extra)
    block[:count, :count] = omega
    diagonal = remaining + U if options.uncertainty else remaining
    return CovarianceParts(
        LowRankCovariance(np.hstack([B, loadings]), block, diagonal),
        assets,
        excluded,
        pd.DataFrame(B, index=assets, columns=names),
        pd.DataFrame(loadings, index=assets, columns=G.columns),
        pd.DataFrame(omega, index=names, columns=names),
        pd.Series(mean, index=names),
        pd.Series(remaining, index=assets),
        pd.Series(U, index=assets),
    )
