"""The table [risk]: the model of the covariance of returns."""

from typing import Annotated, Any, Literal

from pydantic import Field

from statefolio._options import Number, Whole
from statefolio.commands.studies.schema.field_types import (
    Count,
    File,
    Groups,
    Invalid,
    Matrix,
    NotNegative,
    Options,
    Positive,
    Table,
    Words,
    one_of,
    tables_by,
    valid,
    word_or_table,
)

_OMEGA = ("ewma", "regime")


def _factor_covariance(value: object) -> object:
    if isinstance(value, str) and value in _OMEGA:
        return value
    if isinstance(value, dict):
        return value
    raise Invalid(f"{one_of(*_OMEGA)}, or a table from each factor to a table of numbers with the same factors")


class RiskTable(Table):
    """[risk]: options of `FactorRisk`, under the same names and with the same defaults."""

    kind: Literal["factors"] = "factors"
    factor_covariance: Annotated[Literal["ewma", "regime"] | Matrix, Field(union_mode="left_to_right")] = "ewma"
    idiosyncratic: Annotated[str | dict[str, float], word_or_table("shrunk", "model", least=0.0)] = "shrunk"
    factor_mean: Annotated[str | dict[str, float], word_or_table("mean", "zero")] = "mean"
    residual_structure: Literal["factors", "sectors", "shrunk", "dynamic", "none"] = "factors"
    residual_options: Options = Field(default_factory=dict)
    uncertainty: bool = True
    groups: Groups | None = None
    volatility_half_life: Positive = 20.0
    correlation_half_life: Positive = 45.0
    correlation_shrinkage: Annotated[float, valid(Number(at_least=0.0, at_most=1.0))] = 0.05
    long_run_weight: NotNegative = 0.08
    horizon: Count = 1
    min_observations: Count | None = None


class CombinationTable(Table):
    """[risk]: factor risk combined with correlations of recent returns, `CovarianceCombination`."""

    kind: Literal["combination"]
    factors: RiskTable = RiskTable()
    weights: list[Positive] | None = None
    learn: bool = True
    calibrate: bool = False
    horizon: Count = 21


class ShrunkTable(Table):
    """[risk]: shrunk correlations of recent returns, without factors, `ShrunkCorrelation`."""

    kind: Literal["shrunk"]
    volatility_half_life: Positive = 40.0
    correlation_half_life: Positive = 252.0
    long_run_weight: NotNegative = 0.08
    shrinkage: bool = True
    window: Annotated[int, valid(Whole(at_least=2))] = 1512
    min_observations: Annotated[int, valid(Whole(at_least=2))] = 252


class DynamicTable(Table):
    """[risk]: dynamic conditional correlations, without factors, `DynamicCorrelation`."""

    kind: Literal["dynamic"]
    horizon: Count = 21
    shrinkage: bool = True
    pooling: Annotated[float, valid(Number(at_least=0.0, at_most=1.0))] = 0.5
    window: Annotated[int, valid(Whole(at_least=2))] = 1260
    min_observations: Annotated[int, valid(Whole(at_least=2))] = 252


class FileRisk(Table):
    """[risk]: covariances of a file, each used from the date on which it is known, `GivenCovariance`."""

    kind: Literal["file"]
    file: File
    horizon: Count = 1


class OwnRisk(Table):
    """[risk]: the caller's own model: a class as "module:Class", or the name of an entry point."""

    kind: Literal["own"]
    model: Words
    options: dict[str, Any] = Field(default_factory=dict)


RiskChoice = Annotated[
    RiskTable | CombinationTable | ShrunkTable | DynamicTable | FileRisk | OwnRisk,
    tables_by(
        "kind",
        RiskTable,
        CombinationTable,
        ShrunkTable,
        DynamicTable,
        FileRisk,
        OwnRisk,
        otherwise=RiskTable,
    ),
]
NEEDS_FACTORS = (RiskTable, CombinationTable)
"""Risk models of loadings on factors."""
