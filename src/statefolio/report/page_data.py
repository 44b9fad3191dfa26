"""Collects the data that the page's script reads: names, dates, facts about each asset, and all figures."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from statefolio._display.numbers import MISSING, number
from statefolio.report.calibration import Calibration, autocorrelation, coverage_by_asset
from statefolio.report.calibration_figures import autocorrelation_of, coverage_of, innovations_of
from statefolio.report.fitted_loadings import ALPHA, FittedLoadings, Floats, dates, names, ordered_factors, tuned_until
from statefolio.report.heat_maps import loadings_heat_map, movement_heat_map
from statefolio.report.loadings_overview import counted_since, evaluated_quality
from statefolio.report.loadings_panels import empty_figure


def page_data(
    model: FittedLoadings,
    calibration: Calibration,
    other_name: str | None,
    keep: NDArray[np.intp],
    others: Mapping[str, go.Figure],
) -> dict[str, Any]:
    """Return the data as plain values, ready for JSON."""
    factors, on = ordered_factors(model), dates(model)
    skeletons = {
        name: empty_figure(factors, on, tuned_until(model), other_name=other_name, columns=columns)
        for name, columns in (("asset_wide", 2), ("asset_narrow", 1))
    }
    heat_maps_and_calibration = {
        "today": loadings_heat_map(model),
        "moved": movement_heat_map(model),
        "coverage": coverage_of(calibration),
        "innovations": innovations_of(calibration),
        "autocorrelation": autocorrelation_of(calibration),
        **others,
    }
    return {
        "assets": names(model, "asset"),
        "factors": factors,
        "labels": ["Alpha, bp" if factor == ALPHA else factor for factor in factors],
        "other": other_name,
        "dates": [date.isoformat() for date in on[keep].date],
        "facts": asset_facts(model, calibration),
        "figures": {**skeletons, **plain_figures(heat_maps_and_calibration)},
    }


def plain_figures(named: Mapping[str, go.Figure]) -> dict[str, Any]:
    """Return figures as plain values, keyed by their names in the page."""
    return {name: json.loads(figure.to_json()) for name, figure in named.items()}


def script_safe(data: object) -> str:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def asset_facts(model: FittedLoadings, calibration: Calibration) -> list[tuple[str, list[str]]]:
    """Return the facts shown about each asset: their names, each with one text per asset."""
    observed = np.isfinite(np.asarray(model.innovations_["innovation"].transpose("date", "asset", ...)))
    found: list[tuple[str, list[str]]] = [("Returns predicted", [f"{n:,}" for n in observed.sum(axis=0)])]
    quality = evaluated_quality(model)
    if quality is not None:
        since = counted_since(model)
        where = "one step ahead" if since is None else f"one step ahead, from {since:%Y-%m-%d}"
        for column, name, form in (
            ("r_squared_one_step", f"R², {where}", "{:.1%}"),
            ("rmse_one_step", f"RMSE, {where}", "{:.3%}"),
        ):
            if column in quality:
                found.append((name, _formatted(quality[column].to_numpy(dtype=float), form)))
    found.append(("Coverage of the 95 % predicted band", _formatted(coverage_by_asset(calibration), "{:.1%}")))
    first_lag = autocorrelation(calibration.standardised[calibration.evaluated()], lags=1)[0]
    found.append(("Autocorrelation of the innovations, lag 1", _formatted(first_lag, "{:.3f}")))
    likelihood = getattr(model, "log_likelihood_", None)
    if isinstance(likelihood, pd.Series):
        found.append(("Log-likelihood", [number(value) for value in likelihood.to_numpy(dtype=float)]))
    return found + _tuning_facts(getattr(model, "parameters_", None))


def _tuning_facts(parameters: object) -> list[tuple[str, list[str]]]:
    if not isinstance(parameters, pd.DataFrame):
        return []
    found = []
    if "observation_variance" in parameters:
        deviation = np.sqrt(parameters["observation_variance"].to_numpy(dtype=float))
        found.append(("Residual standard deviation", _formatted(deviation, "{:.3%}")))
    if {"converged", "reason"} <= set(parameters.columns):
        outcomes = zip(parameters["converged"], parameters["reason"], strict=True)
        found.append(("Tuning", [_tuning_outcome(converged, reason) for converged, reason in outcomes]))
    return found


def _tuning_outcome(converged: object, reason: object) -> str:
    text = "" if reason is None or pd.isna(reason) else str(reason)  # type: ignore[call-overload]
    return text or ("converged" if converged else "did not converge")


def _formatted(values: Floats, form: str) -> list[str]:
    return [form.format(value) if np.isfinite(value) else MISSING for value in values]
