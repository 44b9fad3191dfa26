"""A portfolio's risk as tables, a row a factor or an asset."""

import numpy as np
import pandas as pd
import xarray as xr

from statefolio.factors.risk.factor_risk import FactorRisk


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
