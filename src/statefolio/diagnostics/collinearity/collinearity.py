"""The fourth failure: factors that bleed into each other, so that their loadings cannot be told apart.

It has no null distribution: nobody believes that factors are uncorrelated, and what counts is how far they are not.
Verdicts go by thresholds, stated in each, and there are no p-values.
"""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.panel import make_panel
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio.diagnostics.collinearity.variance_inflation import condition_indices, through_time
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.diagnostics.fitted_panel import check_count, ensure_fitted
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel

INFLATION = 10.0
CONDITION = 30.0
SHARE = 0.5
SPREAD = 10.0
"""Thresholds: variance inflation; condition index, and the share of variance of two coefficients that go with it
(Belsley, Kuh and Welsch 1980, section 3.2); standard error of the worst over the best identified combination."""


def diagnose_collinearity(
    model: LoadingsModel | None, returns: Any, factors: Any, window: int = 250, step: int = 21
) -> Diagnosis:
    """Ask whether the factors can be told apart.

    Parameters
    ----------
    model : LoadingsModel or None
        A fitted one is taken as it is, another is cloned and fitted here. None: nothing is said of its covariance.
    returns, factors : DataFrame
        As for `fit`; of the returns only the dates matter where the model is fitted.
    window, step : int
        Dates in a window, and between windows. All dates are one window if there are fewer.

    Returns
    -------
    Diagnosis
        Findings "variance inflation", "condition number", "variance decomposition" and "unidentified combination".
        Their p-values are NaN: there is no test.

    Raises
    ------
    InputError
        If there are not more dates than loadings, or data or an option cannot be used.
    """
    check_count(window, "window", 2)
    check_count(step, "step", 1)
    panel = make_panel(returns, factors, intercept=True, check_design=False)
    rows = np.flatnonzero(~np.isnan(panel.returns).all(axis=1))
    regressors, dates = panel.regressors[rows], panel.dates[rows]
    states = regressors.shape[1]
    if min(len(dates), window) <= states:
        what = f"window={window}" if window <= states else f"returns has {len(dates)} dates with a return"
        raise InputError(
            f"{what} for {states} loadings; more dates than loadings were expected, for else every combination of "
            "factors repeats another. Pass more dates or fewer factors."
        )
    inflation, condition = through_time(regressors[:, 1:], dates, panel.factors[1:], min(window, len(dates)), step)
    now = regressors[-min(window, len(dates)) :]
    findings = [_inflation(inflation), _condition(condition), _decomposition(now, panel.factors)]
    if model is not None:
        findings.append(_unidentified(ensure_fitted(model, returns, factors), regressors, panel.factors))
    return Diagnosis("multicollinearity", tuple(findings))


def _inflation(table: pd.DataFrame) -> Finding:
    now = pd.Series(table.to_numpy()[-1], index=table.columns)
    largest = float(now.max())
    bad = list(now.index[now > INFLATION])
    past = float((table > INFLATION).any(axis=1).mean())
    said = (
        f"The constant and the other factors explain {listed(bad)} so well that the variance of loadings on it is up "
        f"to {largest:.1f} times what it need be"
        if bad
        else f"No factor is a blend of the others: the most inflated, {now.idxmax()!r}, has {largest:.1f} times the "
        "variance it need have"
    )
    verdict = f"{said} (threshold {INFLATION:g}; passed in {past:.0%} of windows to {show(table.index[-1])})."
    return Finding("variance inflation", largest, np.nan, np.nan, bool(bad), verdict, table)


def _condition(table: pd.DataFrame) -> Finding:
    number = float(table["condition_number"].to_numpy()[-1])
    bad = number > CONDITION
    past = float((table.iloc[:, 0] > CONDITION).mean())
    said = "A small change of the data can change loadings much" if bad else "Loadings do not hang on small changes"
    verdict = (
        f"{said}: the condition number is {number:.1f} (threshold {CONDITION:g}; passed in {past:.0%} of windows)."
    )
    return Finding("condition number", number, np.nan, np.nan, bad, verdict, table)


def _decomposition(regressors: Array, names: pd.Index) -> Finding:
    indices, shares = condition_indices(regressors)
    table = pd.DataFrame(shares, index=pd.Index(indices, name="condition_index"), columns=names)
    together = (shares > SHARE).sum(axis=1) >= 2
    harmful = together & (indices > CONDITION)
    statistic = float(indices[together].max()) if together.any() else 1.0
    if harmful.any():
        worst = int(np.flatnonzero(harmful)[-1])
        involved = [name for name, share in zip(names, shares[worst], strict=True) if share > SHARE]
        names_involved = listed(involved, most=6)
        said = f"{names_involved} depend on each other: one relation makes most of the variance of their loadings"
    else:
        said = "No relation between factors makes most of the variance of two loadings or more"
    limit = f"threshold {CONDITION:g} with over {SHARE:.0%} of the variance of two"
    verdict = f"{said} (condition index {statistic:.1f}; {limit})."
    return Finding("variance decomposition", statistic, np.nan, np.nan, bool(harmful.any()), verdict, table)


def _unidentified(model: LoadingsModel, regressors: Array, names: pd.Index) -> Finding:
    """What the average asset's covariance of loadings, in units of each factor's volatility, knows least of."""
    name, ahead = "unidentified combination", model.next_
    kept = [factor for factor in ahead.indexes["factor"] if factor in names[1:]]
    covariance = ahead["covariance"].sel(factor=kept, factor_other=kept).to_numpy()
    spread = regressors[:, names.get_indexer(pd.Index(kept))].std(axis=0)
    scaled = covariance * spread[:, None] * spread
    known = np.isfinite(scaled).all(axis=(1, 2)) & (np.trace(scaled, axis1=1, axis2=2) > 0.0)
    if not known.any() or len(kept) < 2:
        verdict = "Nothing can be said of combinations of loadings: no covariance of two or more is known."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, pd.DataFrame(columns=kept))
    scaled = scaled[known] / np.trace(scaled[known], axis1=1, axis2=2)[:, None, None]
    values, vectors = np.linalg.eigh(scaled.mean(axis=0))
    worst = vectors[:, -1] * np.sign(vectors[np.abs(vectors[:, -1]).argmax(), -1])
    error = np.sqrt(np.maximum(values, 0.0))
    ratio = float(error[-1] / error[0]) if error[0] > 0.0 else np.inf
    share = float(values[-1] / values.sum())
    parts = [f"{worst[place]:+.2f} {kept[place]}" for place in np.argsort(-np.abs(worst)) if abs(worst[place]) >= 0.2]
    table = pd.DataFrame(vectors.T[::-1], columns=pd.Index(kept, name="factor"))
    table.insert(0, "share", values[::-1] / values.sum(), allow_duplicates=True)
    bad = ratio > SPREAD
    said = "The model cannot tell one combination of loadings" if bad else "The model knows every combination alike"
    verdict = (
        f"{said}: it knows {' '.join(parts)} (in units of each factor's volatility) {ratio:.1f} times less well than "
        f"the best known one; {share:.0%} of the loadings' uncertainty lies there (threshold {SPREAD:g} times)."
    )
    return Finding(name, ratio, np.nan, np.nan, bad, verdict, table)
