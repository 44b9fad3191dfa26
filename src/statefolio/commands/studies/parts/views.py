"""The models of a study's expected returns, unfitted, and checks of the files of given ones."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._plug_ins import VIEWS
from statefolio.backtest.market import Market
from statefolio.commands.studies.parts.models import FITTED, errors_about
from statefolio.commands.studies.parts.names import by_asset, check_names
from statefolio.commands.studies.parts.own_code import load_own, make_own
from statefolio.commands.studies.schema.view_tables import (
    AsymmetricAlphaViews,
    FactorPremiaViews,
    FileViews,
    KalmanMeanViews,
    OwnViews,
    ViewsTable,
)
from statefolio.exceptions import StatefolioWarning, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.portfolio.views.alpha_sources import check_source
from statefolio.portfolio.views.asymmetric_alpha import AsymmetricAlpha
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.portfolio.views.given import GivenViews
from statefolio.portfolio.views.kalman_mean import KalmanMean

IMPLAUSIBLE = 1.0
"""Expected returns per date, over the volatility of returns, above which they are taken for those of more dates."""


def views_name(field: str) -> str:
    """Return the name of the table of a file of views among the market's other tables: its field."""
    return field


def make_view(
    table: ViewsTable, loadings: LoadingsModel, market: Market, folder: Path, field: str, borrow: Any = 0.0
) -> Any:
    """Return the model of expected returns, unfitted; None without views.

    Parameters
    ----------
    table, loadings, market, folder
        The table, the model of loadings, the data, and the folder that paths are relative to.
    field
        The field of the table, for messages.
    borrow
        Annual fee on short positions, for a view that has none of its own.

    Raises
    ------
    InputError, UnknownNameError
        If a name is not one of the data, a view of alphas is of another view that has none, or own code cannot be used.
    """
    if isinstance(table, AsymmetricAlphaViews):
        options = table.model_dump(exclude={"kind", "view"})
        options["borrow"] = borrow if table.borrow is None else table.borrow
        view = AsymmetricAlpha(make_view(table.view, loadings, market, folder, f"{field}.view"), **options)
        with errors_about(f"{field}.view"):
            check_source(view.view)
        return view
    if isinstance(table, KalmanMeanViews):
        return _kalman_mean(table, market, field)
    if isinstance(table, FactorPremiaViews):
        premia = {
            "constant": None,
            "shrunk": KalmanMean(tuning="shrunk", mean=0.0),
            "moving": KalmanMean(mean=0.0),
        }[table.premia]
        return FactorPremia(loadings, premia, table.alpha, table.alpha_prior, table.alpha_confidence)
    if isinstance(table, FileViews):
        error = by_asset(table.error, market.assets, 0.0, f"{field}.error")
        return GivenViews(
            views_name(field), horizon=table.horizon, error=error, max_age=table.max_age, absent=table.absent
        )
    if isinstance(table, OwnViews):
        return make_own(load_own(VIEWS, table.model, folder, f"{field}.model"), table.options, (*FITTED, "forecast"))
    return None


def _kalman_mean(table: KalmanMeanViews, market: Market, field: str) -> KalmanMean:
    options = table.model_dump(exclude={"kind", "start"})
    options["phi"] = None if table.phi == "tuned" else table.phi
    for name in ("mean", "state_covariance", "observation_covariance"):
        if isinstance(options[name], dict):
            absent = market.assets.difference([str(each) for each in options[name]], sort=False)
            check_names(options[name], market.assets, f"{field}.{name}", "assets")
            if len(absent):
                raise UnknownNameError(f"{field}.{name} must name every asset, got none for {absent[0]!r}. Add it.")
            options[name] = pd.Series(options[name], dtype=float).reindex(market.assets)
    if table.start is not None:
        options["start"] = (table.start.mean, table.start.covariance)
    return KalmanMean(**options)


def check_views(table: pd.DataFrame, horizon: int, market: Market, field: str) -> None:
    """Check the names of a file of views, and warn where its numbers cannot be over so few dates.

    Raises
    ------
    UnknownNameError
        If it names an asset that the data lack.

    Warns
    -----
    StatefolioWarning
        If half of the views are larger per date than the volatility of their assets.
    """
    check_names(table.columns, market.assets, f"{field}.file", "assets")
    size = table.abs().to_numpy(dtype=np.float64) / horizon / market.returns[table.columns].std().to_numpy()
    known = size[np.isfinite(size)]
    if len(known) and float(np.median(known)) > IMPLAUSIBLE:
        warnings.warn(
            f"{field}.file must have expected returns in decimals over {field}.horizon = {horizon} dates, got "
            f"{float(np.median(known)):.1f} volatilities of a date per date (median). Set horizon, e.g. 252 for yearly "
            "views, or check the unit.",
            StatefolioWarning,
            stacklevel=2,
        )
