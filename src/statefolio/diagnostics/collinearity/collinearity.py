"""Diagnoses multicollinearity: factors so correlated that their loadings cannot be estimated separately.

There is no hypothesis to test, because factors are always correlated to some degree. Verdicts follow stated
thresholds, and p-values are NaN.
"""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import Whole, check_options
from statefolio._plausible.reading import read_panel
from statefolio._plausible.warn import warned_once
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.diagnostics.fitted_panel import ensure_fitted
from statefolio.diagnostics.variance_inflation import condition_indices, through_time
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel

RULES = {"window": Whole(at_least=2, example=250), "step": Whole(at_least=1, example=21)}
INFLATION = 10.0
CONDITION = 30.0
SHARE = 0.5
SPREAD = 10.0
"""Thresholds: variance inflation; condition index and variance share of two coefficients (Belsley, Kuh and Welsch
1980, section 3.2); ratio of the standard errors of the worst and best identified combinations of loadings."""


@warned_once()
def diagnose_collinearity(
    model: LoadingsModel | None, returns: Any, factors: Any, window: int = 250, step: int = 21
) -> Diagnosis:
    """Measure whether the loadings on the factors can be estimated separately.

    Parameters
    ----------
    model : LoadingsModel or None
        A fitted model is used unchanged; an unfitted one is cloned and fitted. None: the covariance of the model's
        loadings is not assessed.
    returns, factors : DataFrame
        As for `fit`. For a fitted model, only the dates of the returns are used.
    window, step : int
        Dates in a rolling window, and between windows. With fewer dates, all dates are one window.

    Returns
    -------
    Diagnosis
        Findings "variance inflation", "condition number", "variance decomposition" and "unidentified combination".
        Their p-values are NaN.

    Raises
    ------
    InputError
        If there are not more dates than loadings, or data or an option are invalid.

    Examples
    --------
    A factor that nearly repeats another inflates the variance of both loadings:

    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> factors = demo.factors[["market", "momentum", "size"]].iloc[:500]
    >>> similar = factors.assign(similar=factors["momentum"] + 0.2 * demo.factors["quality"])
    >>> for each in (factors, similar):
    ...     diagnosis = sf.diagnostics.diagnose_collinearity(None, demo.returns.iloc[:500], each)
    ...     print(f"{diagnosis['variance inflation'].statistic:.1f}", diagnosis["variance inflation"].rejected)
    1.3 False
    92.2 True
    """
    check_options({"window": window, "step": step}, RULES)
    panel = read_panel(returns, factors, intercept=True, fit=False)
    rows = np.flatnonzero(~np.isnan(panel.returns).all(axis=1))
    regressors, dates = panel.regressors[rows], panel.dates[rows]
    states = regressors.shape[1]
    if min(len(dates), window) <= states:
        name, got = ("window", f"{window}") if window <= states else ("returns", f"{len(dates)} dates with a return")
        raise InputError(
            f"{name} must have more dates than loadings ({states}), got {got}. Pass more dates or fewer factors."
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
        f"The other factors explain {listed(bad)} almost completely, which multiplies the variance of its loadings by "
        f"up to {largest:.1f}"
        if bad
        else f"No factor is explained by the others: the largest variance inflation is {largest:.1f}, of "
        f"{now.idxmax()!r}"
    )
    verdict = f"{said} (threshold {INFLATION:g}; exceeded in {past:.0%} of windows to {show(table.index[-1])})."
    return Finding("variance inflation", largest, np.nan, np.nan, bool(bad), verdict, table)


def _condition(table: pd.DataFrame) -> Finding:
    number = float(table["condition_number"].to_numpy()[-1])
    bad = number > CONDITION
    past = float((table.iloc[:, 0] > CONDITION).mean())
    said = (
        "Small changes of the data can change loadings much"
        if bad
        else "Loadings are robust to small changes of the data"
    )
    verdict = (
        f"{said}: the condition number is {number:.1f} (threshold {CONDITION:g}; exceeded in {past:.0%} of windows)."
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
        said = f"{names_involved} are nearly dependent: one relation causes most of the variance of their loadings"
    else:
        said = "No relation between factors causes most of the variance of two or more loadings"
    limit = f"threshold {CONDITION:g} with over {SHARE:.0%} of the variance of two"
    verdict = f"{said} (condition index {statistic:.1f}; {limit})."
    return Finding("variance decomposition", statistic, np.nan, np.nan, bool(harmful.any()), verdict, table)


def _unidentified(model: LoadingsModel, regressors: Array, names: pd.Index) -> Finding:
    """Find the combination of loadings that is estimated worst, by the mean covariance of loadings over assets.

    Loadings are in units of each factor's volatility.
    """
    name, ahead = "unidentified combination", model.next_
    kept = [factor for factor in ahead.indexes["factor"] if factor in names[1:]]
    labels = pd.Index(kept, name="factor", tupleize_cols=False)
    places = ahead.indexes["factor"].get_indexer(labels)
    covariance = ahead["covariance"].isel(factor=places, factor_other=places).to_numpy()
    spread = regressors[:, names.get_indexer(labels)].std(axis=0)
    scaled = covariance * spread[:, None] * spread
    known = np.isfinite(scaled).all(axis=(1, 2)) & (np.trace(scaled, axis1=1, axis2=2) > 0.0)
    if not known.any() or len(kept) < 2:
        verdict = "Combinations of loadings cannot be assessed: no covariance of two or more loadings is known."
        return Finding(name, np.nan, np.nan, np.nan, None, verdict, pd.DataFrame(columns=labels))
    scaled = scaled[known] / np.trace(scaled[known], axis1=1, axis2=2)[:, None, None]
    values, vectors = np.linalg.eigh(scaled.mean(axis=0))
    worst = vectors[:, -1] * np.sign(vectors[np.abs(vectors[:, -1]).argmax(), -1])
    error = np.sqrt(np.maximum(values, 0.0))
    ratio = float(error[-1] / error[0]) if error[0] > 0.0 else np.inf
    share = float(values[-1] / values.sum())
    parts = [f"{worst[place]:+.2f} {kept[place]}" for place in np.argsort(-np.abs(worst)) if abs(worst[place]) >= 0.2]
    table = pd.DataFrame(vectors.T[::-1], columns=labels)
    table.insert(0, "share", values[::-1] / values.sum(), allow_duplicates=True)
    bad = ratio > SPREAD
    said = "One combination of loadings is not identified" if bad else "All combinations of loadings are identified"
    verdict = (
        f"{said}: the standard error of {' '.join(parts)} (in units of each factor's volatility) is {ratio:.1f} times "
        f"that of the best combination, and {share:.0%} of the loadings' variance lies there (threshold {SPREAD:g} "
        "times)."
    )
    return Finding(name, ratio, np.nan, np.nan, bad, verdict, table)
