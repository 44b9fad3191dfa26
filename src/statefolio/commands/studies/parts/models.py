"""The models of a study, unfitted: of loadings, risk and expected returns."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._plug_ins import RISKS, VIEWS
from statefolio.backtest.market import Market
from statefolio.commands.studies.parts.names import by_asset, check_names
from statefolio.commands.studies.parts.own_code import load_own, make_own
from statefolio.commands.studies.schema.model_tables import (
    ExponentialTable,
    LoadingsChoice,
    LoadingsTable,
    RollingTable,
    StartTable,
    StaticTable,
)
from statefolio.commands.studies.schema.risk_tables import (
    CombinationTable,
    DynamicTable,
    FileRisk,
    RiskChoice,
    RiskTable,
    ShrunkTable,
)
from statefolio.commands.studies.schema.view_tables import (
    AsymmetricAlphaViews,
    FactorPremiaViews,
    FileViews,
    KalmanMeanViews,
    OwnViews,
    ViewsTable,
)
from statefolio.data import read_groups
from statefolio.exceptions import InputError, StatefolioError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.kalman_options import check_kalman_options
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.portfolio.views.alpha_sources import check_source
from statefolio.portfolio.views.asymmetric_alpha import AsymmetricAlpha
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.portfolio.views.given import GivenViews
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.risk.combination import CovarianceCombination
from statefolio.risk.combination_options import check_members
from statefolio.risk.dynamic_correlation import DynamicCorrelation
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.given_covariance import GivenCovariance
from statefolio.risk.residual_correlation import DynamicResiduals, ShrunkResiduals
from statefolio.risk.residual_structure import ResidualFactors, SectorBlocks
from statefolio.risk.risk_options import check_risk_options
from statefolio.risk.shrunk_correlation import ShrunkCorrelation

STRUCTURES: Mapping[str, type[Any]] = {
    "factors": ResidualFactors,
    "shrunk": ShrunkResiduals,
    "dynamic": DynamicResiduals,
    "sectors": SectorBlocks,
}
COVARIANCE = "risk"
"""The name of the table of a file of covariances among the market's other tables."""
_FITTED = ("fit", "partial_fit", "get_params")


def factors_of(market: Market) -> pd.Index:
    """Return the names of a market's factors; none without factors."""
    return pd.Index([]) if market.factors is None else market.factors.columns


def views_name(field: str) -> str:
    """Return the name of the table of a file of views among the market's other tables: its field."""
    return field


@contextmanager
def errors_about(field: str) -> Iterator[None]:
    """Begin every error of the library with the field of the study file that it is about."""
    try:
        yield
    except StatefolioError as error:
        raise type(error)(f"{field}: {error}") from error


def make_model(table: LoadingsChoice) -> LoadingsModel:
    """Return the model of loadings, of any kind.

    Raises
    ------
    InputError
        If options contradict each other.
    """
    options = table.model_dump(exclude={"kind"})
    if isinstance(table, RollingTable):
        return RollingLoadings(**options)
    if isinstance(table, ExponentialTable):
        return ExponentialLoadings(**options)
    return StaticLoadings(**options) if isinstance(table, StaticTable) else make_loadings(table)


def make_loadings(table: LoadingsTable) -> KalmanLoadings:
    """Return the Kalman filter of loadings.

    Raises
    ------
    InputError
        If options contradict each other.
    """
    options, given = table.model_dump(exclude={"kind"}), table.start
    start = (given.mean, given.covariance) if isinstance(given, StartTable) else given
    model = KalmanLoadings(**{**options, "start": start})
    with errors_about("loadings"):
        check_kalman_options(model.get_params())
    return model


def make_covariance(table: RiskChoice, loadings: LoadingsModel, market: Market, folder: Path) -> Any:
    """Return the risk model, of any kind, unfitted; groups are read from their file.

    Raises
    ------
    InputError, UnknownNameError
        If the residual structure is by sector and an asset has no group, an option is unknown, or own code cannot be
        used.
    """
    if isinstance(table, RiskTable):
        return make_risk(table, loadings, market.assets, folder, factors_of(market))
    if isinstance(table, CombinationTable):
        options = table.model_dump(exclude={"kind", "factors"})
        factors = make_risk(table.factors, loadings, market.assets, folder, factors_of(market), "risk.factors")
        combined = CovarianceCombination(factors, **options)
        with errors_about("risk"):
            check_members(combined)
        return combined
    if isinstance(table, ShrunkTable | DynamicTable):
        kind: type[Any] = ShrunkCorrelation if isinstance(table, ShrunkTable) else DynamicCorrelation
        return kind(**table.model_dump(exclude={"kind"}))
    if isinstance(table, FileRisk):
        return GivenCovariance(COVARIANCE, table.horizon)
    return make_own(load_own(RISKS, table.model, folder, "risk.model"), table.options, _FITTED)


def make_risk(
    table: RiskTable,
    loadings: LoadingsModel,
    assets: pd.Index,
    folder: Path,
    factors: pd.Index | None = None,
    field: str = "risk",
) -> FactorRisk:
    """Return the factor risk, unfitted; names of factors are checked where `factors` are given.

    Raises
    ------
    InputError, UnknownNameError
        If the residual structure is by sector and an asset has no group, or an option is unknown.
    """
    options = table.model_dump(exclude={"kind", "residual_options"})
    groups = read_groups_of(table.groups, assets, folder, f"{field}.groups")
    if table.residual_structure == "sectors" and groups is None:
        raise InputError(
            f'{field}.groups must give the sector of each asset where {field}.residual_structure = "sectors", got '
            "nothing. Name a file with the columns asset and group."
        )
    options.update(groups=groups, residual_structure=_structure(table, groups, field))
    for name, known, what in (("idiosyncratic", assets, "assets"), ("factor_mean", factors, "factors")):
        if isinstance(options[name], dict):
            if known is not None:
                check_names(options[name], known, f"{field}.{name}", what)
            options[name] = pd.Series(options[name], dtype=float)
    if isinstance(table.factor_covariance, dict):
        if factors is not None:
            check_names(table.factor_covariance, factors, f"{field}.factor_covariance", "factors")
        options["factor_covariance"] = pd.DataFrame(table.factor_covariance).sort_index().sort_index(axis=1)
    risk = FactorRisk(loadings, **options)
    with errors_about(field):
        check_risk_options(risk)
    return risk


def _structure(table: RiskTable, groups: "pd.Series[str] | None", field: str) -> Any:
    """Return the residual structure, with its options."""
    if table.residual_structure == "none":
        if table.residual_options:
            raise InputError(f'{field}.residual_options must be left out where {field}.residual_structure = "none".')
        return None
    if not table.residual_options and table.residual_structure != "sectors":
        return table.residual_structure
    kind: Any = STRUCTURES[table.residual_structure]
    known = [name for name in inspect.signature(kind).parameters if name != "sectors"]
    check_names(table.residual_options, pd.Index(known), f"{field}.residual_options", "options of its structure")
    given = {"sectors": groups} if table.residual_structure == "sectors" else {}
    return kind(**given, **table.residual_options)


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
        return make_own(load_own(VIEWS, table.model, folder, f"{field}.model"), table.options, (*_FITTED, "forecast"))
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


def read_groups_of(
    given: Path | Mapping[str, str] | None, assets: pd.Index, folder: Path, field: str
) -> "pd.Series[str] | None":
    """Return the group of each asset, from a table or a file; None without groups.

    Raises
    ------
    UnknownNameError
        If an asset has no group.
    """
    if given is None:
        return None
    groups = read_groups(folder / given) if isinstance(given, Path) else pd.Series(dict(given), dtype=str)
    missing = assets.difference(groups.index, sort=False)
    if len(missing):
        raise UnknownNameError(
            f"{field} must give each asset a group, got none for {len(missing)} of {len(assets)} assets (first: "
            f"{missing[0]!r}). Add them."
        )
    return groups.reindex(assets).rename("group")
