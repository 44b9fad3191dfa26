"""Scores of loadings: how well models predict returns one step ahead, on dates they learned nothing from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lgamma, log, pi
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from statefolio._arrays import Array, read_dates, show
from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.base import LoadingsModel

MEMORY = 0.98
NU = 6.0
CAP = 9.0
FLOOR = 1e-4

SCORES = ("error_variance", "log_score", "log_score_common")


@dataclass(frozen=True, eq=False)
class _Record:
    """One model's one-step-ahead errors over all dates, and its log densities of the test dates."""

    errors: Array
    density: Array


def score_loadings(
    models: Mapping[str, LoadingsModel] | Sequence[LoadingsModel],
    returns: Any,
    factors: Any,
    test_from: Any,
    burn_in: int = 0,
) -> pd.DataFrame:
    """Score one-step-ahead predictions from a date on; hyper-parameters learned only before it.

    Each model is cloned and fitted with `tune_until` the last date before the test. All are scored on the
    same returns: those from `test_from` on which every model predicts.

    Parameters
    ----------
    models : mapping from name to model, or sequence of models
        Left as they are.
    returns, factors : DataFrame
        As for `fit`.
    test_from : date
        First date of the test.
    burn_in : int
        Dates at the start of the test that are not scored.

    Returns
    -------
    DataFrame
        A row a model and asset: `model`, `asset`, `returns_scored`; `error_variance`, the mean squared
        error; `log_score`, the mean log predictive density (of returns in decimals) under the model's own
        noise; and `log_score_common`, the same with every model's loadings under one noise model. That is a
        Student-t with 6 degrees of freedom whose variance S starts at the mean squared error before the
        test (the median asset's, for one without) and then follows the model's own errors v:
        S <- max(.98 S + .02 min(v^2/S, 9) S, 1e-4 S_0), S_0 the start.
        NaN for an asset without scored returns.

    See Also
    --------
    summarise_scores : Means over assets, and the share of assets each model wins.
    """
    named = _named(models)
    _check_burn_in(burn_in)
    dates, assets = read_dates(returns, "returns")
    first = _first_test_row(dates, test_from)
    records = {name: _record(model, returns, factors, dates[first - 1], first) for name, model in named.items()}
    known = ~np.isnan(np.sum([record.errors for record in records.values()], axis=0))
    tested = known[first:] & ~np.isnan(np.sum([record.density for record in records.values()], axis=0))
    tested[:burn_in] = False
    tables = [_table(name, record, known, tested, first, assets) for name, record in records.items()]
    return pd.concat(tables, ignore_index=True)


def summarise_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Average scores over assets, and count who wins.

    Parameters
    ----------
    scores : DataFrame
        From `score_loadings`.

    Returns
    -------
    DataFrame
        A row a model, in their order: the mean of each score over the assets scored, and
        `share_best_<score>`, the share of those assets where the model is the best (lowest error variance,
        highest log score); models that tie share the asset.
    """
    models = list(dict.fromkeys(scores["model"]))
    columns: dict[str, pd.Series] = {}
    shares: dict[str, pd.Series] = {}
    for score in SCORES:
        table = scores.pivot(index="asset", columns="model", values=score)[models].dropna()
        best = table.min(axis=1) if score == "error_variance" else table.max(axis=1)
        wins = table.eq(best, axis=0)
        columns[score] = table.mean()
        shares[f"share_best_{score}"] = wins.div(wins.sum(axis=1), axis=0).mean()
    return pd.DataFrame({**columns, **shares}).reindex(models).rename_axis("model")


def common_density(errors: Array, start: Array) -> Array:
    """Log density of errors (T, N) under the common noise model, its variance starting at `start` (N,)."""
    constant = lgamma(0.5 * (NU + 1.0)) - lgamma(0.5 * NU) - 0.5 * log((NU - 2.0) * pi)
    S, density = start.copy(), np.full(errors.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for t, v in enumerate(errors):
            u = v * v / S
            density[t] = constant - 0.5 * np.log(S) - 0.5 * (NU + 1.0) * np.log1p(u / (NU - 2.0))
            learned = np.maximum(MEMORY * S + (1.0 - MEMORY) * np.minimum(u, CAP) * S, FLOOR * start)
            S = np.where(np.isnan(v), S, learned)
    return density


def _named(models: Any) -> dict[str, LoadingsModel]:
    if isinstance(models, Mapping):
        named = {str(name): model for name, model in models.items()}
    elif isinstance(models, Sequence) and not isinstance(models, str):
        kinds = [type(model).__name__ for model in models]
        named = {
            kind if kinds.count(kind) == 1 else f"{kind} {kinds[:place].count(kind) + 1}": model
            for place, (kind, model) in enumerate(zip(kinds, models, strict=True))
        }
    else:
        raise DataTypeError(
            f"models is a {type(models).__name__}; a mapping from name to model, or a list of models, was "
            "expected. Pass e.g. {'rolling': RollingLoadings()}."
        )
    if not named:
        raise InputError("models is empty; at least one model was expected. Pass e.g. [RollingLoadings()].")
    for name, model in named.items():
        if not isinstance(model, LoadingsModel):
            raise DataTypeError(
                f"model {name!r} is a {type(model).__name__}; a model of loadings was expected. Pass an "
                "unfitted model, e.g. RollingLoadings()."
            )
    return named


def _check_burn_in(burn_in: Any) -> None:
    if not isinstance(burn_in, int | np.integer) or isinstance(burn_in, bool) or burn_in < 0:
        raise InputError(f"burn_in={burn_in!r}; a number of dates, 0 or more, was expected. Pass e.g. 60.")


def _first_test_row(dates: pd.DatetimeIndex, test_from: Any) -> int:
    try:
        first = int(dates.slice_indexer(test_from, None).start)
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(
            f"test_from={test_from!r}; a date without a time zone was expected. Pass e.g. '2016-01-01'."
        ) from error
    if not 0 < first < len(dates):
        raise InputError(
            f"test_from={test_from!r} leaves {first} dates before the test and {len(dates) - first} in it; "
            f"some of both were expected. Pass a date after {show(dates[0])} and up to {show(dates[-1])}."
        )
    return first


def _record(model: LoadingsModel, returns: Any, factors: Any, tune_until: Any, first: int) -> _Record:
    fitted = clone(model).fit(returns, factors, tune_until=tune_until)
    found = fitted.innovations_
    errors = found["innovation"].to_numpy()
    if "log_density" in found:
        return _Record(errors, found["log_density"].to_numpy()[first:])
    v, S = errors[first:], found["innovation_variance"].to_numpy()[first:]
    with np.errstate(divide="ignore", invalid="ignore"):
        density = -0.5 * (np.log(2.0 * pi * S) + v * v / S)
    return _Record(errors, density)


def _table(name: str, record: _Record, known: Any, tested: Any, first: int, assets: pd.Index) -> pd.DataFrame:
    errors = np.where(known, record.errors, np.nan)
    start = _mean(errors[:first] ** 2)
    start = np.where(np.isnan(start), _median(start), start)
    common = common_density(errors[first:], start)
    return pd.DataFrame(
        {
            "model": name,
            "asset": assets,
            "returns_scored": np.count_nonzero(tested, axis=0),
            "error_variance": _mean(np.where(tested, errors[first:] ** 2, np.nan)),
            "log_score": _mean(np.where(tested, record.density, np.nan)),
            "log_score_common": _mean(np.where(tested, common, np.nan)),
        }
    )


def _mean(values: Array) -> Array:
    """Means of columns, NaN for a column of nothing else."""
    count = np.count_nonzero(~np.isnan(values), axis=0)
    with np.errstate(invalid="ignore"):
        mean: Array = np.nansum(values, axis=0) / np.where(count > 0, count, np.nan)
    return mean


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
