"""Diagnoses whether the factors are the right ones: residuals should be uncorrelated and alphas zero."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._options import Kind, OneOf, check, check_options
from statefolio._plausible.warn import warned_once
from statefolio.diagnostics.blocks import critical_value, p_value
from statefolio.diagnostics.finding import Diagnosis, Finding, false_alarms
from statefolio.diagnostics.fitted_panel import FittedPanel, fit_panel
from statefolio.diagnostics.options import BLOCK_LENGTH, LEVEL, SEED, replications_rule
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
from statefolio.loadings.base import LoadingsModel

RULES = {
    "level": LEVEL,
    "block_length": BLOCK_LENGTH,
    "seed": SEED,
    "residuals": OneOf("innovations", "least_squares"),
    "sectors": Kind(Mapping | pd.Series, "a mapping or Series from asset to sector", "{'AAPL': 'Technology'}") | None,
}
MANY_REPLICATIONS = 999
"""Replications of the tests that take little time."""
_NO_SECTOR = "unknown"


@warned_once()
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
    """Test whether the factors are the right ones: whether residuals are uncorrelated and alphas are zero.

    Parameters
    ----------
    model : LoadingsModel or None
        A fitted model is used unchanged; an unfitted one is cloned and fitted. None: least squares over all dates.
    returns, factors : DataFrame
        As for `fit`.
    sectors : mapping or Series from asset to sector, optional
        Describe the first principal component of the residuals by sector.
    level : float
        Share of sound models that each test rejects.
    residuals : {"innovations", "least_squares"}
        Residuals whose correlations are tested: the model's standardised one-step errors, or least-squares residuals.
    block_length : int
        Dates in a block of the wild bootstrap: autocorrelation within a block is preserved under the null.
    replications : int
        Simulated panels of uncorrelated residuals; the tests of sectors and alphas use 999.
    seed : int
        Seed of all random numbers.

    Returns
    -------
    Diagnosis
        Findings "largest residual eigenvalue", "mean absolute residual correlation", "first residual component",
        "Gibbons-Ross-Shanken" and "mean squared t of the alphas". Alphas are those of least squares.

    Raises
    ------
    InputError
        If no asset has enough data, or data or an option are invalid.

    Examples
    --------
    The market alone leaves a factor in the residuals of 20 US stocks:

    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, market = demo.returns.iloc[:500], demo.factors.iloc[:500, :1]
    >>> diagnosis = sf.diagnostics.diagnose_specification(None, returns, market)
    >>> diagnosis.summary()["rejected"].iloc[:2].tolist()
    [True, True]
    >>> print(diagnosis["largest residual eigenvalue"].verdict)
    The residuals share a factor that the model lacks: ...
    """
    check_options(
        {"level": level, "block_length": block_length, "seed": seed, "residuals": residuals, "sectors": sectors}, RULES
    )
    check("replications", replications, replications_rule(level))
    panel = fit_panel(returns, factors)
    rng = np.random.default_rng(seed)
    selected = select_residuals(model, residuals, panel, returns, factors, block_length)
    if len(selected.assets) < 2:
        correlated = _too_few_assets(level)
    else:
        null = correlation_null(selected.projection, block_length, replications, rng)
        dates = float(np.median(np.count_nonzero(selected.projection.known, axis=0)))
        correlated = (
            _eigenvalue(null, level, dates),
            _mean_correlation(null, level, selected.assets),
            _component(null, _align_sectors(sectors, selected.assets), level, rng),
        )
    alphas = (_exact_alphas(panel, level), _alphas(panel, level, block_length, rng))
    return Diagnosis("specification", (*correlated, *alphas), pd.concat([panel.excluded, selected.excluded]))


def _align_sectors(sectors: Any, assets: pd.Index) -> pd.Series | None:
    if sectors is None:
        return None
    known = pd.Series(dict(sectors.items()), dtype=object)
    return known.reindex(assets).fillna(_NO_SECTOR).astype(str)


def _too_few_assets(level: float) -> tuple[Finding, ...]:
    verdict = "Correlations between residuals cannot be computed: fewer than two assets have enough residuals."
    names = ("largest residual eigenvalue", "mean absolute residual correlation", "first residual component")
    return tuple(Finding(name, np.nan, np.nan, level, None, verdict, pd.DataFrame()) for name in names)


def _eigenvalue(null: CorrelationNull, level: float, dates: float) -> Finding:
    p, limit = p_value(null.largest, null.null_largest), critical_value(null.null_largest, level)
    values = np.linalg.eigvalsh(null.correlation)[::-1]
    above = int(np.count_nonzero(values > limit))
    said = (
        f"The residuals share a factor that the model lacks: their largest eigenvalue is {null.largest:.2f}"
        if p <= level
        else f"No missing factor is detected: the largest eigenvalue of the residuals is {null.largest:.2f}"
    )
    many = f"; eigenvalues above it: {above}" if p <= level else ""
    table = pd.DataFrame(
        {
            "eigenvalue": values,
            "share": values / len(values),
            "limit": limit,
            "marchenko_pastur_edge": marchenko_pastur_edge(len(values), dates),
        },
        index=pd.RangeIndex(1, len(values) + 1, name="rank"),
    )
    verdict = f"{said}, the limit for uncorrelated residuals is {limit:.2f}{many} ({false_alarms(p, level)})."
    return Finding("largest residual eigenvalue", null.largest, p, level, p <= level, verdict, table)


def _mean_correlation(null: CorrelationNull, level: float, assets: pd.Index) -> Finding:
    name = "mean absolute residual correlation"
    table = pd.DataFrame(null.correlation, index=assets.rename("asset"), columns=assets.rename("asset_other"))
    if np.isnan(null.mean_absolute):
        verdict = "Correlations between residuals cannot be computed: no two assets share enough dates."
        return Finding(name, np.nan, np.nan, level, None, verdict, table)
    p, usual = p_value(null.mean_absolute, null.null_mean_absolute), float(np.mean(null.null_mean_absolute))
    said = "Residuals are correlated" if p <= level else "Residuals are no more correlated than by chance"
    verdict = (
        f"{said}: the mean absolute correlation is {null.mean_absolute:.4f}, and {usual:.4f} for uncorrelated "
        f"residuals ({false_alarms(p, level)})."
    )
    return Finding(name, null.mean_absolute, p, level, p <= level, verdict, table)


def _component(null: CorrelationNull, sectors: pd.Series | None, level: float, rng: np.random.Generator) -> Finding:
    name, component = "first residual component", first_component(null.correlation)
    explains = f"The first residual component explains {component.share:.1%} of residual variance"
    if sectors is None:
        verdict = f"{explains}; pass sectors to describe it."
        table = pd.DataFrame({"loading": component.loadings})
        return Finding(name, component.share, np.nan, level, None, verdict, table)
    codes, names = pd.factorize(sectors)
    table = sector_table(component, sectors)
    share, p = sector_test(component.loadings, codes, MANY_REPLICATIONS, rng)
    if len(names) < 2:
        verdict = f"{explains}; all assets are of one sector, so sectors cannot describe it."
        return Finding(name, share, np.nan, level, None, verdict, table)
    first = table.iloc[0]
    means = table["mean_loading"]
    said = (
        f"and differs between sectors: sectors explain {share:.0%} of the variance of its loadings, from "
        f"{means.idxmin()} ({means.min():+.2f}) to {means.idxmax()} ({means.max():+.2f})"
        if p <= level
        else f"and does not differ between sectors: they explain {share:.0%} of the variance of its loadings"
    )
    part = f"{table.index[0]} makes up {first['share_of_component']:.0%} of it"
    verdict = f"{explains} {said}; {part} ({false_alarms(p, level)})."
    return Finding(name, share, p, level, p <= level, verdict, table)


def _exact_alphas(panel: FittedPanel, level: float) -> Finding:
    name, found = "Gibbons-Ross-Shanken", gibbons_ross_shanken(panel.returns, panel.regressors[:, 1:])
    table = _alpha_table(panel)
    if found.reason:
        verdict = (
            f"The exact test of the alphas cannot be computed: {found.reason}. See 'mean squared t of the alphas'."
        )
        return Finding(name, np.nan, np.nan, level, None, verdict, table)
    said = "Some alphas are not zero" if found.p_value <= level else "The alphas may all be zero"
    verdict = (
        f"{said}: F is {found.statistic:.2f} on the {found.dates} dates shared by all {len(panel.assets)} assets "
        f"({false_alarms(found.p_value, level)} if errors are normal with constant variance)."
    )
    return Finding(name, found.statistic, found.p_value, level, found.p_value <= level, verdict, table)


def _alphas(panel: FittedPanel, level: float, block_length: int, rng: np.random.Generator) -> Finding:
    found = mean_squared_t(panel.returns, panel.regressors, panel.fit, block_length, MANY_REPLICATIONS, rng)
    said = "Some alphas are not zero" if found.p_value <= level else "The alphas may all be zero"
    verdict = (
        f"{said}: their mean squared t statistic is {found.statistic:.2f}, and {found.null.mean():.2f} if all alphas "
        f"are zero ({false_alarms(found.p_value, level)}, for any correlation between assets)."
    )
    rejected = found.p_value <= level
    name = "mean squared t of the alphas"
    return Finding(name, found.statistic, found.p_value, level, rejected, verdict, _alpha_table(panel))


def _alpha_table(panel: FittedPanel) -> pd.DataFrame:
    alpha, error = panel.fit.loadings[:, 0], panel.fit.standard_error[:, 0]
    columns = {"alpha": alpha, "standard_error": error, "t": alpha / error}
    return pd.DataFrame(columns, index=panel.assets.rename("asset"))
