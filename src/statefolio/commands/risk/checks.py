"""Checks the model of `risk`: the four failures, and forecasts out of sample."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from statefolio import diagnostics
from statefolio.commands.progress import Progress
from statefolio.commands.risk.options import RiskOptions
from statefolio.diagnostics.finding import Diagnosis, Failure, Finding
from statefolio.exceptions import InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.report.risk_overview import PORTFOLIO
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_rivals import rival_covariances
from statefolio.validation.covariance_scores import CovarianceScores, score_covariances
from statefolio.validation.risk_walk import validate_risk
from statefolio.validation.validation import Validation, validate

ROLLING_WINDOW = 250
"""Dates of the rolling regression that the loadings are compared with."""


@dataclass(frozen=True, eq=False)
class Checks:
    """What was checked: nothing in a quick run."""

    diagnoses: tuple[Diagnosis, ...] = ()
    validation: Validation | None = None
    forecasts: CovarianceScores | None = None
    rivals: Mapping[str, CovarianceScores] = field(default_factory=dict)


def check_model(
    risk: FactorRisk,
    panel: tuple[pd.DataFrame, pd.DataFrame],
    weights: "pd.Series[float]",
    options: RiskOptions,
    test_from: pd.Timestamp,
    progress: Progress,
) -> Checks:
    """Test the model for the four failures, and validate loadings and covariances out of sample."""
    diagnoses = _diagnose(risk, panel, progress)
    returns, factors = panel
    progress("validating", 0, 3)
    models = {
        "Kalman": KalmanLoadings(tuning=options.tuning),
        "static": StaticLoadings(),
        f"rolling {ROLLING_WINDOW}": RollingLoadings(window=ROLLING_WINDOW),
        "exponential": ExponentialLoadings(),
    }
    validation = validate(models, returns, factors, test_from, benchmark="static")
    progress("validating", 1, 3)
    unfitted = FactorRisk(KalmanLoadings(tuning=options.tuning), groups=risk.groups)
    portfolio = pd.DataFrame({PORTFOLIO: weights}).T
    forecasts = validate_risk(unfitted, returns, factors, test_from, options.refit_every, portfolios=portfolio)
    progress("validating", 2, 3)
    rivals = _rivals(returns, factors, portfolio, test_from, options.refit_every)
    progress("validating", 3, 3)
    return Checks(diagnoses, validation, forecasts, rivals)


def _rivals(
    returns: pd.DataFrame, factors: pd.DataFrame, portfolio: pd.DataFrame, test_from: pd.Timestamp, refit_every: int
) -> dict[str, CovarianceScores]:
    """Score other covariances; one that cannot be computed from these data is left out."""
    scores = {}
    for name, forecasts in rival_covariances(returns, factors, test_from, refit_every).items():
        try:
            scores[name] = score_covariances(forecasts, returns, portfolio)
        except InputError:
            continue
    return scores


def _diagnose(risk: FactorRisk, panel: tuple[pd.DataFrame, pd.DataFrame], progress: Progress) -> tuple[Diagnosis, ...]:
    fitted = (risk.model_, *panel)
    diagnoses: dict[Failure, Callable[[], Diagnosis]] = {
        "specification": partial(diagnostics.diagnose_specification, *fitted, sectors=risk.groups),
        "estimation": partial(diagnostics.diagnose_estimation, *fitted),
        "non-stationarity": partial(diagnostics.diagnose_change, *fitted),
        "multicollinearity": partial(diagnostics.diagnose_collinearity, *fitted),
    }
    found = []
    for number, (failure, diagnose) in enumerate(diagnoses.items()):
        progress("diagnosing", number, len(diagnoses))
        found.append(_diagnosis_or_reason(failure, diagnose))
    progress("diagnosing", len(diagnoses), len(diagnoses))
    return tuple(found)


def _diagnosis_or_reason(failure: Failure, diagnose: Callable[[], Diagnosis]) -> Diagnosis:
    """The diagnosis, or the reason why it cannot be computed from these data."""
    try:
        return diagnose()
    except InputError as error:
        reason = Finding("not asked", math.nan, math.nan, math.nan, None, str(error), pd.DataFrame())
        return Diagnosis(failure, (reason,))
