"""The models of a study, unfitted: of loadings, risk and expected returns."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio.commands.studies.schema.model_tables import (
    AsymmetricAlphaViews,
    FactorPremiaViews,
    KalmanMeanViews,
    LoadingsTable,
    RiskTable,
    StartTable,
    ViewsTable,
)
from statefolio.data import read_groups
from statefolio.exceptions import InputError, StatefolioError, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.kalman_options import check_kalman_options
from statefolio.portfolio.views.alpha_sources import check_source
from statefolio.portfolio.views.asymmetric_alpha import AsymmetricAlpha
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.residual_structure import SectorBlocks


@contextmanager
def errors_about(field: str) -> Iterator[None]:
    """Begin every error of the library with the field of the study file that it is about."""
    try:
        yield
    except StatefolioError as error:
        raise type(error)(f"{field}: {error}") from error


def make_loadings(table: LoadingsTable) -> KalmanLoadings:
    """Return the model of loadings.

    Raises
    ------
    InputError
        If options contradict each other.
    """
    given = table.start
    start = (given.mean, given.covariance) if isinstance(given, StartTable) else given
    model = KalmanLoadings(**{**table.model_dump(), "start": start})
    with errors_about("loadings"):
        check_kalman_options(model.get_params())
    return model


def make_risk(table: RiskTable, loadings: KalmanLoadings, assets: pd.Index, folder: Path) -> FactorRisk:
    """Return the risk model; groups are read from their file.

    Raises
    ------
    InputError, UnknownNameError
        If the residual structure is by sector and an asset has no group.
    """
    options = table.model_dump()
    groups = read_groups_of(table.groups, assets, folder, "risk.groups")
    if table.residual_structure == "sectors" and groups is None:
        raise InputError(
            'risk.groups must give the sector of each asset where risk.residual_structure = "sectors", got nothing. '
            "Name a file with the columns asset and group."
        )
    structure: Any = {"factors": "factors", "none": None, "sectors": None if groups is None else SectorBlocks(groups)}
    options.update(groups=groups, residual_structure=structure[table.residual_structure])
    return FactorRisk(loadings, **options)


def make_view(
    table: ViewsTable, loadings: KalmanLoadings, borrow: Any = 0.0
) -> KalmanMean | FactorPremia | AsymmetricAlpha | None:
    """Return the model of expected returns; None without views.

    Parameters
    ----------
    table, loadings
        The table [views], and the model of loadings.
    borrow
        Annual fee on short positions, for a view that has none of its own.

    Raises
    ------
    InputError
        If a view of alphas is of another view that has none.
    """
    if isinstance(table, AsymmetricAlphaViews):
        options = table.model_dump(exclude={"kind", "view"})
        options["borrow"] = borrow if table.borrow is None else table.borrow
        view = AsymmetricAlpha(make_view(table.view, loadings), **options)
        with errors_about("views.view"):
            check_source(view.view)
        return view
    if isinstance(table, KalmanMeanViews):
        options = table.model_dump(exclude={"kind"})
        options["phi"] = None if table.phi == "tuned" else table.phi
        return KalmanMean(**options)
    if isinstance(table, FactorPremiaViews):
        premia = {
            "constant": None,
            "shrunk": KalmanMean(tuning="shrunk", mean=0.0),
            "moving": KalmanMean(mean=0.0),
        }[table.premia]
        return FactorPremia(loadings, premia, table.alpha, table.alpha_prior, table.alpha_confidence)
    return None


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
