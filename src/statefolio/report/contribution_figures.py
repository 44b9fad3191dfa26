"""Draws the contributions of factors to the return of one asset."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.summaries import find_asset
from statefolio.report.backtest.exposure_figures import return_by_source_figure


def asset_contribution_figure(model: LoadingsModel, returns: Any, factors: Any, asset: Any) -> go.Figure:
    """Draw what each factor, alpha and the residual earned for one asset, summed through time.

    Parameters
    ----------
    model : LoadingsModel
        Fitted.
    returns, factors : DataFrame
        As for `LoadingsModel.contributions`.
    asset
        One of the model's assets.
    """
    find_asset(model.assets_, asset)
    earned = model.contributions(returns, factors)["contribution"].sel(asset=asset).transpose("date", "factor")
    return return_by_source_figure(pd.DataFrame(earned.to_numpy(), earned.indexes["date"], earned.indexes["factor"]))
