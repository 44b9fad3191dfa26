"""The options of `statefolio demo`, `init`, `run` and `update`."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from statefolio._options import Number
from statefolio.commands.options import Option
from statefolio.commands.shared_options import (
    FactorsForm,
    FactorsPercent,
    FileForm,
    Overwrite,
    Percent,
    Prices,
    RiskFree,
)

NO_STUDY = "Check the path, or write a study file with `statefolio init`."


@dataclass(frozen=True, kw_only=True)
class StudyOutput:
    """The folder of a study's results, and what happens to earlier runs."""

    out: Annotated[
        Path | None,
        Option("Folder to write the results into.", default_text="NAME-results next to the study file"),
    ] = None
    overwrite: Overwrite = False
    resume: Annotated[bool, Option("Continue a run that was interrupted.")] = False


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Options of `statefolio demo`."""

    output: StudyOutput = StudyOutput(out=Path("statefolio-demo"))


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """Options of `statefolio init`."""

    path: Annotated[Path, Option("The file to write, or the folder to write study.toml into.", argument=True)] = Path(
        "study.toml"
    )


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of `statefolio run`."""

    study: Annotated[
        Path,
        Option("The study file; `statefolio init` writes an example.", argument=True, file=True, if_missing=NO_STUDY),
    ]
    output: StudyOutput = StudyOutput()
    open_holdout: Annotated[
        bool, Option("Also score the holdout. The opening is recorded; a holdout is meant to be opened once.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class UpdateOptions:
    """Options of `statefolio update`."""

    study: Annotated[
        Path | None,
        Option(
            "A study file: walk it to the last date of its data and print the orders.",
            argument=True,
            file=True,
            if_missing=NO_STUDY,
        ),
    ] = None
    model: Annotated[
        Path | None,
        Option(
            "Instead of a study: a model that `statefolio loadings` saved, to continue and replace; a backup is kept.",
            file=True,
        ),
    ] = None
    store: Annotated[
        Path | None, Option("Instead of a study: a store of loadings, to which the new dates are appended.")
    ] = None
    returns: Annotated[
        Path | None, Option("With --model or --store: returns by asset, as for `loadings`.", file=True)
    ] = None
    factors: Annotated[
        list[Path] | None,
        Option("With --model or --store: returns by factor; may be given several times.", repeated=True, file=True),
    ] = None
    form: FileForm = field(default_factory=FileForm)
    factors_form: FactorsForm = None
    prices: Prices = False
    percent: Percent = False
    factors_percent: FactorsPercent = False
    risk_free: RiskFree = None
    holdings: Annotated[
        Path | None,
        Option("With a study: the shares you hold, CSV or Parquet with the columns asset and shares.", file=True),
    ] = None
    cash: Annotated[
        float | None,
        Option(
            "With a study: the cash you hold, in currency. Without --holdings: the account is all in cash.", Number()
        ),
    ] = None
    as_of: Annotated[
        datetime | None,
        Option(
            "With a study: the date of the orders; later data are not read. Default: data.to, or the bundled data's "
            "last date, or today."
        ),
    ] = None
    force: Annotated[
        bool,
        Option(
            "With a study: make orders although prices or factors are old. With --model: accept returns that look like "
            "percent or prices, or another risk-free rate than before."
        ),
    ] = False
    portfolio: Annotated[
        str | None, Option("With a study: the portfolio to make orders for.", default_text="all of them")
    ] = None
    orders: Annotated[Path | None, Option("With a study: also write the orders to this CSV file.")] = None
    broker_format: Annotated[
        Literal["statefolio", "generic", "interactive-brokers", "fix"],
        Option(
            "The form of the file of orders: the own one, which `reconcile` reads; a plain one; Interactive Brokers' "
            "BasketTrader; columns named as FIX fields. Market orders of the day."
        ),
    ] = "statefolio"
    currency: Annotated[str, Option("The currency that a broker's form names.")] = "USD"
