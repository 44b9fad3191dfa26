"""The table [loadings]: the model of loadings."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from statefolio._options import Number, Whole
from statefolio.commands.shared_options import CommonVolatility, ModelOptions, NoiseOption, TailsOption, Tuning
from statefolio.commands.studies.schema.field_types import (
    Count,
    FiniteOrTable,
    Invalid,
    Positive,
    Table,
    VarianceOrTable,
    is_finite,
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
    return value if value is None or value in ("diffuse", "panel") else read_start(value, '"diffuse", "panel" or ')


def read_start(value: object, instead: str = "") -> object:
    """Check a given start: a mean and a covariance."""
    if isinstance(value, StartTable):
        return value
    whole = isinstance(value, dict) and set(value) == {"mean", "covariance"}
    if whole and _is_mean(value["mean"]) and _is_covariance(value["covariance"]):  # type: ignore[index]
        return StartTable.model_construct(**value)  # type: ignore[arg-type]
    raise Invalid(
        f"{instead}{{ mean = 0.0, covariance = 0.1 }}, each a number, or a list (for alpha and the factors in order) "
        "and a square list of lists"
    )


class StartTable(Table):
    """A given distribution of the loadings on an asset's first date: alpha (if any) and the factors in order."""

    mean: float | list[float]
    covariance: float | list[list[float]]


class LoadingsTable(Table):
    """[loadings]: options of `KalmanLoadings`, under the same names and with the same defaults.

    Those that the command line has too are declared in `shared_options.py`.
    """

    kind: Literal["kalman"] = "kalman"
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
    slow_average: bool = True


class RollingTable(Table):
    """[loadings]: least squares over a rolling window, `RollingLoadings`."""

    kind: Literal["rolling"]
    window: Annotated[int, valid(Whole(at_least=2))] = 250
    min_observations: Count | None = None
    intercept: bool = True


class ExponentialTable(Table):
    """[loadings]: least squares with exponential weights, `ExponentialLoadings`."""

    kind: Literal["exponential"]
    half_life: Positive = 120.0
    intercept: bool = True


class StaticTable(Table):
    """[loadings]: least squares over all dates so far, `StaticLoadings`."""

    kind: Literal["static"]
    intercept: bool = True


LoadingsChoice = Annotated[
    LoadingsTable | RollingTable | ExponentialTable | StaticTable,
    tables_by("kind", LoadingsTable, RollingTable, ExponentialTable, StaticTable, otherwise=LoadingsTable),
]
