"""Tables of the risk job: those that are written, and shorter ones for the terminal."""

import numpy as np
import pandas as pd
import xarray as xr

from statefolio.commands.terminal_tables import number, p_value
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_scores import CovarianceScores


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


def short_risk_table(attribution: xr.Dataset, year: float) -> pd.DataFrame:
    """Volatility by factor as text: percent per year of so many dates, with half the width of each 95 % band."""
    table = factor_table(attribution)
    yearly = 100.0 * np.sqrt(year) * table.filter(like="contribution")
    return pd.DataFrame(
        {
            "factor": table.index,
            "exposure": _with_half_band(table, "exposure"),
            "volatility, % a year": _with_half_band(yearly, "contribution"),
            "share of variance": [number(value, "{:.1%}") for value in table["share"]],
        }
    )


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
