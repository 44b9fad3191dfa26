"""The table [views]: the model of expected returns."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from statefolio._options import Number
from statefolio.commands.studies.schema.data_tables import FormTable
from statefolio.commands.studies.schema.field_types import (
    Confidence,
    Count,
    CountOrZero,
    File,
    Invalid,
    NotNegative,
    Positive,
    Table,
    VarianceOrTable,
    Words,
    is_finite,
    number_or,
    number_or_table,
    tables_by,
    valid,
)
from statefolio.commands.studies.schema.model_tables import StartTable, read_start

_MEAN = ("pooled", "own")


def _mean(value: object) -> object:
    if (
        is_finite(value)
        or value in _MEAN
        or (isinstance(value, dict) and value and all(map(is_finite, value.values())))
    ):
        return value
    raise Invalid('a number, "pooled", "own", or a table from assets to numbers')


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
    state_covariance: VarianceOrTable | None = None
    observation_covariance: VarianceOrTable | None = None
    mean: Annotated[float | str | dict[str, float], BeforeValidator(_mean)] = "pooled"
    start: Annotated[StartTable, BeforeValidator(read_start)] | None = None
    before_prediction: bool = False


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
    long_half_life: Annotated[float | str | None, number_or("learned")] = None
    short_half_life: Annotated[float | str | None, number_or("learned")] = None
    long_confidence: Confidence = 0.5
    short_confidence: Confidence = 0.8
    borrow: VarianceOrTable | None = None
    squeeze: NotNegative = 0.05
    holding_period: Annotated[float, valid(Number(at_least=1.0))] = 21.0
    periods_per_year: Positive = 252.0


class FileViews(Table):
    """Expected returns of a file, each used from the date on which it is known: options of `GivenViews`."""

    kind: Literal["file"]
    file: File
    form: FormTable = FormTable()
    horizon: Count = 1
    error: Annotated[float | dict[str, float], number_or_table(Number(at_least=0.0))] = 0.0
    max_age: CountOrZero | None = None
    absent: Literal["leave_out", "zero"] = "leave_out"


class OwnViews(Table):
    """The caller's own view: a class as "module:Class", or the name of an entry point."""

    kind: Literal["own"]
    model: Words
    options: dict[str, Any] = Field(default_factory=dict)


ViewsTable = Annotated[
    NoViews | KalmanMeanViews | FactorPremiaViews | AsymmetricAlphaViews | FileViews | OwnViews,
    tables_by("kind", NoViews, KalmanMeanViews, FactorPremiaViews, AsymmetricAlphaViews, FileViews, OwnViews),
]
