"""Scores of loadings: how well models predict returns one step ahead, on dates they learned nothing from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio.loadings.base import LoadingsModel
from statefolio.validation.losses import common_density, losses_of, mean_of_columns
from statefolio.validation.predictions import Predictions, name_models, predict_all

__all__ = ["SCORES", "common_density", "score_loadings", "summarise_scores"]

SCORES = ("error_variance", "log_score", "log_score_common")


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
    statefolio.validation.validation.validate : Whether the differences are real.
    """
    predictions = predict_all(name_models(models), returns, factors, test_from, burn_in)
    return pd.concat([_table(name, predictions) for name in predictions.by_model], ignore_index=True)


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


def _table(name: str, predictions: Predictions) -> pd.DataFrame:
    losses = losses_of(predictions, name)
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
