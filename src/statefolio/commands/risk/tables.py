"""Tables of the risk job: those that are written, and shorter ones for the terminal."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._writing import write_whole
from statefolio.commands.csv_tables import write_csv
from statefolio.commands.risk.checks import Checks
from statefolio.commands.terminal_tables import number, p_value
from statefolio.report.risk_overview import risk_answer, risk_lights
from statefolio.report.risk_results import PortfolioRisk
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_scores import CovarianceScores


def write_tables(folder: Path, found: PortfolioRisk, checks: Checks, *, dense: bool) -> None:
    """Write all tables, the summary, and the model."""
    risk, attribution = found.risk, found.attribution
    write_csv(factor_table(attribution), folder / "portfolio_risk.csv", index_label="factor")
    write_csv(asset_table(risk, attribution), folder / "asset_risk.csv", index_label="asset")
    exposures = pd.concat([risk.exposures_, risk.residual_loadings_], axis=1)
    write_csv(exposures, folder / "exposures.csv", index_label="asset")
    write_csv(risk.factor_covariance_, folder / "factor_covariance.csv", index_label="factor")
    write_csv(found.tails, folder / "value_at_risk.csv", index_label="distribution")
    write_csv(stress_table(found), folder / "stress.csv", index_label="scenario")
    write_csv(earned_table(found.earned), folder / "return_attribution.csv", index=False)
    if found.active is not None:
        write_csv(factor_table(found.active.found), folder / "active_risk.csv", index_label="factor")
    if checks.diagnoses:
        write_csv(failure_table(checks), folder / "failures.csv")
    if checks.validation is not None:
        write_csv(checks.validation.summary(), folder / "validation.csv")
    write_whole(folder / "summary.json", json.dumps(summary(found, checks), indent=2, allow_nan=False) + "\n")
    risk.model_.save(folder / "model.statefolio")
    if dense:
        risk.covariance_frame().to_parquet(folder / "covariance.parquet")


def failure_table(checks: Checks) -> pd.DataFrame:
    """Return one row per finding."""
    return pd.concat([diagnosis.summary() for diagnosis in checks.diagnoses])


def stress_table(found: PortfolioRisk) -> pd.DataFrame:
    """Return all scenarios: those given, each factor alone, and past episodes."""
    past = found.episodes[["return", "return_lower", "return_upper"]].copy()
    past.index = pd.Index(
        [
            f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
            for first, last in zip(found.episodes["first"], found.episodes["last"], strict=True)
        ]
    )
    parts = {"given": found.scenarios, "one factor": found.stress, "past episode": past}
    known: list[pd.DataFrame] = [
        part.assign(kind=kind) for kind, part in parts.items() if part is not None and len(part)
    ]
    return pd.concat(known)


def earned_table(earned: xr.Dataset) -> pd.DataFrame:
    """Return the contributions to the return, one row per date and factor, with bands."""
    names = ["contribution", "contribution_lower", "contribution_upper"]
    return earned[names].to_dataframe()[names].reset_index()


def summary(found: PortfolioRisk, checks: Checks) -> dict[str, object]:
    """Return the main numbers as plain values; numbers that are not known are null."""
    tails = {str(name): {str(k): float(v) for k, v in row.items()} for name, row in found.tails.iterrows()}
    made: dict[str, object] = {
        "portfolio": found.name,
        "value": found.value,
        "after": f"{found.risk.last_date_:%Y-%m-%d}",
        "answer": risk_answer(found),
        "volatility": found.volatility,
        "volatility_lower": float(found.attribution["volatility_lower"]),
        "volatility_upper": float(found.attribution["volatility_upper"]),
        "dates_per_year": found.year,
        "net_weight": float(found.held.sum()),
        "gross_weight": float(found.held.abs().sum()),
        "degrees_of_freedom": _known(found.tails.attrs["degrees_of_freedom"]),
        "tails": tails,
        "lights": [
            {"name": light.name, "state": light.state, "sentence": light.sentence}
            for light in risk_lights(found, checks.diagnoses, checks.validation, checks.forecasts)
        ],
    }
    if found.active is not None:
        made["benchmark"] = found.active.benchmark
        made["tracking_error"], made["beta"] = (float(found.active.found[name]) for name in ("volatility", "beta"))
    return made


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def factor_table(attribution: xr.Dataset) -> pd.DataFrame:
    """Contribution of each factor to the portfolio's volatility, with 95 % bands; the total is in the last row."""
    names = ("exposure", "contribution", "share")
    columns = [column for name in names for column in (name, f"{name}_lower", f"{name}_upper")]
    table = attribution[columns].to_dataframe()[columns].rename_axis("factor")
    whole = {
        "contribution": float(attribution["volatility"]),
        "contribution_lower": float(attribution["volatility_lower"]),
        "contribution_upper": float(attribution["volatility_upper"]),
        "share": 1.0,
    }
    return pd.concat([table, pd.DataFrame(whole, index=["portfolio"])])[columns]


def asset_table(risk: FactorRisk, attribution: xr.Dataset) -> pd.DataFrame:
    """Volatility of each asset and its components, and its contribution to the portfolio's volatility."""
    common = risk.covariance_.asset_variance - risk.covariance_.diagonal
    return pd.DataFrame(
        {
            "volatility": np.sqrt(risk.covariance_.asset_variance),
            "common_volatility": np.sqrt(np.maximum(common, 0.0)),
            "idiosyncratic_volatility": np.sqrt(risk.idiosyncratic_variance_.to_numpy()),
            "loading_uncertainty_volatility": np.sqrt(risk.loading_uncertainty_.to_numpy()),
            "weight": attribution["weight"].to_numpy(),
            "contribution": attribution["asset_contribution"].to_numpy(),
            "contribution_lower": attribution["asset_contribution_lower"].to_numpy(),
            "contribution_upper": attribution["asset_contribution_upper"].to_numpy(),
            "share": attribution["asset_share"].to_numpy(),
        },
        index=risk.assets_,
    )


def short_risk_table(found: PortfolioRisk, year: float) -> pd.DataFrame:
    """Volatility by factor as text: percent per year of so many dates, with half the width of each 95 % band."""
    table = found.by_factor()
    whole = factor_table(found.attribution).loc[["portfolio"]]
    table = pd.concat([table, whole])[list(table.columns)]
    yearly = 100.0 * np.sqrt(year) * table.filter(like="contribution")
    return pd.DataFrame(
        {
            "factor": table.index,
            "exposure": _with_half_band(table, "exposure"),
            "volatility, % a year": _with_half_band(yearly, "contribution"),
            "share of variance": [number(value, "{:.1%}") for value in table["share"]],
        }
    )


def short_tail_table(found: PortfolioRisk) -> pd.DataFrame:
    """Value at risk and expected shortfall in percent."""
    names = {"value_at_risk_": "VaR ", "expected_shortfall_": "ES "}
    table = found.tails.rename(columns=lambda name: _replaced(name, names))
    shown = pd.DataFrame({name: [number(100.0 * value, "{:.2f}") for value in table[name]] for name in table})
    shown.insert(0, "distribution", table.index)
    return shown


def _replaced(text: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def short_failure_table(failures: pd.DataFrame) -> pd.DataFrame:
    """One row per finding, without its statistic and its explanation."""
    words = {True: "yes", False: "no"}
    names = failures["failure"]
    return pd.DataFrame(
        {
            "failure": names.where(names != names.shift(), "").to_numpy(),
            "finding": failures.index,
            "p-value": [p_value(value) for value in failures["p_value"]],
            "rejected": [words.get(rejected, "-") for rejected in failures["rejected"]],
        }
    )


def short_forecast_table(forecasts: CovarianceScores) -> pd.DataFrame:
    """One row per kind of portfolio: the bias statistic (standard deviation of standardised returns), and coverage."""
    table = forecasts.summary()
    return pd.DataFrame(
        {
            "portfolios": table.index,
            "count": table["count"].astype(int).to_numpy(),
            "bias statistic (ideal: 1)": [number(value, "{:.2f}") for value in table["bias"]],
            "coverage of 95 % bands": [number(value, "{:.1%}") for value in table["coverage_95%"]],
        }
    )


def _with_half_band(table: pd.DataFrame, name: str) -> list[str]:
    half = 0.5 * (table[f"{name}_upper"] - table[f"{name}_lower"])
    return [
        "-" if np.isnan(value) else f"{value:.2f} ± {error:.2f}" for value, error in zip(table[name], half, strict=True)
    ]
