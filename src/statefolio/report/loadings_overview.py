"""Says at the top of a report what a fitted model of loadings is worth: the answer, the numbers, and the lights."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import counted, listed
from statefolio.report.calibration import Calibration, autocorrelation, coverage
from statefolio.report.fitted_loadings import ALPHA, FittedLoadings, dates, names, ordered_factors, tuned_until
from statefolio.report.lights import Light, State, coverage_state

SMALL_CORRELATION, LARGE_CORRELATION = 0.05, 0.1
"""Autocorrelations of the innovations at the first lag: below the first it is good, above the second it is bad."""
CLOSE = 0.02
"""Relative error variance within which a model counts as equal to the best."""
UNITS, CALIBRATION = "Input data", "Calibration of predicted returns"


def evaluated_quality(model: FittedLoadings) -> pd.DataFrame | None:
    """Return the fit quality by asset out of sample where there are such dates, else on all dates that count."""
    quality, cut = getattr(model, "fit_quality_", None), tuned_until(model)
    if _is_out_of_sample(model):
        later: pd.DataFrame = model.fit_quality_after(cut)  # type: ignore[attr-defined]
        if later["r_squared_one_step"].notna().any():
            return later
    return quality if isinstance(quality, pd.DataFrame) else None


def counted_since(model: FittedLoadings) -> pd.Timestamp | None:
    """Return the first date that headline numbers count: the first out of sample, or that of informative loadings."""
    on, cut = dates(model), tuned_until(model)
    if cut is not None and _is_out_of_sample(model):
        return on[on > cut][0]
    informative = getattr(model, "informative_", None)
    if not isinstance(informative, pd.DataFrame):
        return None
    some = informative.to_numpy().any(axis=1)
    return on[int(some.argmax())] if some.any() else None


def loadings_answer(model: FittedLoadings, comparison: pd.DataFrame | None) -> str:
    """Return what the loadings explain, in one or two sentences."""
    factors = [factor for factor in ordered_factors(model) if factor != ALPHA]
    what = f"Loadings of {counted(len(names(model, 'asset')), 'asset')} on {counted(len(factors), 'factor')}"
    share, since = _median_share(model), counted_since(model)
    if share is None or since is None:
        return f"{what}, {', '.join(factors)}, each with its 95 % band."
    where = "out of sample, " if _is_out_of_sample(model) else ""
    text = f"{what} explain {share:.0%} of a typical asset's variance one step ahead ({where}from {since:%Y-%m-%d})."
    best = _rank_of_first(comparison)
    return text if best is None else f"{text} {best[1]}"


def loadings_tiles(model: FittedLoadings, calibration: Calibration) -> dict[str, str]:
    """Return the numbers that matter by name."""
    on, tiles = dates(model), {}
    share, since = _median_share(model), counted_since(model)
    where = "out of sample" if _is_out_of_sample(model) else "one step ahead"
    if share is not None:
        tiles[f"R², {where} (median)"] = f"{share:.0%}"
    table = coverage(calibration)
    if len(table.columns) and np.isfinite(table.iloc[:, -1].to_numpy()).all():
        tiles[f"Coverage of 95 % bands, {table.columns[-1].lower()}"] = f"{table.loc[0.95].iloc[-1]:.1%}"
    if since is not None:
        tiles["Counted from"] = f"{since:%Y-%m-%d}"
    tiles["Last date"] = f"{on[-1]:%Y-%m-%d}"
    return tiles


def loadings_lights(
    model: FittedLoadings,
    calibration: Calibration,
    comparison: pd.DataFrame | None = None,
    suspicious: pd.DataFrame | None = None,
) -> list[Light]:
    """Return the lights on forecasts, bands, innovations, tuning and input data."""
    lights = [*_forecast_light(comparison), _band_light(calibration), _innovation_light(calibration)]
    lights += _tuning_light(getattr(model, "parameters_", None))
    return lights if suspicious is None else [*lights, data_light(suspicious)]


def data_light(suspicious: pd.DataFrame) -> Light:
    """Return the light on suspicious cells."""
    if suspicious.empty:
        return Light(UNITS, "good", "No suspicious cells.")
    count = counted(len(suspicious), "suspicious cell")
    assets = list(dict.fromkeys(str(name) for name in suspicious["asset"]))
    named = ", ".join(assets[:3]) + (", ..." if len(assets) > 3 else "")
    return Light(UNITS, "watch", f"{count} ({named}); none was changed. Check them.")


def _forecast_light(comparison: pd.DataFrame | None) -> list[Light]:
    found = _rank_of_first(comparison)
    return [] if found is None else [Light("Forecasts", found[0], found[1])]


def _rank_of_first(comparison: pd.DataFrame | None) -> tuple[State, str] | None:
    """Compare the first model's error variance with the best of the others."""
    if comparison is None or len(comparison) < 2 or "error_variance" not in comparison:
        return None
    error: pd.Series[float] = comparison["error_variance"]
    mine, others = float(error.to_numpy()[0]), error.iloc[1:].dropna()
    if not np.isfinite(mine) or others.empty:
        return None
    best, relative = others.idxmin(), mine / float(others.to_numpy().min()) - 1.0
    name, state = str(error.index[0]), "good" if relative <= 0.0 else "watch" if relative <= CLOSE else "bad"
    than = f"{abs(relative):.1%} {'lower' if relative <= 0.0 else 'higher'} than the best of {len(others)} alternatives"
    return state, f"The error variance of {name} is {than} ({best})."  # type: ignore[return-value]


def _band_light(calibration: Calibration) -> Light:
    table = coverage(calibration)
    found: Any = table.loc[0.95]
    share = float(found.iloc[-1]) if len(table.columns) else np.nan
    state = coverage_state(share, 0.95)
    if state == "unknown":
        return Light("Bands", state, "Too few predicted returns.")
    return Light("Bands", state, f"95 % bands cover {share:.1%} of the returns, {table.columns[-1].lower()}.")


def _innovation_light(calibration: Calibration) -> Light:
    first = autocorrelation(calibration.standardised[calibration.evaluated()], lags=1)[0]
    if not np.isfinite(first).any():
        return Light("Innovations", "unknown", "Too few returns for an autocorrelation.")
    value = float(np.nanmean(first))
    size = abs(value)
    state: State = "good" if size <= SMALL_CORRELATION else "watch" if size <= LARGE_CORRELATION else "bad"
    text = f"{value:.3f}".replace("-", "\u2212")
    return Light("Innovations", state, f"Their mean autocorrelation at lag 1 is {text} (0 if the model is right).")


def _tuning_light(parameters: Any) -> list[Light]:
    if not isinstance(parameters, pd.DataFrame) or "converged" not in parameters:
        return []
    failed = list(parameters.index[~parameters["converged"].astype(bool)])
    if not failed:
        return [Light("Tuning", "good", "Converged for every asset.")]
    state: State = "watch" if len(failed) <= 0.1 * len(parameters) else "bad"
    number = counted(len(failed), "asset")
    return [Light("Tuning", state, f"Did not converge for {number} ({listed(failed)}); see About this asset.")]


def _median_share(model: FittedLoadings) -> float | None:
    quality = evaluated_quality(model)
    if quality is None or not quality["r_squared_one_step"].notna().any():
        return None
    return float(quality["r_squared_one_step"].median())


def _is_out_of_sample(model: FittedLoadings) -> bool:
    cut = tuned_until(model)
    return cut is not None and cut < dates(model)[-1] and hasattr(model, "fit_quality_after")
