"""What the page's script reads: names, dates, facts about each asset, and every figure."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from statefolio.report.calibration import Calibration, autocorrelation, coverage_by_asset
from statefolio.report.calibration_figures import autocorrelation_of, coverage_of, innovations_of
from statefolio.report.fitted import ALPHA, FittedLoadings, Floats, dates, drawn_factors, names, tuned_until
from statefolio.report.heat_maps import loadings_heat_map, movement_heat_map
from statefolio.report.loadings_figures import empty_figure
from statefolio.report.tables import number


def page_data(
    model: FittedLoadings,
    calibration: Calibration,
    other_name: str | None,
    keep: NDArray[np.intp],
    others: Mapping[str, go.Figure],
) -> dict[str, Any]:
    """Return it as plain values, ready for JSON."""
    factors, on = drawn_factors(model), dates(model)
    skeletons = {
        name: empty_figure(factors, on, tuned_until(model), other_name=other_name, columns=columns)
        for name, columns in (("asset_wide", 2), ("asset_narrow", 1))
    }
    drawn = {
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
        "labels": ["alpha, bp" if factor == ALPHA else factor for factor in factors],
        "other": other_name,
        "dates": [date.isoformat() for date in on[keep].date],
        "facts": asset_facts(model, calibration),
        "figures": {**skeletons, **plain_figures(drawn)},
    }


def plain_figures(drawn: Mapping[str, go.Figure]) -> dict[str, Any]:
    """Return figures as plain values, by the names the page knows them by."""
    return {name: json.loads(figure.to_json()) for name, figure in drawn.items()}


def script_safe(data: object) -> str:
    """Return JSON that may stand inside a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def asset_facts(model: FittedLoadings, calibration: Calibration) -> list[tuple[str, list[str]]]:
    """Return what is said about each asset: a name and a text an asset."""
    observed = np.isfinite(np.asarray(model.innovations_["innovation"].transpose("date", "asset", ...)))
    found: list[tuple[str, list[str]]] = [("returns predicted", [f"{n:,}" for n in observed.sum(axis=0)])]
    quality = getattr(model, "fit_quality_", None)
    if isinstance(quality, pd.DataFrame):
        for column, name, form in (
            ("r_squared_one_step", "R-squared, one step ahead", "{:.1%}"),
            ("r_squared_in_sample", "R-squared, in sample", "{:.1%}"),
            ("rmse_one_step", "root mean square error, one step ahead", "{:.3%}"),
        ):
            if column in quality:
                found.append((name, _formatted(quality[column].to_numpy(dtype=float), form)))
    found.append(("coverage of the 95 % predicted band", _formatted(coverage_by_asset(calibration), "{:.1%}")))
    memory = autocorrelation(calibration.standardised[calibration.judged()], lags=1)[0]
    found.append(("autocorrelation of the innovations, lag 1", _formatted(memory, "{:.3f}")))
    likelihood = getattr(model, "log_likelihood_", None)
    if isinstance(likelihood, pd.Series):
        found.append(("log-likelihood", [number(value) for value in likelihood.to_numpy(dtype=float)]))
    return found + _tuning_facts(getattr(model, "parameters_", None))


def _tuning_facts(parameters: object) -> list[tuple[str, list[str]]]:
    if not isinstance(parameters, pd.DataFrame):
        return []
    found = []
    if "observation_variance" in parameters:
        deviation = np.sqrt(parameters["observation_variance"].to_numpy(dtype=float))
        found.append(("noise, standard deviation", _formatted(deviation, "{:.3%}")))
    if {"converged", "reason"} <= set(parameters.columns):
        told = zip(parameters["converged"], parameters["reason"], strict=True)
        found.append(("tuning", [_ending(converged, reason) for converged, reason in told]))
    return found


def _ending(converged: object, reason: object) -> str:
    text = "" if reason is None or pd.isna(reason) else str(reason)  # type: ignore[call-overload]
    return text or ("converged" if converged else "did not converge")


def _formatted(values: Floats, form: str) -> list[str]:
    return [form.format(value) if np.isfinite(value) else "-" for value in values]
