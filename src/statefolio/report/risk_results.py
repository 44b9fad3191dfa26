"""Holds the results that a report on a portfolio's risk shows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.frequency import count_per_year
from statefolio.risk.factor_risk import FactorRisk

RESIDUAL_FACTORS = "residual factors"


@dataclass(frozen=True, eq=False)
class ActiveRisk:
    """Risk relative to a benchmark: its name, and the dataset from `statefolio.risk.active_risk`."""

    benchmark: str
    found: xr.Dataset


@dataclass(frozen=True, eq=False)
class PortfolioRisk:
    """The risk of one portfolio on the next date.

    Attributes
    ----------
    name : str
    value : float, optional
        In currency.
    risk : FactorRisk
        Fitted.
    attribution, earned : Dataset
        From `attribute_risk` and `attribute_return`.
    tails : DataFrame
        From `FactorRisk.value_at_risk`.
    stress, episodes : DataFrame
        From `FactorRisk.stress` and `FactorRisk.episodes`.
    scenarios : DataFrame, optional
        From `FactorRisk.stress`, of the user's own scenarios.
    active : ActiveRisk, optional
    """

    name: str
    value: float | None
    risk: FactorRisk
    attribution: xr.Dataset
    earned: xr.Dataset
    tails: Any
    stress: Any
    episodes: Any
    scenarios: pd.DataFrame | None = None
    active: ActiveRisk | None = None

    @property
    def year(self) -> float:
        """Dates per year."""
        return float(count_per_year(pd.DatetimeIndex(self.earned.indexes["date"])))

    @property
    def volatility(self) -> float:
        """Forecast volatility of the next date."""
        return float(self.attribution["volatility"])

    @property
    def held(self) -> "pd.Series[float]":
        """Weights that are not zero, the largest first."""
        weights = self.attribution["weight"].to_series()
        return weights[weights != 0.0].sort_values(key=np.abs, ascending=False, kind="stable")

    def by_factor(self) -> pd.DataFrame:
        """Return exposure, contribution (per date) and share with bands by factor; residual factors are one row."""
        names = [
            name for name in ("exposure", "contribution", "share") for name in (name, f"{name}_lower", f"{name}_upper")
        ]
        table = self.attribution[names].to_dataframe()[names]
        own = [name for name in self.risk.residual_loadings_.columns if name in table.index]
        if not own:
            return table
        together = table.loc[own].sum()
        together[["exposure", "exposure_lower", "exposure_upper"]] = np.nan
        rest = table.drop(index=own)
        count = len(self.risk.factors_)
        row = pd.DataFrame([together], index=[RESIDUAL_FACTORS])
        return pd.concat([rest.iloc[:count], row, rest.iloc[count:]])

    def folded(self) -> xr.Dataset:
        """Return the attribution of the assets held, with residual factors as one line, for figures."""
        names = ["contribution", "contribution_lower", "contribution_upper", "share"]
        lines = self.by_factor()[names]
        kept = [name for name in self.attribution.data_vars if self.attribution[name].dims in ((), ("asset",))]
        found = self.attribution[kept].sel(asset=self.held.index)
        factors = pd.Index(lines.index, name="factor")
        return found.assign_coords(factor=factors).assign({name: ("factor", lines[name].to_numpy()) for name in names})
