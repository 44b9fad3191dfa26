"""Characteristic factors: skfolio's cross-sectional model on statefolio's frames, its factor returns in one result."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from skfolio.exceptions import SkfolioError
from skfolio.prior import CharacteristicsFactorModel

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.adapters.cross_section import cross_section_model, cross_section_panel
from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.factors.exposure_fields import ExposureFields, TableAligner, read_exposures
from statefolio.factors.factor_returns import DIMS, EXPOSURE, FactorReturns

_SINGULAR = 1e-10


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
        Those of date t are known at the close of t. Text is a category, of which each level becomes a factor; a
        Series by asset stands for all dates. Assets without an entry take no part on that date.
    market_cap : DataFrame (dates, assets), optional
        Regression weights are its square root at the exposures' date, and exposures are centred on the
        capitalisation-weighted mean. Default: equal weights.
    intercept : str or None
        Name of the factor to which every asset has exposure 1. With it, each category's factor returns have
        weighted mean zero.
    standardise : bool
        Winsorise each number across assets (1st and 99th percentile) and make it a z-score, date by date.
    lag : int
        Dates from exposures to the returns they explain, at least 1.
    as_of : int, optional
        Use exposures (and market capitalisations) of the last date on or before, at most so many days old. Default:
        they must have every date of `returns`.
    minimum_assets : int, optional
        Assets that a regression needs. Default: twice the factors, and at least 30.

    Returns
    -------
    FactorReturns
        Kind "characteristic". `exposures` holds those that explain each date's returns, lagged and standardised as
        used, and the variable "next_exposure" (asset, factor) those for the first date not yet seen.

    Raises
    ------
    InputError
        Exposures on other dates, dates with too few assets, a category without members, exposures that cannot be
        told apart on some date.

    Notes
    -----
    r_it = sum_k X_ik,t-lag f_kt + e_it by weighted least squares for each t: Fama and MacBeth (1973), Grinold and Kahn
    (1999). The regression is skfolio's `CharacteristicsFactorModel`.
    """
    values, dates, assets = read_values(returns, "returns", units=True)
    _check_counts(lag, as_of, minimum_assets)
    fields = read_exposures(exposures, dates, assets, as_of)
    names = ([] if intercept is None else [intercept]) + fields.names()
    again = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if again:
        raise InputError(f"exposures name factors {listed(again)} twice; each was expected once. Rename one.")
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
            f"skfolio's regression refused the panel: {error} Exposures and returns that go together were expected; "
            "check them on the dates it names."
        ) from error
    note = _notes(first + 2 * lag, fields.complete() & active, assets)
    return _collected(model.factor_model_, pd.Index(names), assets, note)


def from_skfolio(model: CharacteristicsFactorModel) -> FactorReturns:
    """Bring the factor returns of a fitted `CharacteristicsFactorModel` into the same result.

    Parameters
    ----------
    model : CharacteristicsFactorModel
        Fitted, on dated observations. Its first dates, whose lagged exposures it does not keep, are left out.

    Returns
    -------
    FactorReturns
        As from `characteristic_factors`.
    """
    if not isinstance(model, CharacteristicsFactorModel):
        raise DataTypeError(f"model is a {type(model).__name__}; skfolio's CharacteristicsFactorModel was expected.")
    if not hasattr(model, "factor_model_"):
        raise NotFittedError("the CharacteristicsFactorModel has not been fitted; a fitted one was expected. Fit it.")
    found = model.factor_model_
    return _collected(found, pd.Index(found.factor_names), pd.Index(found.asset_names), ())


def _collected(found: Any, names: pd.Index, assets: pd.Index, notes: tuple[str, ...]) -> FactorReturns:
    lag = found.exposure_lag
    dates = pd.DatetimeIndex(found.observations)[lag:]
    if not len(dates):
        raise InputError(f"the panel leaves no date after exposures with lag {lag}; one at least was expected.")
    _check_told_apart(found, dates)
    frame = pd.DataFrame(found.factor_returns[lag:], dates, names)
    exposures = xr.Dataset(
        {EXPOSURE: (DIMS, found.exposures[:-lag]), f"next_{EXPOSURE}": (DIMS[1:], found.exposures[-lag])},
        {"date": dates, "asset": assets.rename("asset"), "factor": names.rename("factor")},
    )
    return FactorReturns(frame, pd.Series("characteristic", index=names), exposures, notes)


def _check_told_apart(found: Any, dates: pd.DatetimeIndex) -> None:
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
            f"exposures are collinear across assets on {int(bad.sum())} dates (first: {show(dates[bad][0])}); "
            "exposures that differ were expected, for else their returns cannot be told apart. Drop one of them."
        )


def _check_counts(lag: Any, as_of: Any, least: Any) -> None:
    if not is_whole(lag) or lag < 1:
        raise InputError(
            f"lag={lag!r}; a number of dates, 1 or more, was expected: exposures of a date's close cannot explain that "
            "date's returns."
        )
    if as_of is not None and (not is_whole(as_of) or as_of < 0):
        raise InputError(f"as_of={as_of!r}; a number of days, 0 or more, or None was expected.")
    if least is not None and (not is_whole(least) or least < 1):
        raise InputError(f"minimum_assets={least!r}; a number of assets, 1 or more, or None was expected.")


def _check_spread(fields: ExposureFields) -> None:
    """Refuse what a z-score makes zero everywhere."""
    for name, values in fields.numbers.items():
        if np.all(np.nanmax(values, axis=1, initial=-np.inf) <= np.nanmin(values, axis=1, initial=np.inf)):
            raise InputError(
                f"exposure {name!r} is the same for every asset on every date; one that differs was expected. Drop it: "
                "what is common to all is the intercept's."
            )


def _capitalisations(market_cap: Any, place: TableAligner) -> Array:
    values, dates, assets = read_values(market_cap, "market_cap")
    if (values <= 0.0).any():
        row, column = np.argwhere(values <= 0.0)[0]
        raise InputError(
            f"market_cap has {int((values <= 0.0).sum())} values at or below zero (first: {assets[column]!r} on "
            f"{show(dates[row])}); positive ones were expected, or NaN."
        )
    placed: Array = place(values, dates, assets, "market_cap")
    return placed


def _first_date(
    values: Array, fields: ExposureFields, active: npt.NDArray[np.bool_], lag: int, least: int, dates: pd.DatetimeIndex
) -> int:
    """Row of the exposures of the first date from which on every regression has enough assets and categories."""
    usable = (fields.complete() & active)[:-lag] & np.isfinite(values[lag:])
    enough = usable.sum(axis=1) >= least
    for codes, levels in fields.categories.values():
        for level in range(len(levels)):
            enough &= ((codes[:-lag] == level) & usable).any(axis=1)
    if not enough.any():
        raise InputError(
            f"no date has {least} assets with a return and every exposure {lag} dates before, and a member in every "
            f"category (at most {int(usable.sum(axis=1).max(initial=0))} assets); such dates were expected. Lower "
            "minimum_assets, or drop the exposure that is missing."
        )
    first = int(np.argmax(enough))
    bad = np.flatnonzero(~enough[first:]) + first + lag
    if len(bad):
        raise InputError(
            f"{len(bad)} dates after the first regression have fewer than {least} assets with a return and every "
            f"exposure, or a category without a member (first: {show(dates[bad[0]])}); enough on every date were "
            "expected. Drop those dates, lower minimum_assets, or merge categories."
        )
    return first


def _notes(lost: int, complete: npt.NDArray[np.bool_], assets: pd.Index) -> tuple[str, ...]:
    notes = [f"the first {lost} dates have no factor returns: exposures known before them are wanting."]
    never = assets[np.flatnonzero(~complete.any(axis=0))]
    if len(never):
        notes.append(
            f"{len(never)} assets never have every exposure and take part in no regression: {listed(list(never))}."
        )
    return tuple(notes)
