"""The models of a study, unfitted: of loadings and risk."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._plug_ins import RISKS
from statefolio.backtest.market import Market
from statefolio.commands.studies.parts.names import check_names
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
from statefolio.data import read_groups
from statefolio.exceptions import InputError, StatefolioError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.kalman_options import check_kalman_options
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
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
FITTED = ("fit", "partial_fit", "get_params")


def factors_of(market: Market) -> pd.Index:
    """Return the names of a market's factors; none without factors."""
    return pd.Index([]) if market.factors is None else market.factors.columns


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
    return make_own(load_own(RISKS, table.model, folder, "risk.model"), table.options, FITTED)


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
