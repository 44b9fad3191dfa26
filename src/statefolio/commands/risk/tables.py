"""What the risk job found, as tables to write and as shorter ones to show."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from statefolio.report.risk_chapters import DATES_A_YEAR
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_scores import CovarianceScores


def factor_table(attribution: xr.Dataset) -> pd.DataFrame:
    """What each factor contributes to the portfolio's volatility, with 95 % bands; the whole in the last row."""
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
    """Each asset's own volatility and what it is made of, and its part in the portfolio's."""
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


def shown_risk(attribution: xr.Dataset) -> pd.DataFrame:
    """Volatility by factor in words: percent a year, with half the width of each 95 % band."""
    table = factor_table(attribution)
    yearly = 100.0 * np.sqrt(DATES_A_YEAR) * table.filter(like="contribution")
    return pd.DataFrame(
        {
            "factor": table.index,
            "exposure": _give_or_take(table, "exposure"),
            "volatility, % a year": _give_or_take(yearly, "contribution"),
            "share": table["share"].map(_number("{:.1%}")).to_numpy(),
        }
    )


def shown_failures(failures: pd.DataFrame) -> pd.DataFrame:
    """A row a finding, without its number and its sentence."""
    words = {True: "yes", False: "no"}
    names = failures["failure"]
    return pd.DataFrame(
        {
            "failure": names.where(names != names.shift(), "").to_numpy(),
            "finding": failures.index,
            "p": failures["p_value"].map(_number("{:.2g}")).to_numpy(),
            "wrong": [words.get(rejected, "-") for rejected in failures["rejected"]],
        }
    )


def shown_forecasts(forecasts: CovarianceScores) -> pd.DataFrame:
    """A row a kind of portfolio: realised over forecast volatility, and coverage."""
    table = forecasts.summary()
    return pd.DataFrame(
        {
            "portfolios": table.index,
            "count": table["count"].astype(int).to_numpy(),
            "bias (1 is right)": table["bias"].map(_number("{:.2f}")).to_numpy(),
            "95 % covers": table["coverage_95%"].map(_number("{:.1%}")).to_numpy(),
        }
    )


def _give_or_take(table: pd.DataFrame, name: str) -> list[str]:
    half = 0.5 * (table[f"{name}_upper"] - table[f"{name}_lower"])
    return [
        "-" if np.isnan(value) else f"{value:.2f} ± {error:.2f}" for value, error in zip(table[name], half, strict=True)
    ]


def _number(form: str) -> Callable[[float], str]:
    return lambda value: "-" if np.isnan(value) else form.format(value)
