"""The second failure: noisy estimates. How well loadings are known, and whether two samples agree on them."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.panel import ALPHA
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.diagnostics.estimation.shrinkage import FOLDS, best_shrinkage
from statefolio.diagnostics.estimation.split_half import SplitHalf, split_halves
from statefolio.diagnostics.estimation.standard_errors import block_bootstrap, newey_west_errors
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.diagnostics.fitted_panel import FittedPanel, check_count, check_level, ensure_fitted, fit_panel
from statefolio.exceptions import InputError
from statefolio.loadings.alignment import places
from statefolio.loadings.base import LoadingsModel

NARROW = 2.0 / 3.0
WIDE = 1.25
RELIABLE = 0.5
SHRUNK = 0.5
"""Thresholds: a model's standard error over Newey and West's; bootstrapped over classical; reliability; shrinkage."""


def diagnose_estimation(
    model: LoadingsModel | None,
    returns: Any,
    factors: Any,
    level: float = 0.05,
    block_length: int = 10,
    replications: int = 199,
    seed: int = 0,
) -> Diagnosis:
    """Ask how well the loadings are known.

    Parameters
    ----------
    model : LoadingsModel or None
        A fitted one is taken as it is, another is cloned and fitted here. None: nothing is said of its errors.
    returns, factors : DataFrame
        As for `fit`.
    level : float
        Chance that noise passes for a difference between assets.
    block_length : int
        Dates that are drawn, change sign, or fall into a half together.
    replications : int
        Bootstrap draws, and panels of assets that do not differ.
    seed : int
        Of everything random.

    Returns
    -------
    Diagnosis
        Findings "standard errors of the model" (with a model), "block bootstrap", "split-half agreement" and
        "shrinkage wanted". How noisy is too noisy goes by thresholds, so that their p-values are NaN; the table of
        the agreement has a p-value a factor, of such agreement where assets do not differ. All but the first speak
        of least squares over all dates.

    Raises
    ------
    InputError
        If no asset can be judged, there are fewer than ten blocks, or data or an option cannot be used.
    """
    level = check_level(level)
    check_count(replications, "replications", int(np.ceil(1.0 / level)) - 1)
    check_count(block_length, "block_length", 1)
    check_count(seed, "seed", 0)
    panel = fit_panel(returns, factors)
    blocks = -(-len(panel.dates) // block_length)
    if blocks < 2 * FOLDS:
        raise InputError(
            f"block_length={block_length} makes {blocks} blocks of {len(panel.dates)} dates; at least {2 * FOLDS} "
            "were expected. Pass a smaller one, or more dates."
        )
    rng = np.random.default_rng(seed)
    robust = newey_west_errors(panel.fit, panel.regressors)
    drawn = block_bootstrap(panel.returns, panel.regressors, block_length, replications, rng)
    halves = split_halves(panel.returns, panel.regressors, panel.fit, block_length, replications, rng)
    table = _error_table(panel, robust, drawn)
    findings = [_bootstrapped(table), _agreement(halves, panel, level)]
    if model is not None:
        findings.insert(0, _model_errors(ensure_fitted(model, returns, factors), panel, table))
    findings.append(_shrinkage(panel, block_length))
    return Diagnosis("estimation", tuple(findings), panel.excluded)


def _error_table(panel: FittedPanel, robust: Array, drawn: Array) -> pd.DataFrame:
    """A row an asset and factor: the least-squares loading, and three standard errors of it."""
    index = pd.MultiIndex.from_product([panel.assets, panel.factors], names=["asset", "factor"])
    columns = {
        "loading": panel.fit.loadings,
        "classical": panel.fit.standard_error,
        "newey_west": robust,
        "bootstrap": drawn,
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)


def _model_errors(model: LoadingsModel, panel: FittedPanel, table: pd.DataFrame) -> Finding:
    name, ahead = "standard errors of the model", model.next_
    place = places(ahead.indexes["asset"], panel.assets, "asset")
    ahead = ahead.isel(asset=place).reindex(factor=panel.factors, factor_other=panel.factors)
    variance = np.diagonal(ahead["covariance"].to_numpy(), axis1=1, axis2=2)
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(variance)
    table = table[["loading", "newey_west"]].assign(
        model_loading=ahead["mean"].to_numpy().ravel(), model=errors.ravel()
    )
    ratio = (table["model"] / table["newey_west"]).unstack("factor")[panel.factors[1:]]
    typical = float(np.nanmedian(ratio.to_numpy())) if ratio.notna().any(axis=None) else float("nan")
    if np.isnan(typical):
        verdict = "Nothing can be said of the model's standard errors: it knows none of these loadings."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, table)
    bad = typical < NARROW
    said = (
        "The model is surer of its loadings than the data allow"
        if bad
        else "The model's error bands are not too narrow"
    )
    verdict = (
        f"{said}: its standard errors of today's loadings are {typical:.2f} times those of constant loadings with "
        f"memory and changing variance allowed for (threshold {NARROW:.2f}; above 1 is the price of following "
        "movement)."
    )
    return Finding(name, typical, np.nan, np.nan, bad, verdict, table)


def _bootstrapped(table: pd.DataFrame) -> Finding:
    shown = table.drop(index=ALPHA, level="factor")
    ratio = (shown["bootstrap"] / shown["classical"]).groupby("factor", sort=False).median()
    worst = float(ratio.max())
    bad = worst > WIDE
    said = "Textbook standard errors are too small" if bad else "Textbook standard errors will do"
    verdict = (
        f"{said}: drawing blocks of dates again gives up to {worst:.2f} times theirs, most for {ratio.idxmax()!r} "
        f"(median asset; threshold {WIDE:g})."
    )
    return Finding("block bootstrap", worst, np.nan, np.nan, bad, verdict, table)


def _agreement(halves: SplitHalf, panel: FittedPanel, level: float) -> Finding:
    name, names = "split-half agreement", panel.factors[1:]
    table, reliability = _halves_table(halves, panel), halves.reliability[1:]
    if np.isnan(reliability).any():
        verdict = "Nothing can be said of two halves' agreement: fewer than three assets have enough returns in both."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, table)
    worst = int(np.argmin(reliability))
    noise = [factor for factor, p in zip(names, halves.agreement_p_value[1:], strict=True) if p > level]
    bad = bool(reliability[worst] < RELIABLE)
    said = (
        "Differences between assets' loadings are mostly noise" if bad else "Assets differ in their loadings for real"
    )
    beside = f"; those on {listed(noise)} cannot be told from noise at all" if noise else ""
    verdict = (
        f"{said}: least reliable is {names[worst]!r}, where {reliability[worst]:.0%} of the variance across assets "
        f"is no noise{beside} (threshold {RELIABLE:.0%}; noise passes for a difference in {level:.0%} of cases)."
    )
    return Finding(name, float(reliability[worst]), np.nan, np.nan, bad, verdict, table)


def _halves_table(halves: SplitHalf, panel: FittedPanel) -> pd.DataFrame:
    """A row an asset and factor: loadings of either half, and what holds of the factor, the same for all assets."""
    index = pd.MultiIndex.from_product([panel.assets, panel.factors], names=["asset", "factor"])
    of_factor = {
        "correlation": halves.correlation,
        "reliability": halves.reliability,
        "p_value": halves.agreement_p_value,
        "squared_difference": halves.difference,
    }
    columns = {"odd": halves.odd.ravel(), "even": halves.even.ravel()}
    columns |= {name: np.tile(values, len(panel.assets)) for name, values in of_factor.items()}
    return pd.DataFrame(columns, index=index)


def _shrinkage(panel: FittedPanel, block_length: int) -> Finding:
    name, found = "shrinkage wanted", best_shrinkage(panel.returns, panel.regressors, block_length)
    table, wanted = found.curve(panel.factors), found.common
    if np.isnan(wanted):
        verdict = "Nothing can be said of shrinkage: it needs two assets whose loadings differ."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, table)
    own = ", ".join(f"{factor} {value:.0%}" for factor, value in zip(panel.factors[1:], found.own[1:], strict=True))
    bad = wanted > SHRUNK
    said = "Loadings are better guessed by the average asset's" if bad else "Assets' own loadings earn their place"
    verdict = (
        f"{said}: dates held out want them moved {wanted:.0%} of the way to their mean across assets (each alone: "
        f"{own}; threshold {SHRUNK:.0%})."
    )
    return Finding(name, wanted, np.nan, np.nan, bad, verdict, table)
