"""Estimates characteristic factors: skfolio's cross-sectional regression on dated DataFrames of exposures."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from skfolio.exceptions import SkfolioError
from skfolio.prior import CharacteristicsFactorModel

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._options import Whole, check_options
from statefolio._plausible.reading import read_returns
from statefolio.adapters.cross_section import cross_section_model, cross_section_panel
from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.factors.exposure_fields import ExposureFields, TableAligner, read_exposures
from statefolio.factors.factor_returns import DIMS, EXPOSURE, FactorReturns

_SINGULAR = 1e-10
RULES = {
    "lag": Whole(at_least=1),
    "as_of": Whole(at_least=0, example=31) | None,
    "minimum_assets": Whole(at_least=1, example=30) | None,
}


def characteristic_factors(
    returns: Any,
    exposures: Any,
    *,
    market_cap: Any = None,
    intercept: str | None = "market",
    standardise: bool = True,
    lag: int = 1,
    as_of: int | None = None,
    minimum_assets: int | None = None,
) -> FactorReturns:
    """Estimate factor returns by regressing each date's returns on exposures known before it.

    Parameters
    ----------
    returns : DataFrame (T dates, N assets)
        In decimals; NaN where not observed. An asset joins on its first return.
    exposures : DataArray (date, asset, factor), Dataset of (date, asset), or mapping from name to DataFrame
        Exposures of date t are known at the close of t. Text is a category, each level of which becomes a factor. A
        Series by asset applies to all dates. An asset without an entry is left out on that date.
    market_cap : DataFrame (dates, assets), optional
        Regression weights are its square root at the exposures' date, and exposures are centred on the
        capitalisation-weighted mean. Default: equal weights.
    intercept : str or None
        Name of the factor to which every asset has exposure 1. With an intercept, the factor returns of each
        category have weighted mean zero.
    standardise : bool
        Winsorise each numeric exposure across assets (1st and 99th percentile) and turn it into a z-score, by date.
    lag : int
        Dates from exposures to the returns they explain, at least 1: exposures at the close of a date cannot explain
        the returns of that date.
    as_of : int, optional
        Use the exposures (and market capitalisations) of the last date on or before, up to this many days old.
        Default: they must have every date of `returns`.
    minimum_assets : int, optional
        Assets that a regression needs. Default: twice the factors, and at least 30.

    Returns
    -------
    FactorReturns
        Kind "characteristic". `exposures` has the exposures that explain each date's returns, lagged and
        standardised, and in the variable "next_exposure" (asset, factor) those for the first date not yet seen.

    Raises
    ------
    InputError
        Exposures on other dates, dates with too few assets, a category without members, exposures that are collinear
        on some date.

    Notes
    -----
    r_it = sum_k X_ik,t-lag f_kt + e_it by weighted least squares for each t: Fama and MacBeth (1973), Grinold and Kahn
    (1999). The regression is skfolio's `CharacteristicsFactorModel`.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.adapters import characteristic_factors
    >>> from statefolio.factors import price_exposures
    >>> prices = sf.load_demo_prices().loc["2021":]
    >>> exposures = price_exposures(prices)[["momentum", "volatility"]]
    >>> factors = characteristic_factors(sf.to_returns(prices), exposures, minimum_assets=10)
    >>> (100 * factors.returns.tail(2)).round(1)
                market  momentum  volatility
    date
    2022-12-27     0.1       0.5        -0.2
    2022-12-28    -1.3      -0.6        -1.0
    """
    values, dates, assets = read_returns(returns, "returns")
    check_options({"lag": lag, "as_of": as_of, "minimum_assets": minimum_assets}, RULES)
    fields = read_exposures(exposures, dates, assets, as_of)
    names = ([] if intercept is None else [intercept]) + fields.names()
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise InputError(f"exposures must name each factor once, got {listed(repeated)} twice. Rename one.")
    active = np.logical_or.accumulate(np.isfinite(values), axis=0)
    caps = None if market_cap is None else _capitalisations(market_cap, TableAligner(dates, assets, as_of))
    if caps is not None:
        active &= np.isfinite(caps)
    least = max(2 * len(names), 30) if minimum_assets is None else minimum_assets
    first = _first_date(values, fields, active, lag, least, dates)
    if standardise:
        _check_spread(fields)
    panel = cross_section_panel(values[first:], fields, active[first:], caps, first, dates[first:])
    model = cross_section_model(fields, intercept, standardise, caps is not None, lag, least)
    try:
        model.fit(characteristics=panel)
    except (ValueError, SkfolioError) as error:
        raise InputError(
            f"exposures and returns must be valid for skfolio's regression, got its error: {error} Check the dates it "
            "names."
        ) from error
    note = _notes(first + 2 * lag, fields.complete() & active, assets)
    return _collect(model.factor_model_, pd.Index(names), assets, note)


def from_skfolio(model: CharacteristicsFactorModel) -> FactorReturns:
    """Convert the factor returns of a fitted `CharacteristicsFactorModel`.

    Parameters
    ----------
    model : CharacteristicsFactorModel
        Fitted, with dates as observations. Its first dates, whose lagged exposures it does not keep, are left out.

    Returns
    -------
    FactorReturns
        As from `characteristic_factors`.
    """
    if not isinstance(model, CharacteristicsFactorModel):
        raise DataTypeError(
            f"model must be skfolio's CharacteristicsFactorModel, got {shown(model)}. Fit one, or use "
            "characteristic_factors."
        )
    if not hasattr(model, "factor_model_"):
        raise NotFittedError("model must be fitted, got an unfitted CharacteristicsFactorModel. Call its fit first.")
    found = model.factor_model_
    return _collect(found, pd.Index(found.factor_names), pd.Index(found.asset_names), ())


def _collect(found: Any, names: pd.Index, assets: pd.Index, notes: tuple[str, ...]) -> FactorReturns:
    lag = found.exposure_lag
    dates = pd.DatetimeIndex(found.observations)[lag:]
    if not len(dates):
        raise InputError(
            f"model must have more than {lag} dates, its exposure lag, got {lag} or fewer. Pass more dates."
        )
    _check_not_collinear(found, dates)
    frame = pd.DataFrame(found.factor_returns[lag:], dates, names)
    exposures = xr.Dataset(
        {EXPOSURE: (DIMS, found.exposures[:-lag]), f"next_{EXPOSURE}": (DIMS[1:], found.exposures[-lag])},
        {"date": dates, "asset": assets.rename("asset"), "factor": names.rename("factor")},
    )
    return FactorReturns(frame, pd.Series("characteristic", index=names), exposures, notes)


def _check_not_collinear(found: Any, dates: pd.DatetimeIndex) -> None:
    lag, basis = found.exposure_lag, found.family_constraint_basis
    X = (found.exposures if basis is None else basis.reduce_exposures(found.exposures))[:-lag]
    weights = found.regression_weights[lag:]
    X = np.where(weights[:, :, None] > 0.0, X, 0.0) * np.sqrt(weights)[:, :, None]
    gram = X.transpose(0, 2, 1) @ X
    size = np.sqrt(np.maximum(np.diagonal(gram, axis1=1, axis2=2), np.finfo(np.float64).tiny))
    smallest = np.linalg.eigvalsh(gram / size[:, :, None] / size[:, None, :])[:, 0]
    bad = smallest < _SINGULAR
    if bad.any():
        raise InputError(
            f"exposures must not be collinear, got some that are collinear across assets on {int(bad.sum())} dates "
            f"(first: {show(dates[bad][0])}). Drop one of them: their returns are not identified."
        )


def _check_spread(fields: ExposureFields) -> None:
    """Raise InputError for exposures that a z-score makes zero everywhere."""
    for name, values in fields.numbers.items():
        if np.all(np.nanmax(values, axis=1, initial=-np.inf) <= np.nanmin(values, axis=1, initial=np.inf)):
            raise InputError(
                f"exposure {name!r} must differ across assets, got the same for every asset on every date. Drop it: "
                "the intercept is the factor common to all assets."
            )


def _capitalisations(market_cap: Any, align: TableAligner) -> Array:
    values, dates, assets = read_values(market_cap, "market_cap")
    if (values <= 0.0).any():
        row, column = np.argwhere(values <= 0.0)[0]
        raise InputError(
            f"market_cap must be positive or NaN, got {int((values <= 0.0).sum())} values at or below zero (first: "
            f"{assets[column]!r} on {show(dates[row])}). Set them to NaN."
        )
    aligned: Array = align(values, dates, assets, "market_cap")
    return aligned


def _first_date(
    values: Array, fields: ExposureFields, active: npt.NDArray[np.bool_], lag: int, least: int, dates: pd.DatetimeIndex
) -> int:
    """Return the first row of exposures from which on every regression has enough assets and categories."""
    usable = (fields.complete() & active)[:-lag] & np.isfinite(values[lag:])
    enough = usable.sum(axis=1) >= least
    for codes, levels in fields.categories.values():
        for level in range(len(levels)):
            enough &= ((codes[:-lag] == level) & usable).any(axis=1)
    if not enough.any():
        raise InputError(
            f"exposures must have a date with {least} assets that have every exposure and a return {lag} dates later, "
            f"and a member in every category, got none (at most {int(usable.sum(axis=1).max(initial=0))} assets). Use "
            "a smaller minimum_assets, or drop the exposure that is missing."
        )
    first = int(np.argmax(enough))
    bad = np.flatnonzero(~enough[first:]) + first + lag
    if len(bad):
        raise InputError(
            f"exposures must have {least} assets with a return and a member in every category on every date after the "
            f"first regression, got {len(bad)} dates with fewer assets, or a category without a member (first: "
            f"{show(dates[bad[0]])}). Drop those dates, use a smaller minimum_assets, or merge categories."
        )
    return first


def _notes(lost: int, complete: npt.NDArray[np.bool_], assets: pd.Index) -> tuple[str, ...]:
    notes = [f"the first {lost} dates have no factor returns: exposures known before them are missing."]
    never = assets[np.flatnonzero(~complete.any(axis=0))]
    if len(never):
        notes.append(
            f"{len(never)} assets never have every exposure and take part in no regression: {listed(list(never))}."
        )
    return tuple(notes)
