"""Options that several commands share."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DATES = ["%Y-%m-%d"]
DATE = "YYYY-MM-DD"


class Tuning(StrEnum):
    """How variances of the loadings' steps are found."""

    pooled = "pooled"
    shrunk = "shrunk"
    mle = "mle"
    discount = "discount"


Returns = Annotated[Path, typer.Option(help="Returns by asset, in decimals: CSV or Parquet, wide or long.")]
Factors = Annotated[Path, typer.Option(help="Returns by factor, in decimals, on the same dates.")]
Prices = Annotated[bool, typer.Option("--prices", help="The file of returns holds prices.")]
RiskFree = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column of the factors to subtract from the returns.")
]
First = Annotated[datetime | None, typer.Option("--from", formats=DATES, metavar=DATE, help="First date.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=DATES, metavar=DATE, help="Last date.")]
TuneUntil = Annotated[
    datetime | None, typer.Option(formats=DATES, metavar=DATE, help="Learn hyper-parameters up to this date only.")
]
TestFrom = Annotated[
    datetime | None, typer.Option(formats=DATES, metavar=DATE, help="Compare models from this date on.")
]
Variances = Annotated[Tuning, typer.Option(help="How the loadings' variances are found.")]
Out = Annotated[Path, typer.Option(help="The folder to make.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what a former run wrote.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted.")]
