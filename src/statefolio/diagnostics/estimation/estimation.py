"""Diagnoses how well loadings are estimated: standard errors, agreement of two samples, and useful shrinkage."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.panel import ALPHA
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import check, check_options
from statefolio._plausible.warn import warned_once
from statefolio.diagnostics.estimation.shrinkage import FOLDS, best_shrinkage
from statefolio.diagnostics.estimation.split_half import SplitHalf, split_halves
from statefolio.diagnostics.estimation.standard_errors import block_bootstrap, newey_west_errors
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.diagnostics.fitted_panel import FittedPanel, ensure_fitted, fit_panel
from statefolio.diagnostics.options import BLOCK_LENGTH, LEVEL, SEED, replications_rule
from statefolio.exceptions import InputError
from statefolio.loadings.alignment import find_positions
from statefolio.loadings.base import LoadingsModel

RULES = {"level": LEVEL, "block_length": BLOCK_LENGTH, "seed": SEED}
NARROW = 2.0 / 3.0
WIDE = 1.25
RELIABLE = 0.5
SHRUNK = 0.5
"""Thresholds: a model's standard error over Newey and West's; bootstrapped over classical; reliability; shrinkage."""


@warned_once()
def diagnose_estimation(
    model: LoadingsModel | None,
    returns: Any,
    factors: Any,
    level: float = 0.05,
    block_length: int = 10,
    replications: int = 199,
    seed: int = 0,
) -> Diagnosis:
    """Measure how well the loadings are estimated.

    Parameters
    ----------
    model : LoadingsModel or None
        A fitted model is used unchanged; an unfitted one is cloned and fitted. None: its standard errors are not
        assessed.
    returns, factors : DataFrame
        As for `fit`.
    level : float
        Probability that noise passes for a difference between assets.
    block_length : int
        Dates in a block. Blocks are resampled by the bootstrap, change sign, and are assigned to halves.
    replications : int
        Bootstrap draws, and simulated panels of assets with equal loadings.
    seed : int
        Seed of all random numbers.

    Returns
    -------
    Diagnosis
        Findings "standard errors of the model" (with a model), "block bootstrap", "split-half agreement" and
        "shrinkage wanted". Verdicts follow thresholds, so p-values are missing; the table of the agreement has one
        p-value per factor, for the hypothesis that assets have the same loading. All but the first are about least
        squares over all dates.

    Raises
    ------
    InputError
        If no asset has enough data, there are fewer than ten blocks, or data or an option are invalid.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:500], demo.factors.iloc[:500]
    >>> diagnosis = sf.diagnostics.diagnose_estimation(None, returns, factors)
    >>> reliability = diagnosis["split-half agreement"].table["reliability"].loc["AAPL"]
    >>> print(f"momentum {reliability['momentum']:.0%}, size {reliability['size']:.0%}")
    momentum 91%, size 28%
    >>> print(diagnosis["split-half agreement"].verdict)
    Differences between assets' loadings are mostly noise: the least reliable factor is 'size', ...
    """
    check_options({"level": level, "block_length": block_length, "seed": seed}, RULES)
    check("replications", replications, replications_rule(level))
    panel = fit_panel(returns, factors)
    blocks = -(-len(panel.dates) // block_length)
    if blocks < 2 * FOLDS:
        raise InputError(
            f"block_length must give at least {2 * FOLDS} blocks, got {block_length}, which gives {blocks} blocks of "
            f"{len(panel.dates)} dates. Pass a smaller block_length, or more dates."
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
    """Return one row per asset and factor: the least-squares loading and three of its standard errors."""
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
    place = find_positions(ahead.indexes["asset"], panel.assets, "asset")
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
        verdict = "The model's standard errors cannot be assessed: it has none of these loadings."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, table)
    bad = typical < NARROW
    said = (
        "The model's error bands are narrower than the data support"
        if bad
        else "The model's error bands are not too narrow"
    )
    verdict = (
        f"{said}: the standard errors of its next loadings are {typical:.2f} times Newey and West's for constant "
        f"loadings (threshold {NARROW:.2f}; a ratio above 1 is the cost of loadings that may move)."
    )
    return Finding(name, typical, np.nan, np.nan, bad, verdict, table)


def _bootstrapped(table: pd.DataFrame) -> Finding:
    shown = table.drop(index=ALPHA, level="factor")
    ratio = (shown["bootstrap"] / shown["classical"]).groupby("factor", sort=False).median()
    worst = float(ratio.max())
    bad = worst > WIDE
    said = "Classical standard errors are too small" if bad else "Classical standard errors are adequate"
    verdict = (
        f"{said}: the block bootstrap gives up to {worst:.2f} times the classical ones, most for {ratio.idxmax()!r} "
        f"(median asset; threshold {WIDE:g})."
    )
    return Finding("block bootstrap", worst, np.nan, np.nan, bad, verdict, table)


def _agreement(halves: SplitHalf, panel: FittedPanel, level: float) -> Finding:
    name, names = "split-half agreement", panel.factors[1:]
    table, reliability = _halves_table(halves, panel), halves.reliability[1:]
    if np.isnan(reliability).any():
        verdict = "Split-half agreement cannot be computed: fewer than three assets have enough returns in both halves."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, table)
    worst = int(np.argmin(reliability))
    noise = [factor for factor, p in zip(names, halves.agreement_p_value[1:], strict=True) if p > level]
    bad = bool(reliability[worst] < RELIABLE)
    said = "Differences between assets' loadings are mostly noise" if bad else "Differences between assets are reliable"
    beside = f"; loadings on {listed(noise)} do not differ significantly" if noise else ""
    verdict = (
        f"{said}: the least reliable factor is {names[worst]!r}, with a reliability of {reliability[worst]:.0%}"
        f"{beside} (threshold {RELIABLE:.0%}; noise passes for a difference in {level:.0%} of cases)."
    )
    return Finding(name, float(reliability[worst]), np.nan, np.nan, bad, verdict, table)


def _halves_table(halves: SplitHalf, panel: FittedPanel) -> pd.DataFrame:
    """Return one row per asset and factor: loadings of both halves, and the statistics of the factor."""
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
    table, best = found.curve(panel.factors), found.common
    if np.isnan(best):
        verdict = "Shrinkage cannot be estimated: it needs two assets with different loadings."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, table)
    pairs = zip(panel.factors[1:], found.separate[1:], strict=True)
    separate = ", ".join(f"{factor} {value:.0%}" for factor, value in pairs)
    bad = best > SHRUNK
    said = "The mean loading across assets predicts better" if bad else "The assets' separate loadings predict better"
    verdict = (
        f"{said}: held-out dates are predicted best with loadings moved {best:.0%} of the way to their mean across "
        f"assets (each factor alone: {separate}; threshold {SHRUNK:.0%})."
    )
    return Finding(name, best, np.nan, np.nan, bad, verdict, table)
