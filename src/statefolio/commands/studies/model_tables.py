"""The tables [loadings], [risk] and [views]: the model that stands behind the portfolios."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from statefolio.commands.studies.field_types import (
    Count,
    FiniteOrTable,
    Groups,
    NotNegative,
    Positive,
    Table,
    VarianceOrTable,
    is_finite,
    number_or,
)


def _is_mean(value: object) -> bool:
    return is_finite(value) or (isinstance(value, list) and bool(value) and all(map(is_finite, value)))


def _is_covariance(value: object) -> bool:
    if is_finite(value):
        return value >= 0.0
    rows = value if isinstance(value, list) and value else [None]
    return all(isinstance(row, list) and len(row) == len(rows) and all(map(is_finite, row)) for row in rows)


def _start(value: object) -> object:
    if value == "diffuse":
        return value
    whole = isinstance(value, dict) and set(value) == {"mean", "covariance"}
    if whole and _is_mean(value["mean"]) and _is_covariance(value["covariance"]):  # type: ignore[index]
        return StartTable.model_construct(**value)  # type: ignore[arg-type]
    raise ValueError(
        '"diffuse", or { mean = 0.0, covariance = 0.1 }, was expected: numbers, or a list for (alpha and) the factors '
        "in order and a square list of lists"
    )


class StartTable(Table):
    """A given law of the loadings on an asset's first date: (alpha and) the factors in order."""

    mean: float | list[float]
    covariance: float | list[list[float]]


class LoadingsTable(Table):
    """[loadings]: options of `KalmanLoadings`, under the same names; what is left out takes its default."""

    dynamics: Literal["random_walk", "mean_reverting"] = "random_walk"
    tuning: Literal["pooled", "mle", "shrunk", "discount", "fixed"] = "pooled"
    noise: Literal["ewma", "constant", "discount"] = "ewma"
    tails: Literal["student", "gaussian"] = "student"
    common_volatility: bool = True
    intercept: bool = True
    start: Annotated[Literal["diffuse"] | StartTable, BeforeValidator(_start)] = "diffuse"
    before_prediction: bool = False
    state_variance: VarianceOrTable | None = None
    observation_variance: VarianceOrTable | None = None
    state_variance_scales: bool | None = None
    phi: FiniteOrTable | None = None
    mean: FiniteOrTable | None = None
    degrees_of_freedom: float | None = None
    memory: float | None = None
    volatility_exponent: float | None = None
    discount_factor: float | None = None


class RiskTable(Table):
    """[risk]: options of `FactorRisk`, under the same names."""

    factor_covariance: Literal["ewma", "regime"] = "ewma"
    idiosyncratic: Literal["shrunk", "model"] = "shrunk"
    factor_mean: Literal["mean", "zero"] = "mean"
    residual_structure: Literal["factors", "sectors", "none"] = "factors"
    uncertainty: bool = True
    groups: Groups | None = None
    volatility_half_life: Positive = 20.0
    correlation_half_life: Positive = 45.0
    correlation_shrinkage: Annotated[float, Field(ge=0.0, le=1.0)] = 0.05
    long_run_weight: NotNegative = 0.08
    min_observations: Count | None = None


class NoViews(Table):
    """No view of expected returns: enough for portfolios that only look at risk."""

    kind: Literal["none"] = "none"


class KalmanMeanViews(Table):
    """Expected returns as hidden states that revert to a mean: options of `KalmanMean`, under the same names."""

    kind: Literal["kalman_mean"]
    phi: Annotated[float | str, PlainValidator(number_or("tuned"))] = 0.99
    tuning: Literal["pooled", "mle", "shrunk"] = "pooled"
    signal_to_noise: Positive | None = None
    spread: Positive | None = None
    mean: Annotated[float | str, PlainValidator(number_or("pooled", "own"))] = "pooled"


class FactorPremiaViews(Table):
    """Premia of the factors times predicted loadings, plus alpha: options of `FactorPremia`, under the same names."""

    kind: Literal["factor_premia"]
    premia: Literal["constant", "shrunk", "moving"] = "constant"
    alpha: Literal["none", "both", "long", "short"] = "none"
    alpha_prior: Literal["zero", "cross_section"] = "zero"
    alpha_confidence: Annotated[float, Field(ge=0.5, lt=1.0)] = 0.5


ViewsTable = Annotated[NoViews | KalmanMeanViews | FactorPremiaViews, Field(discriminator="kind")]
