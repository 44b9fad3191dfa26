"""Says at the top of a risk report how large the risk is, and what was checked: answer, numbers and lights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import counted
from statefolio._display.numbers import equals_p
from statefolio.diagnostics.finding import Diagnosis
from statefolio.report.lights import Light, State, bias_state
from statefolio.report.risk_results import PortfolioRisk
from statefolio.validation.covariance_scores import CovarianceScores
from statefolio.validation.exceedances import count_exceedances
from statefolio.validation.validation import Validation

PORTFOLIO = "portfolio"
"""Name of the portfolio in the scores of covariances."""
TITLES = {
    "specification": "Factor specification",
    "estimation": "Estimation of the loadings",
    "non-stationarity": "Stationarity of the loadings",
    "multicollinearity": "Multicollinearity of the factors",
}
VALIDATION, COVARIANCE, TAILS = "Validation of the loadings", "Validation of the covariance", "Value at risk"
_DRIFT = "cusum"


def risk_answer(found: PortfolioRisk) -> str:
    """Return the portfolio's risk in one or two sentences."""
    yearly = np.sqrt(found.year)
    low, high = (float(found.attribution[f"volatility_{end}"]) * yearly for end in ("lower", "upper"))
    factors: Any = found.by_factor().loc[list(found.risk.factors_), "share"]
    first = factors.abs().idxmax()
    text = (
        f"{found.name}, {counted(len(found.held), 'asset')}, has a forecast volatility of {found.volatility:.2%} a day "
        f"or {found.volatility * yearly:.1%} a year (95 % band {low:.1%} to {high:.1%}) on the date after "
        f"{found.risk.last_date_:%Y-%m-%d}; {factors.sum():.0%} of its variance comes from the factors, most from "
        f"{first} ({factors[first]:.0%})."
    )
    if found.active is None:
        return text
    error = float(found.active.found["volatility"]) * yearly
    beta = float(found.active.found["beta"])
    return f"{text} Against {found.active.benchmark} its tracking error is {error:.1%} a year, its beta {beta:.2f}."


def risk_tiles(found: PortfolioRisk) -> dict[str, str]:
    """Return the numbers that matter by name."""
    loss = float(found.tails.loc["simulated", "value_at_risk_99%"])
    tiles = {
        "Volatility a day": f"{found.volatility:.2%}",
        "Volatility a year": f"{found.volatility * np.sqrt(found.year):.1%}",
        "Value at risk 99 %, a day": f"{loss:.2%}" + money(loss, found.value),
    }
    if found.active is not None:
        tiles["Tracking error a year"] = f"{float(found.active.found['volatility']) * np.sqrt(found.year):.1%}"
    else:
        tiles["Share of variance from factors"] = (
            f"{found.by_factor().loc[list(found.risk.factors_), 'share'].sum():.0%}"
        )
    return tiles


def money(share: float, value: float | None) -> str:
    """Return a share of the portfolio's value in currency; empty if the value is not known."""
    return "" if value is None else f" = {share * value:,.0f}"


def failure_light(diagnosis: Diagnosis) -> Light:
    """Return the light of one of the four failures.

    Loadings that move are no fault of a model that follows them: its innovations must not drift.
    """
    title = TITLES[diagnosis.failure]
    findings = [finding for finding in diagnosis.findings if finding.rejected is not None]
    if diagnosis.failure == "non-stationarity":
        findings = [finding for finding in findings if finding.name.startswith(_DRIFT)]
    if not findings:
        return Light(title, "unknown", diagnosis.findings[0].verdict, title)
    faults = [finding for finding in findings if finding.rejected]
    if faults:
        state: State = "bad" if 2 * len(faults) > len(findings) else "watch"
        return Light(title, state, f"{_short(faults[0].verdict)} ({len(faults)} of {len(findings)} checks).", title)
    moving = next((finding for finding in diagnosis.findings if finding.name == "moving loadings"), None)
    if moving is not None and moving.rejected:
        return Light(
            title, "good", f"{_short(moving.verdict)}; the model follows them, its innovations do not drift.", title
        )
    return Light(title, "good", f"No fault in {counted(len(findings), 'check')}.", title)


def forecast_lights(found: PortfolioRisk, forecasts: CovarianceScores) -> list[Light]:
    """Return the lights of the volatility forecasts and of the value at risk, out of sample."""
    if PORTFOLIO not in forecasts.portfolios.index:
        return []
    return [_bias_light(forecasts), _exceedance_light(found, forecasts)]


def exceedances(found: PortfolioRisk, forecasts: CovarianceScores) -> pd.DataFrame:
    """Count the losses of the portfolio beyond its Student-t value at risk, out of sample."""
    row = found.tails.loc["Student-t"] / found.tails.attrs["volatility"]
    prefix = "value_at_risk_"
    multiples = {float(name[len(prefix) : -1]) / 100.0: row[name] for name in row.index if name.startswith(prefix)}
    return count_exceedances(forecasts.standardised[PORTFOLIO], multiples)


def validation_light(validation: Validation) -> Light:
    """Return the light of the loadings against other estimates."""
    table = validation.mean_losses.loc["negative_log_score"]
    first, best = table.index[0], table["mean"].idxmin()
    inside = bool(table.loc[first, "included"])
    if best == first:
        text = f"{first} has the best log score of {counted(len(table), 'estimate')} out of sample."
        return Light("Loadings", "good", text, VALIDATION)
    text = f"{best} has a better log score than {first} out of sample, {'not ' if inside else ''}significantly."
    return Light("Loadings", "watch" if inside else "bad", text, VALIDATION)


def risk_lights(
    found: PortfolioRisk,
    diagnoses: Sequence[Diagnosis] = (),
    validation: Validation | None = None,
    forecasts: CovarianceScores | None = None,
) -> list[Light]:
    """Return all lights of a risk report; what was not computed has none."""
    lights = [] if forecasts is None else forecast_lights(found, forecasts)
    lights += [failure_light(diagnosis) for diagnosis in diagnoses]
    lights += [] if validation is None else [validation_light(validation)]
    out = found.risk.excluded_
    if len(out):
        text = f"{counted(len(out), 'asset')} without a covariance ({', '.join(map(str, out.index[:3]))}, ...)."
        lights.append(Light("Assets", "watch", text.replace(", ...)", ")") if len(out) <= 3 else text))
    return lights


def _bias_light(forecasts: CovarianceScores) -> Light:
    row: Any = forecasts.portfolios.loc[PORTFOLIO]
    bias, error = float(row["bias"]), float(row["standard_error"])
    state = bias_state(bias, error)
    if state == "unknown":
        return Light("Volatility forecast", state, "Too few dates out of sample.", COVARIANCE)
    difference = f"{abs(bias - 1.0):.0%} {'above' if bias > 1.0 else 'below'}"
    since = forecasts.standardised.index[0]
    sure = " (not significant)" if abs(bias - 1.0) <= 1.96 * error else ""
    text = f"Realised volatility was {difference} its forecast from {since:%Y-%m-%d}{sure}."
    return Light("Volatility forecast", state, text, COVARIANCE)


def _exceedance_light(found: PortfolioRisk, forecasts: CovarianceScores) -> Light:
    table: Any = exceedances(found, forecasts)
    worst = table["p_value"].idxmin()
    row = table.loc[worst]
    state: State = "good" if row["p_value"] >= 0.05 else "watch" if row["p_value"] >= 0.001 else "bad"
    text = (
        f"{int(row['exceedances'])} losses beyond the {worst:.0%} value at risk in {int(row['dates']):,} dates, "
        f"{row['expected']:.0f} expected (p {equals_p(float(row['p_value']))})."
    )
    return Light(TAILS, state, text, COVARIANCE)


def _short(verdict: str) -> str:
    """Return a verdict up to its numbers."""
    return verdict.partition(" (")[0].partition(":")[0].rstrip(".")
