"""Validates models of loadings out of sample, and tests which differences between them are significant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show, shown
from statefolio._display.summary import SummaryTable
from statefolio._plausible.warn import warned_once
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.validation.comparison import compare_nested, compare_pairs, compare_with, nested_pairs
from statefolio.validation.confidence_set import model_confidence_set
from statefolio.validation.equal_accuracy import standard_error, warn_if_few
from statefolio.validation.losses import LOSSES, date_series, losses_dataset
from statefolio.validation.periods import Stress, find_stress, losses_by_period
from statefolio.validation.predictions import Predictions, name_models, predict_all
from statefolio.validation.probability import LEVELS, coverage_by_column, uniformity
from statefolio.validation.showing import ShownValidation

PRINTED = (
    "negative_log_score",
    "negative_log_score_p_value",
    "negative_log_score_included",
    "squared_error",
    "qlike",
    "coverage_95%",
    "share_not_uniform",
)
"""Columns of the summary that print."""


@dataclass(frozen=True, eq=False, repr=False)
class Validation(ShownValidation):
    """Out-of-sample losses of models one step ahead, tests of their differences, and calibration.

    Attributes
    ----------
    losses : Dataset (model, date, asset)
        `squared_error`, `negative_log_score`, `negative_log_score_common`, `qlike`, and the `innovation` and
        `probability` (integral transform) of every return that all models predict; NaN elsewhere.
    mean_losses : DataFrame
        One row per loss and model: mean over dates of the cross-sectional mean, its standard error (Bartlett), and
        the model confidence set: `p_value`, `included`, `block_length`, `reason`.
    against_benchmark, pairwise : DataFrame
        Diebold-Mariano tests, from `compare_with` and `compare_pairs`.
    nested : DataFrame
        Clark-West tests, from `compare_nested`.
    by_period : DataFrame
        From `losses_by_period`.
    stress : Stress
        Volatility known before each date of the test, and whether it is a date of stress.
    coverage : DataFrame
        One row per model and asset, one column per level: share of returns inside the predicted central interval.
    uniformity : DataFrame
        One row per model and asset: tests of the integral transforms, from `uniformity`.
    benchmark : str
        Name of the benchmark.
    tuned_until : Timestamp
        Last date on which hyper-parameters were tuned.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:700, :5], demo.factors.iloc[:700]
    >>> models = {"static": sf.StaticLoadings(), "kalman": sf.KalmanLoadings(tuning="discount")}
    >>> result = sf.validation.validate(models, returns, factors, test_from="2016", replications=200)
    >>> print(result.benchmark, result.tuned_until.date())
    static 2015-12-31
    >>> print(f"{result.coverage.loc[('kalman', 'AAPL'), 0.95]:.0%}")  # of returns in 95 % intervals
    94%
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

    def summary(self) -> SummaryTable:
        """Return one row per model: mean losses, their tests against the benchmark and the best, and calibration.

        `<loss>` is the mean, `<loss>_p_value` that of the test against the benchmark, and `<loss>_included` whether
        the model is in the confidence set. `coverage_<level>` is over all returns, and `share_not_uniform` the share
        of assets for which Berkowitz's test of the integral transforms rejects at 5 %. Those of the log score, the
        squared error and QLIKE print; the table has the other columns too.
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
        table = pd.DataFrame(columns).reindex(models).rename_axis("model")
        facts = {"Benchmark": self.benchmark, "Tuned until": show(self.tuned_until)}
        notes = [
            "Included: in the model confidence set. Not uniform: share of assets whose integral transforms are not."
        ]
        title = "Models out of sample, one step ahead"
        return SummaryTable(table, title, facts, notes, {"share_not_uniform": ".0%"}, PRINTED)

    def _coverage_of_all(self) -> list[pd.Series]:
        models = self.losses.indexes["model"]
        values = self.losses["probability"].to_numpy().reshape(len(models), -1).T
        return [pd.Series(row, index=models) for row in coverage_by_column(values)]


@warned_once()
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
    """Score models one step ahead out of sample, and test which differences are significant.

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
    benchmark : str, optional
        Model that the others are compared with; default the first.
    nested : "auto", None or iterable of (smaller, larger)
        Pairs of nested models for Clark-West tests; see `nested_pairs`.
    burn_in : int
        Number of dates at the start of the test that are not scored.
    lags : int or "newey-west", optional
        Lags in the standard errors; see `diebold_mariano`. A number applies to the whole test, not to its periods.
    size, replications, seed : float, int, int
        Options of the model confidence set.

    Returns
    -------
    Validation

    Raises
    ------
    InputError
        If the test has no dates, a model predicts none of its returns, or the models have no common predictions.
    UnknownNameError
        If the benchmark or a nested name is not a model.

    Examples
    --------
    Do time-varying loadings predict better than constant ones?

    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:700, :5], demo.factors.iloc[:700]
    >>> models = {"static": sf.StaticLoadings(), "kalman": sf.KalmanLoadings(tuning="discount")}
    >>> result = sf.validation.validate(models, returns, factors, test_from="2016", replications=200)
    >>> summary = result.summary()
    >>> summary["negative_log_score"].idxmin()
    'kalman'
    >>> summary["negative_log_score_included"].to_dict()  # in the model confidence set
    {'static': False, 'kalman': True}
    """
    named = name_models(models)
    benchmark = _benchmark(benchmark, list(named))
    pairs = nested_pairs(named, nested)
    values, dates, _ = read_values(returns, "returns")
    predictions = predict_all(named, returns, factors, test_from, burn_in)
    _check_predictions(predictions)
    warn_if_few(int(predictions.scored.any(axis=1).sum()))
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
            f"benchmark must be one of the models ({listed(models, most=8)}), got {shown(given)}. Pass one of these "
            "names."
        )
    return given


def _check_predictions(predictions: Predictions) -> None:
    first = show(predictions.tested[0])
    for name, one in predictions.by_model.items():
        if np.isnan(one.density).all():
            raise InputError(
                f"models must predict returns of the test, got {name!r}, which predicts none from {first} on. Pass "
                "more dates before the test or a shorter window, or leave the model out."
            )
    if not predictions.scored.any():
        raise InputError(
            f"models must have common predictions after the burn-in, got no return from {first} on that all of them "
            "predict. Pass a smaller burn_in, or models that predict the same assets."
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
    """Compute coverage and tests of uniformity for every model and asset."""
    covered, tests = {}, {}
    assets = losses.indexes["asset"]
    for name in losses.indexes["model"]:
        values = pd.DataFrame(losses["probability"].sel(model=name).to_numpy(), columns=assets)
        covered[name] = pd.DataFrame(coverage_by_column(values.to_numpy()).T, index=assets, columns=list(LEVELS))
        tests[name] = uniformity(values)
    names = ["model", "asset"]
    return pd.concat(covered, names=names).rename_axis(columns="level"), pd.concat(tests, names=names)
