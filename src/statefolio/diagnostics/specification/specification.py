"""The first failure: the wrong factors. What is left of the returns should be noise, and earn nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio.diagnostics.blocks import critical_value, p_value
from statefolio.diagnostics.finding import Diagnosis, Finding, false_alarms
from statefolio.diagnostics.fitted_panel import FittedPanel, check_count, check_level, fit_panel
from statefolio.diagnostics.specification.alphas import gibbons_ross_shanken, mean_squared_t
from statefolio.diagnostics.specification.residual_component import (
    first_component,
    sector_table,
    sector_test,
)
from statefolio.diagnostics.specification.residual_correlation import (
    CorrelationNull,
    correlation_null,
    marchenko_pastur_edge,
)
from statefolio.diagnostics.specification.residuals import select_residuals
from statefolio.exceptions import DataTypeError
from statefolio.loadings.base import LoadingsModel

CHEAP = 999
"""Replications of the tests that cost next to nothing."""
_NO_SECTOR = "unknown"


def diagnose_specification(
    model: LoadingsModel | None,
    returns: Any,
    factors: Any,
    sectors: Mapping[Any, str] | pd.Series | None = None,
    level: float = 0.05,
    residuals: str = "innovations",
    block_length: int = 10,
    replications: int = 59,
    seed: int = 0,
) -> Diagnosis:
    """Ask whether the factors are the right ones.

    Parameters
    ----------
    model : LoadingsModel or None
        A fitted one is taken as it is, another is cloned and fitted here. None: least squares over all dates.
    returns, factors : DataFrame
        As for `fit`.
    sectors : mapping or Series from asset to sector, optional
        To say what the residuals' first component looks like.
    level : float
        Share of sound models that each test condemns.
    residuals : {"innovations", "least_squares"}
        Whose correlations are judged: the model's standardised one-step errors, or what least squares leave.
    block_length : int
        Dates whose signs change together when a null is made: what memory of its own a residual keeps.
    replications : int
        Panels without correlation that residuals are compared with; other tests have more.
    seed : int
        Of everything random.

    Returns
    -------
    Diagnosis
        Findings "largest residual eigenvalue", "mean absolute residual correlation", "first residual component",
        "Gibbons-Ross-Shanken" and "mean squared t of the alphas". Alphas are those of least squares.

    Raises
    ------
    InputError
        If no asset can be judged, or data or an option cannot be used.
    """
    level = check_level(level)
    check_count(replications, "replications", int(np.ceil(1.0 / level)) - 1)
    check_count(block_length, "block_length", 1)
    check_count(seed, "seed", 0)
    panel = fit_panel(returns, factors)
    rng = np.random.default_rng(seed)
    left = select_residuals(model, residuals, panel, returns, factors, block_length)
    if len(left.assets) < 2:
        correlated = _one_asset(level)
    else:
        null = correlation_null(left.projection, block_length, replications, rng)
        dates = float(np.median(np.count_nonzero(left.projection.known, axis=0)))
        correlated = (
            _eigenvalue(null, level, dates),
            _mean_correlation(null, level, left.assets),
            _component(null, _sectors_of(sectors, left.assets), level, rng),
        )
    alphas = (_exact_alphas(panel, level), _alphas(panel, level, block_length, rng))
    return Diagnosis("specification", (*correlated, *alphas), pd.concat([panel.excluded, left.excluded]))


def _sectors_of(sectors: Any, assets: pd.Index) -> pd.Series | None:
    if sectors is None:
        return None
    if not isinstance(sectors, Mapping | pd.Series):
        raise DataTypeError(
            f"sectors is a {type(sectors).__name__}; a mapping or Series from asset to sector was expected. "
            "Pass e.g. {'AAPL': 'Technology'}."
        )
    known = pd.Series(dict(sectors.items()), dtype=object)
    return known.reindex(assets).fillna(_NO_SECTOR).astype(str)


def _one_asset(level: float) -> tuple[Finding, ...]:
    verdict = "Nothing can be said of correlations between residuals: fewer than two assets have enough of them."
    names = ("largest residual eigenvalue", "mean absolute residual correlation", "first residual component")
    return tuple(Finding(name, np.nan, np.nan, level, None, verdict, pd.DataFrame()) for name in names)


def _eigenvalue(null: CorrelationNull, level: float, dates: float) -> Finding:
    p, limit = p_value(null.largest, null.null_largest), critical_value(null.null_largest, level)
    values = np.linalg.eigvalsh(null.correlation)[::-1]
    above = int(np.count_nonzero(values > limit))
    said = (
        f"The residuals share what the factors leave out: their largest eigenvalue is {null.largest:.2f}"
        if p <= level
        else f"No factor is seen to be missing: the residuals' largest eigenvalue is {null.largest:.2f}"
    )
    many = f"; {above} lie above" if p <= level else ""
    table = pd.DataFrame(
        {
            "eigenvalue": values,
            "share": values / len(values),
            "limit": limit,
            "marchenko_pastur_edge": marchenko_pastur_edge(len(values), dates),
        },
        index=pd.RangeIndex(1, len(values) + 1, name="rank"),
    )
    verdict = f"{said}, where uncorrelated ones stay below {limit:.2f}{many} ({false_alarms(p, level)})."
    return Finding("largest residual eigenvalue", null.largest, p, level, p <= level, verdict, table)


def _mean_correlation(null: CorrelationNull, level: float, assets: pd.Index) -> Finding:
    name = "mean absolute residual correlation"
    table = pd.DataFrame(null.correlation, index=assets.rename("asset"), columns=assets.rename("asset_other"))
    if np.isnan(null.mean_absolute):
        verdict = "Nothing can be said of correlations between residuals: no two assets share enough dates."
        return Finding(name, np.nan, np.nan, level, None, verdict, table)
    p, usual = p_value(null.mean_absolute, null.null_mean_absolute), float(np.mean(null.null_mean_absolute))
    said = "Residuals are correlated" if p <= level else "Residuals are no more correlated than chance makes them"
    verdict = (
        f"{said}: {null.mean_absolute:.4f} between two assets on average, {usual:.4f} where there is no correlation "
        f"({false_alarms(p, level)})."
    )
    return Finding(name, null.mean_absolute, p, level, p <= level, verdict, table)


def _component(null: CorrelationNull, sectors: pd.Series | None, level: float, rng: np.random.Generator) -> Finding:
    name, component = "first residual component", first_component(null.correlation)
    explains = f"The first residual component explains {component.share:.1%} of residual variance"
    if sectors is None:
        verdict = f"{explains}; without sectors nothing more is said of it."
        table = pd.DataFrame({"loading": component.loadings})
        return Finding(name, component.share, np.nan, level, None, verdict, table)
    codes, names = pd.factorize(sectors)
    table = sector_table(component, sectors)
    share, p = sector_test(component.loadings, codes, CHEAP, rng)
    if len(names) < 2:
        verdict = f"{explains}; all assets are of one sector, so that sectors say nothing of it."
        return Finding(name, share, np.nan, level, None, verdict, table)
    first = table.iloc[0]
    means = table["mean_loading"]
    said = (
        f"and is shaped by sector: sectors make {share:.0%} of the differences in its loadings, from {means.idxmin()} "
        f"({means.min():+.2f}) to {means.idxmax()} ({means.max():+.2f})"
        if p <= level
        else f"and has no sector's shape: sectors make {share:.0%} of the differences in its loadings, as chance would"
    )
    part = f"{table.index[0]} is {first['share_of_component']:.0%} of it"
    verdict = f"{explains} {said}; {part} ({false_alarms(p, level)})."
    return Finding(name, share, p, level, p <= level, verdict, table)


def _exact_alphas(panel: FittedPanel, level: float) -> Finding:
    name, found = "Gibbons-Ross-Shanken", gibbons_ross_shanken(panel.returns, panel.regressors[:, 1:])
    table = _alpha_table(panel)
    if found.reason:
        verdict = f"The exact test of the alphas cannot be made: {found.reason}. See 'mean squared t of the alphas'."
        return Finding(name, np.nan, np.nan, level, None, verdict, table)
    said = "Some alphas are not zero" if found.p_value <= level else "The alphas may all be zero"
    verdict = (
        f"{said}: F is {found.statistic:.2f} on the {found.dates} dates shared by all {len(panel.assets)} assets "
        f"({false_alarms(found.p_value, level)} if errors are normal and of one variance)."
    )
    return Finding(name, found.statistic, found.p_value, level, found.p_value <= level, verdict, table)


def _alphas(panel: FittedPanel, level: float, block_length: int, rng: np.random.Generator) -> Finding:
    found = mean_squared_t(panel.returns, panel.regressors, panel.fit, block_length, CHEAP, rng)
    said = "Some alphas are not zero" if found.p_value <= level else "The alphas may all be zero"
    verdict = (
        f"{said}: their squared t statistics average {found.statistic:.2f}, and {found.null.mean():.2f} where all are "
        f"zero ({false_alarms(found.p_value, level)}, whatever the correlation between assets)."
    )
    rejected = found.p_value <= level
    name = "mean squared t of the alphas"
    return Finding(name, found.statistic, found.p_value, level, rejected, verdict, _alpha_table(panel))


def _alpha_table(panel: FittedPanel) -> pd.DataFrame:
    alpha, error = panel.fit.loadings[:, 0], panel.fit.standard_error[:, 0]
    columns = {"alpha": alpha, "standard_error": error, "t": alpha / error}
    return pd.DataFrame(columns, index=panel.assets.rename("asset"))
