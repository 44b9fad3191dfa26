"""Scores models of loadings by their one-step-ahead predictions out of sample."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio.loadings.base import LoadingsModel
from statefolio.validation.equal_accuracy import warn_if_few
from statefolio.validation.losses import mean_of_columns, model_losses
from statefolio.validation.predictions import Predictions, name_models, predict_all

SCORES = ("error_variance", "log_score", "log_score_common")


def score_loadings(
    models: Mapping[str, LoadingsModel] | Sequence[LoadingsModel],
    returns: Any,
    factors: Any,
    test_from: Any,
    burn_in: int = 0,
) -> pd.DataFrame:
    """Score one-step-ahead predictions from a date on; hyper-parameters are tuned on the dates before it.

    Each model is cloned and fitted with `tune_until` the last date before the test. All are scored on the same
    returns: those from `test_from` that every model predicts, with loadings that are informative (not the first ones
    of a late listing; `LoadingsModel.informative_`).

    Parameters
    ----------
    models : mapping from name to model, or sequence of models
        They are cloned and not changed.
    returns, factors : DataFrame
        As for `fit`.
    test_from : date
        First date of the test.
    burn_in : int
        Number of dates at the start of the test that are not scored.

    Returns
    -------
    DataFrame
        One row per model and asset: `model`, `asset`, `returns_scored`; `error_variance`, the mean squared
        error; `log_score`, the mean log predictive density (of returns in decimals) under the model's noise; and
        `log_score_common`, the same under one noise model for all. That is a Student-t with 6 degrees of freedom
        whose variance S starts at S_0, the mean squared error before the test (the median asset's for an asset
        without), and then follows the model's errors v: S <- max(.98 S + .02 min(v^2/S, 9) S, 1e-4 S_0).
        NaN for an asset without scored returns.

    See Also
    --------
    summarise_scores : Means over assets, and the share of assets for which each model is best.
    statefolio.validation.validation.validate : Tests whether the differences are significant.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:700, :5], demo.factors.iloc[:700]
    >>> models = {"rolling": sf.RollingLoadings(120), "static": sf.StaticLoadings()}
    >>> scores = sf.validation.score_loadings(models, returns, factors, test_from="2016")
    >>> scores.shape
    (10, 6)
    >>> scores["returns_scored"].unique().tolist()
    [197]
    """
    predictions = predict_all(name_models(models), returns, factors, test_from, burn_in)
    warn_if_few(int(predictions.scored.any(axis=1).sum()))
    return pd.concat([_table(name, predictions) for name in predictions.by_model], ignore_index=True)


def summarise_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Average scores over assets, and compute the share of assets for which each model is best.

    Parameters
    ----------
    scores : DataFrame
        From `score_loadings`.

    Returns
    -------
    DataFrame
        One row per model, in their order: the mean of each score over the assets scored, and
        `share_best_<score>`, the share of those assets for which the model is best (lowest error variance, highest
        log score); models that tie share the asset.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:700, :5], demo.factors.iloc[:700]
    >>> models = {"kalman": sf.KalmanLoadings(tuning="discount"), "static": sf.StaticLoadings()}
    >>> scores = sf.validation.score_loadings(models, returns, factors, test_from="2016")
    >>> summary = sf.validation.summarise_scores(scores)
    >>> summary["share_best_log_score"].round(1).to_dict()
    {'kalman': 1.0, 'static': 0.0}
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


def _table(name: str, predictions: Predictions) -> pd.DataFrame:
    losses = model_losses(predictions, name)
    return pd.DataFrame(
        {
            "model": name,
            "asset": predictions.assets,
            "returns_scored": np.count_nonzero(predictions.scored, axis=0),
            "error_variance": mean_of_columns(losses["squared_error"]),
            "log_score": -mean_of_columns(losses["negative_log_score"]),
            "log_score_common": -mean_of_columns(losses["negative_log_score_common"]),
        }
    )
