"""The options of `statefolio risk`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from statefolio._options import Number, Whole
from statefolio.commands.options import Option
from statefolio.commands.shared_options import ModelOptions, Output, PanelFiles, SplitDates, TuningOption

WeightsUnit = Literal["share", "percent", "currency"]


@dataclass(frozen=True, kw_only=True)
class PortfolioOptions:
    """The portfolio's name and value, and what it is compared with."""

    portfolio_name: Annotated[
        str | None, Option("Name of the portfolio.", default_text="the name of the file of weights")
    ] = None
    portfolio_value: Annotated[
        float | None, Option("Value of the portfolio in currency.", Number(above=0.0, example=1_000_000))
    ] = None
    weights_unit: Annotated[
        WeightsUnit | None,
        Option("Unit of the weights: shares of the value (0.05 = 5 %), percent, or amounts of money."),
    ] = None
    benchmark: Annotated[
        Path | None, Option("Weights of a benchmark, a file as --weights: also measure active risk.", file=True)
    ] = None
    scenario: Annotated[
        list[str] | None,
        Option(
            "Factor returns in decimals, e.g. market=-0.1 or crash:market=-0.1,value=0.02; may be given several times.",
            metavar="FACTOR=RETURN",
            repeated=True,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class RiskOptions:
    """Options of `statefolio risk`."""

    files: PanelFiles
    weights: Annotated[Path, Option("The portfolio: CSV or Parquet with the columns asset and weight.", file=True)]
    portfolio: PortfolioOptions = field(default_factory=PortfolioOptions)
    groups: Annotated[
        Path | None, Option("The sector of each asset: CSV or Parquet with the columns asset and sector.", file=True)
    ] = None
    weights_sum: Annotated[float | None, Option("The sum that the weights must have.", Number(example=1.0))] = None
    dates: SplitDates = field(default_factory=SplitDates)
    tuning: TuningOption = ModelOptions.tuning
    refit_every: Annotated[
        int, Option("Dates between two covariance forecasts in the validation.", Whole(at_least=1, example=21))
    ] = 21
    quick: Annotated[bool, Option("Measure the risk alone: no tests of the model, no validation, no ranking.")] = False
    dense: Annotated[bool, Option("Also write the covariance matrix of the assets.")] = False
    output: Output
