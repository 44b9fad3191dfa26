"""The tables [loadings], [risk] and [views]: the models of loadings, risk and expected returns."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from statefolio._options import Number
from statefolio.commands.shared_options import CommonVolatility, ModelOptions, NoiseOption, TailsOption, Tuning
from statefolio.commands.studies.schema.field_types import (
    Confidence,
    Count,
    FiniteOrTable,
    Groups,
    Invalid,
    NotNegative,
    Positive,
    Table,
    VarianceOrTable,
    is_finite,
    number_or,
    tables_by,
    valid,
)


def _is_mean(value: object) -> bool:
    return is_finite(value) or (isinstance(value, list) and bool(value) and all(map(is_finite, value)))


def _is_covariance(value: object) -> bool:
    if is_finite(value):
        return Number(at_least=0.0).accepts(value)
    rows = value if isinstance(value, list) and value else [None]
    return all(isinstance(row, list) and len(row) == len(rows) and all(map(is_finite, row)) for row in rows)


def _start(value: object) -> object:
    if value is None or value in ("diffuse", "panel"):
        return value
    whole = isinstance(value, dict) and set(value) == {"mean", "covariance"}
    if whole and _is_mean(value["mean"]) and _is_covariance(value["covariance"]):  # type: ignore[index]
        return StartTable.model_construct(**value)  # type: ignore[arg-type]
    raise Invalid(
        '"diffuse", "panel" or { mean = 0.0, covariance = 0.1 }, each a number, or a list (for alpha and the factors '
        "in order) and a square list of lists"
    )


class StartTable(Table):
    """A given distribution of the loadings on an asset's first date: alpha (if any) and the factors in order."""

    mean: float | list[float]
    covariance: float | list[list[float]]


class LoadingsTable(Table):
    """[loadings]: options of `KalmanLoadings`, under the same names and with the same defaults.

    Those that the command line has too are declared in `shared_options.py`.
    """

    dynamics: Literal["panel_reverting", "mean_reverting", "random_walk"] | None = None
    tuning: Literal[Tuning, "fixed"] = ModelOptions.tuning
    noise: NoiseOption = ModelOptions.noise
    tails: TailsOption = ModelOptions.tails
    common_volatility: CommonVolatility = ModelOptions.common_volatility
    factor_moves: bool | float = True
    intercept: bool = True
    start: Annotated[Literal["diffuse", "panel"] | StartTable | None, BeforeValidator(_start)] = None
    before_prediction: bool = False
    state_variance: VarianceOrTable | None = None
    observation_variance: VarianceOrTable | None = None
    state_variance_scales: bool | None = None
    phi: FiniteOrTable | None = None
    mean: FiniteOrTable | None = None
    degrees_of_freedom: float | None = None
    memory: float | None = None
    fast_memory: float | None = None
    fast_weight: float | None = None
    surprise_scale: float | None = None
    volatility_exponent: float | list[float] | None = None
    discount_factor: float | None = None
    parameter_uncertainty: bool = True


class RiskTable(Table):
    """[risk]: options of `FactorRisk`, under the same names and with the same defaults."""

    factor_covariance: Literal["ewma", "regime"] = "ewma"
    idiosyncratic: Literal["shrunk", "model"] = "shrunk"
    factor_mean: Literal["mean", "zero"] = "mean"
    residual_structure: Literal["factors", "sectors", "none"] = "factors"
    uncertainty: bool = True
    groups: Groups | None = None
    volatility_half_life: Positive = 20.0
    correlation_half_life: Positive = 45.0
    correlation_shrinkage: Annotated[float, valid(Number(at_least=0.0, at_most=1.0))] = 0.05
    long_run_weight: NotNegative = 0.08
    horizon: Count = 1
    min_observations: Count | None = None


class NoViews(Table):
    """No expected returns: enough for portfolios that depend on risk alone."""

    kind: Literal["none"] = "none"


class KalmanMeanViews(Table):
    """Expected returns as hidden states that revert to a mean: options of `KalmanMean`, under the same names."""

    kind: Literal["kalman_mean"]
    phi: Annotated[float | str, number_or("tuned")] = 0.99
    tuning: Literal["pooled", "mle", "shrunk"] = "pooled"
    signal_to_noise: Positive | None = None
    spread: Positive | None = None
    mean: Annotated[float | str, number_or("pooled", "own")] = "pooled"


class FactorPremiaViews(Table):
    """Factor premia times predicted loadings, plus alpha: options of `FactorPremia`, under the same names."""

    kind: Literal["factor_premia"]
    premia: Literal["constant", "shrunk", "moving"] = "constant"
    alpha: Literal["none", "both", "long", "short"] = "none"
    alpha_prior: Literal["zero", "cross_section"] = "zero"
    alpha_confidence: Confidence = 0.5


class AsymmetricAlphaViews(Table):
    """Long and short alphas of other views apart: options of `AsymmetricAlpha`, under the same names.

    Without a `borrow` of its own it charges that of the back-test.
    """

    kind: Literal["asymmetric_alpha"]
    view: Annotated[KalmanMeanViews | FactorPremiaViews, tables_by("kind", KalmanMeanViews, FactorPremiaViews)] = (
        FactorPremiaViews(kind="factor_premia", alpha="both")
    )
    long_scale: Annotated[float | str, number_or("learned")] = "learned"
    short_scale: Annotated[float | str, number_or("learned")] = "learned"
    long_half_life: Positive | None = None
    short_half_life: Positive | None = None
    long_confidence: Confidence = 0.5
    short_confidence: Confidence = 0.8
    borrow: VarianceOrTable | None = None
    squeeze: NotNegative = 0.05
    holding_period: Annotated[float, valid(Number(at_least=1.0))] = 21.0
    periods_per_year: Positive = 252.0


ViewsTable = Annotated[
    NoViews | KalmanMeanViews | FactorPremiaViews | AsymmetricAlphaViews,
    tables_by("kind", NoViews, KalmanMeanViews, FactorPremiaViews, AsymmetricAlphaViews),
]
