"""Held-out validation of models of loadings: one call, one labelled result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.validation.comparison import compare_nested, compare_pairs, compare_with, nested_pairs
from statefolio.validation.confidence_set import model_confidence_set
from statefolio.validation.equal_accuracy import standard_error
from statefolio.validation.losses import LOSSES, date_series, losses_dataset
from statefolio.validation.periods import Stress, find_stress, losses_by_period
from statefolio.validation.predictions import Predictions, name_models, predict_all
from statefolio.validation.probability import LEVELS, coverage_by_column, uniformity


@dataclass(frozen=True, eq=False)
class Validation:
    """How well models predicted one step ahead on dates they learned nothing from.

    Attributes
    ----------
    losses : Dataset (model, date, asset)
        `squared_error`, `negative_log_score`, `negative_log_score_common`, `qlike`, and the `innovation` and
        `probability` (integral transform) of every return that all models predict; NaN elsewhere.
    mean_losses : DataFrame
        A row a loss and model: mean over dates of the cross-sectional mean, its standard error (Bartlett), and
        the model confidence set: `p_value`, `included`, `block_length`, `reason`.
    against_benchmark, pairwise : DataFrame
        Diebold-Mariano tests, as `compare_with` and `compare_pairs` give them.
    nested : DataFrame
        Clark-West tests, as `compare_nested` gives them.
    by_period : DataFrame
        As `losses_by_period` gives it.
    stress : Stress
        What was known of volatility before each date of the test.
    coverage : DataFrame
        A row a model and asset, a column a level: share of returns inside the predicted central interval.
    uniformity : DataFrame
        A row a model and asset: tests of the integral transforms, as `uniformity` gives them.
    benchmark : str
    tuned_until : Timestamp
        The last date that hyper-parameters were learned from.
    """

    losses: xr.Dataset
    mean_losses: pd.DataFrame
    against_benchmark: pd.DataFrame
    pairwise: pd.DataFrame
    nested: pd.DataFrame
    by_period: pd.DataFrame
    stress: Stress
    coverage: pd.DataFrame
    uniformity: pd.DataFrame
    benchmark: str
    tuned_until: pd.Timestamp

    def summary(self) -> pd.DataFrame:
        """A row a model: mean losses, whether they can be told from the benchmark's and the best, calibration.

        `<loss>` is the mean, `<loss>_p_value` that of the test against the benchmark, `<loss>_included` says
        whether the model is in the confidence set; `coverage_<level>` is over all returns, and
        `share_not_uniform` the share of assets whose integral transforms Berkowitz's test rejects at 5 %.
        """
        models = list(self.losses.indexes["model"])
        tests = self.against_benchmark.set_index(["loss", "model"])["p_value"]
        columns: dict[str, Any] = {}
        for loss in LOSSES:
            of_loss = self.mean_losses.loc[loss]
            columns[loss] = of_loss["mean"]
            columns[f"{loss}_p_value"] = pd.Series({name: tests.get((loss, name), np.nan) for name in models})
            columns[f"{loss}_included"] = of_loss["included"]
        for level, share in zip(LEVELS, self._coverage_of_all(), strict=True):
            columns[f"coverage_{level:.0%}"] = share
        p_values = self.uniformity["berkowitz_p_value"].unstack("asset")
        rejected = (p_values < 0.05).sum(axis=1) / p_values.notna().sum(axis=1).replace(0, np.nan)
        columns["share_not_uniform"] = rejected
        return pd.DataFrame(columns).reindex(models).rename_axis("model")

    def _coverage_of_all(self) -> list[pd.Series]:
        models = self.losses.indexes["model"]
        values = self.losses["probability"].to_numpy().reshape(len(models), -1).T
        return [pd.Series(row, index=models) for row in coverage_by_column(values)]


def validate(
    models: Mapping[str, LoadingsModel] | Sequence[LoadingsModel],
    returns: Any,
    factors: Any,
    test_from: Any,
    *,
    benchmark: str | None = None,
    nested: Any = "auto",
    burn_in: int = 0,
    lags: int | str | None = None,
    size: float = 0.10,
    replications: int = 1000,
    seed: int = 0,
) -> Validation:
    """Score models one step ahead on held-out dates, and say which differences are real.

    Each model is cloned and fitted with `tune_until` the last date before the test. All are scored on the same
    returns: those from `test_from` on that every model predicts.

    Parameters
    ----------
    models : mapping from name to model, or sequence of models
        Unfitted; left as they are.
    returns, factors : DataFrame
        As for `fit`.
    test_from : date
        First date of the test.
    benchmark : str, optional
        The model that the others are compared with; default the first.
    nested : "auto", None or iterable of (smaller, larger)
        Which models nest which, for Clark-West tests; see `nested_pairs`.
    burn_in : int
        Dates at the start of the test that are not scored.
    lags : int or "newey-west", optional
        In the standard errors; see `diebold_mariano`. A number holds for the whole test, not for its periods.
    size, replications, seed : float, int, int
        Of the model confidence set.

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        If the test has no dates, a model predicts none of its returns, or the models share none.
    UnknownNameError
        If the benchmark or a nested model is none of the models.
    """
    named = name_models(models)
    benchmark = _benchmark(benchmark, list(named))
    pairs = nested_pairs(named, nested)
    values, dates, _ = read_values(returns, "returns")
    predictions = predict_all(named, returns, factors, test_from, burn_in)
    _check_predictions(predictions)
    losses = losses_dataset(predictions)
    stress = find_stress(values, dates)
    stress = Stress(stress.volatility.loc[predictions.tested], stress.stressed.loc[predictions.tested])
    coverage, tests = _calibration(losses)
    return Validation(
        losses=losses,
        mean_losses=_mean_losses(losses, lags, size, replications, seed),
        against_benchmark=compare_with(losses, benchmark, lags),
        pairwise=compare_pairs(losses, lags),
        nested=compare_nested(losses, pairs, lags),
        by_period=losses_by_period(losses, stress, benchmark, lags if isinstance(lags, str) else None),
        stress=stress,
        coverage=coverage,
        uniformity=tests,
        benchmark=benchmark,
        tuned_until=predictions.dates[predictions.first - 1],
    )


def _benchmark(given: str | None, models: list[str]) -> str:
    if given is None:
        return models[0]
    if given not in models:
        raise UnknownNameError(
            f"benchmark={given!r} is no model; one of {listed(models, most=8)} was expected. Pass one of those names."
        )
    return given


def _check_predictions(predictions: Predictions) -> None:
    first = show(predictions.tested[0])
    for name, one in predictions.by_model.items():
        if np.isnan(one.density).all():
            raise InputError(
                f"model {name!r} predicts no return from {first} on; a model with predictions was expected. Give it "
                "more dates before the test, or a shorter window, or leave it out."
            )
    if not predictions.scored.any():
        raise InputError(
            f"no return from {first} on is predicted by every model after the burn-in; some were expected. Pass a "
            "shorter burn_in, or models that predict the same assets."
        )


def _mean_losses(losses: xr.Dataset, lags: Any, size: float, replications: int, seed: int) -> pd.DataFrame:
    tables = {}
    for loss in LOSSES:
        series = date_series(losses, loss)
        found = model_confidence_set(series, size=size, replications=replications, seed=seed)
        errors = [standard_error(series[name].to_numpy(), lags) for name in series.columns]
        found.insert(0, "mean", series.mean())
        found.insert(1, "standard_error", errors)
        tables[loss] = found
    return pd.concat(tables, names=["loss", "model"])


def _calibration(losses: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Coverage and tests of uniformity of every model and asset."""
    covered, tests = {}, {}
    assets = losses.indexes["asset"]
    for name in losses.indexes["model"]:
        values = pd.DataFrame(losses["probability"].sel(model=name).to_numpy(), columns=assets)
        covered[name] = pd.DataFrame(coverage_by_column(values.to_numpy()).T, index=assets, columns=list(LEVELS))
        tests[name] = uniformity(values)
    names = ["model", "asset"]
    return pd.concat(covered, names=names).rename_axis(columns="level"), pd.concat(tests, names=names)
