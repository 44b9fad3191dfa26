"""Option records that several commands share: files of a panel, dates, the model, the folder of results."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from statefolio.commands.options import Option

Prices = Annotated[bool, Option("The file of returns holds prices.")]
Percent = Annotated[bool, Option("The file of returns holds percent.")]
FactorsPercent = Annotated[bool, Option("The files of factors hold percent.")]
RiskFree = Annotated[
    str | None, Option("Column of the factors that is the risk-free rate; it is subtracted.", metavar="COLUMN")
]
First = Annotated[datetime | None, Option("First date to read.", name="--from")]
Last = Annotated[datetime | None, Option("Last date to read.", name="--to")]
Overwrite = Annotated[bool, Option("Replace the results of an earlier run.")]

Tuning = Literal["pooled", "mle", "shrunk", "discount"]
Noise = Literal["multi_speed", "ewma", "constant", "discount"]
Tails = Literal["student", "gaussian"]
TuningOption = Annotated[Tuning, Option("How the variances of the loadings' daily steps are estimated.")]
NoiseOption = Annotated[Noise, Option("How the observation variance moves.")]
TailsOption = Annotated[Tails, Option("Distribution of the observation noise.")]
CommonVolatility = Annotated[bool, Option("Scale all assets' noise by a common volatility level.")]


FactorsForm = Annotated[
    list[str] | None,
    Option(
        "How the file of factors is written, in the words above, e.g. date-format=%d/%m/%Y; may be given several "
        "times.",
        metavar="WORD=VALUE",
        repeated=True,
    ),
]


@dataclass(frozen=True, kw_only=True)
class FileForm:
    """How the file of returns or prices is written, where that is not clear from it; as `read_prices` takes it."""

    layout: Annotated[
        Literal["auto", "wide", "long"], Option("One column per asset, or one row per asset and date.")
    ] = "auto"
    date: Annotated[str | None, Option("Column of the dates.", metavar="COLUMN")] = None
    asset: Annotated[str | None, Option("Column of the assets of a long table.", metavar="COLUMN")] = None
    value: Annotated[
        str | None, Option("Column of the values of a long table, or the field of a table of fields.", metavar="COLUMN")
    ] = None
    date_format: Annotated[str | None, Option("Format of the dates, e.g. %d/%m/%Y.", metavar="FORMAT")] = None
    decimal: Annotated[Literal[".", ","] | None, Option("The decimal mark.")] = None
    separator: Annotated[str | None, Option("The character between values: , ; | or tab.", metavar="CHARACTER")] = None
    sheet: Annotated[str | None, Option("Sheet of a workbook.", metavar="NAME")] = None
    missing: Annotated[
        list[str] | None, Option("Text for a missing value; may be given several times.", metavar="TEXT", repeated=True)
    ] = None


@dataclass(frozen=True, kw_only=True)
class PanelFiles:
    """Files of returns and factors, and how to read them."""

    returns: Annotated[Path, Option("Returns by asset, in decimals: CSV or Parquet, wide or long.", file=True)]
    factors: Annotated[
        list[Path],
        Option(
            "Returns by factor, in decimals, on the same dates; french:5-daily+momentum; or PLUG-IN:TEXT. May be "
            "given several times: they are joined on their dates.",
            repeated=True,
            file=True,
        ),
    ]
    form: FileForm = FileForm()
    factors_form: FactorsForm = None
    prices: Prices = False
    percent: Percent = False
    factors_percent: FactorsPercent = False
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
    noise: NoiseOption = "multi_speed"
    tails: TailsOption = "student"
    common_volatility: CommonVolatility = True


@dataclass(frozen=True, kw_only=True)
class Output:
    """The folder of results."""

    out: Annotated[Path, Option("Folder to write the results into.")]
    overwrite: Overwrite = False
