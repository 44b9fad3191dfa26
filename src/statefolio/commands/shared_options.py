"""Option records that several commands share: files of a panel, dates, the model, the folder of results."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from statefolio.commands.options import Option

Prices = Annotated[bool, Option("The file of returns holds prices.")]
RiskFree = Annotated[
    str | None, Option("Column of the factors that is the risk-free rate; it is subtracted.", metavar="COLUMN")
]
First = Annotated[datetime | None, Option("First date to read.", name="--from")]
Last = Annotated[datetime | None, Option("Last date to read.", name="--to")]
Overwrite = Annotated[bool, Option("Replace the results of an earlier run.")]

Tuning = Literal["pooled", "mle", "shrunk", "discount"]
Noise = Literal["ewma", "constant", "discount"]
Tails = Literal["student", "gaussian"]
TuningOption = Annotated[Tuning, Option("How the variances of the loadings' daily steps are estimated.")]
NoiseOption = Annotated[Noise, Option("How the observation variance moves.")]
TailsOption = Annotated[Tails, Option("Distribution of the observation noise.")]
CommonVolatility = Annotated[bool, Option("Scale all assets' noise by a common volatility level.")]


@dataclass(frozen=True, kw_only=True)
class PanelFiles:
    """Files of returns and factors, and how to read them."""

    returns: Annotated[Path, Option("Returns by asset, in decimals: CSV or Parquet, wide or long.")]
    factors: Annotated[Path, Option("Returns by factor, in decimals, on the same dates.")]
    prices: Prices = False
    risk_free: RiskFree = None
    first: First = None
    last: Last = None


@dataclass(frozen=True, kw_only=True)
class SplitDates:
    """The dates that separate tuning from the comparison out of sample."""

    tune_until: Annotated[datetime | None, Option("Last date that hyper-parameters are tuned on.")] = None
    test_from: Annotated[datetime | None, Option("First date of the comparison out of sample.")] = None


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Options of `KalmanLoadings`, with the same names and defaults. The table [loadings] has them too."""

    tuning: TuningOption = "pooled"
    noise: NoiseOption = "ewma"
    tails: TailsOption = "student"
    common_volatility: CommonVolatility = True


@dataclass(frozen=True, kw_only=True)
class Output:
    """The folder of results."""

    out: Annotated[Path, Option("Folder to write the results into.")]
    overwrite: Overwrite = False
