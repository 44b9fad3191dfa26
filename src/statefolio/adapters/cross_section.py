"""Builds skfolio's asset panel of exposures, and its cross-sectional model for them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from skfolio.containers import AssetPanel, FieldCategorical
from skfolio.descriptor import Passthrough
from skfolio.factor_exposure import FixedWeightedFactor, GlobalFactor, OneHotCategoricalFactors
from skfolio.moments import EmpiricalCovariance, EWVariance
from skfolio.prior import CharacteristicsFactorModel, EmpiricalPrior

from statefolio._arrays.types import Array
from statefolio.factors.exposure_fields import ExposureFields


def cross_section_panel(
    values: Array,
    fields: ExposureFields,
    active: npt.NDArray[np.bool_],
    caps: Array | None,
    first: int,
    dates: pd.DatetimeIndex,
) -> AssetPanel:
    """Build the panel from row `first` on, with numbers in the fields "x0", "x1", ... and categories in "c0", ..."""
    panel: dict[str, Any] = {"returns": np.where(active, values, np.nan)}
    if caps is not None:
        panel["market_cap"] = np.where(active, caps[first:], np.nan)
    for number, (codes, levels) in enumerate(fields.categories.values()):
        labels = [f"c{number}_{level}" for level in range(len(levels))]
        panel[f"c{number}"] = FieldCategorical(np.where(active, codes[first:], -1), levels=labels)
    for number, values_of_field in enumerate(fields.numbers.values()):
        panel[f"x{number}"] = np.where(active, values_of_field[first:], np.nan)
    assets = np.array([f"asset {number}" for number in range(values.shape[1])])
    return AssetPanel(fields=panel, observations=dates.to_numpy(), asset_names=assets, active_mask=active)


def cross_section_model(
    fields: ExposureFields, intercept: str | None, standardise: bool, weighted: bool, lag: int, least: int
) -> CharacteristicsFactorModel:
    """Build the cross-sectional regression of that panel, one factor per field, with the cheapest risk estimates."""
    raw: Any = None if standardise else "passthrough"
    categories = [f"c{number}" for number in range(len(fields.categories))]
    factors: list[Any] = [] if intercept is None else [("intercept", GlobalFactor())]
    factors += [(name, OneHotCategoricalFactors(name, family=name)) for name in categories]
    for name in (f"x{number}" for number in range(len(fields.numbers))):
        exposure = FixedWeightedFactor(
            descriptors=[(name, Passthrough(name))], outlier_transformer=raw, scoring_transformer=raw
        )
        factors.append((name, exposure))
    constrained = [(name, None) for name in (categories if intercept is not None else categories[1:])]
    return CharacteristicsFactorModel(
        factors=factors,
        exposure_lag=lag,
        constrained_families=constrained or None,
        benchmark_mcap_power=1.0 if weighted else 0.0,
        regression_mcap_power=0.5 if weighted else 0.0,
        factor_prior_estimator=EmpiricalPrior(covariance_estimator=EmpiricalCovariance(nearest=False)),
        idio_variance_estimator=EWVariance(min_observations=1),
        min_regression_assets=least,
    )
