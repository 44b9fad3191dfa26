"""The options of `statefolio risk`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from statefolio._options import Whole
from statefolio.commands.options import Option
from statefolio.commands.shared_options import ModelOptions, Output, PanelFiles, SplitDates, TuningOption


@dataclass(frozen=True, kw_only=True)
class RiskOptions:
    """Options of `statefolio risk`."""

    files: PanelFiles
    weights: Annotated[Path, Option("The portfolio: CSV or Parquet with the columns asset and weight.")]
    groups: Annotated[
        Path | None, Option("The sector of each asset: CSV or Parquet with the columns asset and sector.")
    ] = None
    weights_sum: Annotated[float | None, Option("The sum that the weights must have.")] = None
    dates: SplitDates = field(default_factory=SplitDates)
    tuning: TuningOption = ModelOptions.tuning
    refit_every: Annotated[
        int, Option("Dates between two covariance forecasts in the validation.", Whole(at_least=1, example=21))
    ] = 21
    dense: Annotated[bool, Option("Also write the covariance matrix of the assets.")] = False
    output: Output
