"""The options of `statefolio pairs` and `statefolio screen`."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from statefolio._options import Number, Whole
from statefolio.commands.options import Option, read_names
from statefolio.commands.shared_options import FileForm, First, Last, Output
from statefolio.exceptions import InputError

PriceFile = Annotated[Path, Option("Prices by asset: CSV or Parquet, wide or long.", file=True)]
Logs = Annotated[bool, Option("Use the logarithms of the prices.")]
Cost = Annotated[
    float,
    Option(
        "Cost of trading, as a share of the traded value, e.g. 0.0005.",
        Number(at_least=0.0, below=1.0, example=0.0005),
    ),
]
Level = Number(above=0.0, below=1.0, example=0.05)


def read_retune(name: str, text: str) -> int | str | None:
    """Read when hedges are tuned again: weekly, monthly, a number of dates, or never (None)."""
    if text in ("weekly", "monthly"):
        return text
    if text == "never":
        return None
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise InputError(f"{name} must be weekly, monthly, never or a number of dates, got {text}. Pass e.g. {name} 21.")


def read_bounds(name: str, text: str) -> tuple[float, float]:
    """Read two numbers, the smaller one first."""
    try:
        least, most = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"{name} must be two numbers of dates, got {text}. Pass e.g. {name} 1,126.") from error
    return least, most


Retune = Annotated[
    int | str | None,
    Option("When the hedges are tuned again.", metavar="weekly|monthly|N|never", read=read_retune),
]
FalseDiscoveryRate = Annotated[float, Option("False discovery rate.", Level)]
Correction = Annotated[
    Literal["by", "bh"], Option("Correction of Benjamini and Yekutieli, or of Benjamini and Hochberg.")
]
HalfLives = Annotated[
    tuple[float, float], Option("Shortest and longest half-life, in dates.", metavar="LEAST,MOST", read=read_bounds)
]


@dataclass(frozen=True, kw_only=True)
class BasketFile:
    """A file of prices, and the basket in it."""

    prices: PriceFile
    form: FileForm = field(default_factory=FileForm)
    assets: Annotated[
        tuple[str, ...],
        Option("The basket; the first asset is hedged by the others.", metavar="A,B,...", read=read_names),
    ]
    first: First = None
    last: Last = None


@dataclass(frozen=True, kw_only=True)
class UniverseFile:
    """A file of prices, and the assets of it that are screened."""

    prices: PriceFile
    form: FileForm = field(default_factory=FileForm)
    assets: Annotated[
        tuple[str, ...] | None, Option("Assets to screen.", metavar="A,B,...", read=read_names, default_text="all")
    ] = None
    first: First = None
    last: Last = None


@dataclass(frozen=True, kw_only=True)
class TradingOptions:
    """Options of the hedge, its rule, its costs and its capital, of every command that walks baskets forward."""

    files: BasketFile | UniverseFile
    tuning: Annotated[
        Literal["mle", "adaptive", "fixed", "static", "rolling"],
        Option(
            "The hedge: a Kalman filter by maximum likelihood, by adaptive tuning or with fixed parameters (Chan's "
            "--delta and --ve); static ratios (Johansen's); or least squares over a rolling window."
        ),
    ] = "mle"
    delta: Annotated[
        float | None,
        Option(
            "With fixed: the variance of each state is delta / (1 - delta).",
            Number(at_least=0.0, below=1.0, example=1e-4),
            default_text="0.0001, with --logs 0.00001",
        ),
    ] = None
    ve: Annotated[
        float | None,
        Option(
            "With fixed: the observation variance, in squared units of the first price or its logarithm.",
            Number(above=0.0, example=1e-3),
            default_text="0.001, with --logs 0.0000025",
        ),
    ] = None
    window: Annotated[
        int | None,
        Option("With rolling: the length of the window, in dates.", Whole(at_least=3, example=60), default_text="60"),
    ] = None
    passes: Annotated[int, Option("Most passes of the adaptive tuning.", Whole(at_least=1, example=2000))] = 2000
    retune: Retune = "weekly"
    lookback: Annotated[
        int | None,
        Option(
            "Dates over which the z-score compares the spread with its mean.",
            Whole(at_least=2, example=60),
            default_text="z-score of the innovation",
        ),
    ] = None
    rule: Annotated[
        Literal["bands", "linear", "bertram", "leung_li"],
        Option(
            "Trade at bands around the mean; hold one unit against every deviation (Chan's linear rule); or trade at "
            "the thresholds that are optimal for the spread before --start (Bertram 2010; Leung and Li 2015)."
        ),
    ] = "bands"
    entry: Annotated[float, Option("Standard deviations at which a position is opened.")] = 1.0
    leave: Annotated[float, Option("Standard deviations at which a position is closed.", name="--exit")] = 0.0
    stop: Annotated[float | None, Option("Standard deviations at which a position is stopped out.")] = None
    longest: Annotated[int | None, Option("Most dates that a position stays open.", Whole(at_least=1, example=60))] = (
        None
    )
    cost: Cost = 0.0
    borrow: Annotated[
        float, Option("Yearly fee on short positions, e.g. 0.01.", Number(at_least=0.0, example=0.01))
    ] = 0.0
    capital: Annotated[float, Option("Capital, in currency.", Number(above=0.0, example=1e6))] = 1_000_000.0
    logs: Logs = False


@dataclass(frozen=True, kw_only=True)
class PairsOptions(TradingOptions):
    """Options of `statefolio pairs`."""

    files: BasketFile
    start: Annotated[
        datetime | None, Option("First date of the walk.", default_text="after six tenths of the dates with all prices")
    ] = None
    draws: Annotated[
        int, Option("Simulated baskets without cointegration that calibrate the verdict; 0 leaves out the verdict.")
    ] = 500
    seed: Annotated[int, Option("Seed of the simulation.", Whole(at_least=0))] = 0
    discount: Annotated[
        float,
        Option("Yearly discount rate of --rule leung_li.", Number(above=0.0, below=1.0, example=0.05)),
    ] = 0.05
    grid: Annotated[
        bool,
        Option("Compare rules, and every combination of entry, exit and look-back, each counted as a trial."),
    ] = False
    output: Output


@dataclass(frozen=True, kw_only=True)
class PairsUpdateOptions:
    """Options of `statefolio pairs update`."""

    basket: Annotated[
        Path,
        Option(
            "The folder that `statefolio pairs` wrote, or its basket.state.",
            argument=True,
            file=True,
            if_missing="Run `statefolio pairs` first.",
        ),
    ]
    prices: PriceFile
    form: FileForm = field(default_factory=FileForm)
    holdings: Annotated[
        Path | None,
        Option(
            "The shares you hold, CSV or Parquet with the columns asset and shares.",
            file=True,
            default_text="those of the last update",
        ),
    ] = None
    capital: Annotated[
        float | None,
        Option("Capital, in currency.", Number(above=0.0, example=1e6), default_text="as before"),
    ] = None
    force: Annotated[bool, Option("Accept new prices that look like a split.")] = False


@dataclass(frozen=True, kw_only=True)
class Screening:
    """Options of `screen_pairs`, under the same names and with the same defaults."""

    until: Annotated[
        datetime | None, Option("Last date of the search; later dates confirm.", default_text="nothing is confirmed")
    ] = None
    confirm: Annotated[datetime | None, Option("Last date of the confirmation.", default_text="the last date")] = None
    triples: Annotated[
        list[tuple[str, ...]] | None,
        Option("A triple to test too; repeatable.", name="--triple", metavar="A,B,C", read=read_names, repeated=True),
    ] = None
    hedged: Annotated[Literal["each", "first"], Option("Hedge each asset of a basket in turn, or the first.")] = "each"
    fdr: FalseDiscoveryRate = 0.05
    correction: Correction = "by"
    half_life: HalfLives = (1.0, 126.0)
    cost: Cost = 0.0
    entry: Annotated[
        float, Option("Standard deviations at which a round trip begins.", Number(above=0.0, example=1.0))
    ] = 1.0
    confirm_level: Annotated[float, Option("Significance level of the confirmation.", Level)] = 0.05
    lags: Annotated[int | None, Option("Lags of the tests.", Whole(at_least=0), default_text="chosen by AIC")] = None
    logs: Logs = False


@dataclass(frozen=True, kw_only=True)
class ScreenOptions:
    """Options of `statefolio screen`."""

    files: UniverseFile
    screening: Screening = Screening()
    output: Output


@dataclass(frozen=True, kw_only=True)
class PortfolioOptions(TradingOptions):
    """Options of `statefolio pairs portfolio`; cost, entry and logarithms are also those of the screen."""

    files: UniverseFile
    tuning: Annotated[
        Literal["static", "rolling", "fixed", "mle", "adaptive"],
        Option("The hedge of every basket, as in `pairs`; static and rolling ones are fast, mle is slow."),
    ] = "static"
    retune: Retune = "monthly"
    rule: Annotated[
        Literal["bands", "linear"],
        Option("Trade at bands around the mean, or hold one unit against every deviation (Chan's linear rule)."),
    ] = "bands"
    until: Annotated[datetime, Option("Last date of the screen; baskets are traded from the next date on.")]
    most: Annotated[
        int | None,
        Option(
            "Trade this number of baskets with the smallest p-values, whether or not they pass --fdr.",
            Whole(at_least=1, example=10),
            default_text="all that pass",
        ),
    ] = None
    fdr: FalseDiscoveryRate = 0.05
    correction: Correction = "by"
    half_life: HalfLives = (1.0, 126.0)
    capital_by: Annotated[
        Literal["inverse_risk", "risk_budget", "equal"],
        Option("Capital in inverse proportion to risk, with equal contributions to the risk, or equal."),
    ] = "inverse_risk"
    risk_window: Annotated[int, Option("Dates from which the risk is estimated.", Whole(at_least=20, example=126))] = (
        126
    )
    stop_loss: Annotated[
        float | None,
        Option(
            "Close a basket's position that has lost this share of its capital, e.g. 0.05.",
            Number(above=0.0, below=1.0, example=0.05),
        ),
    ] = None
    draws: Annotated[int, Option("Random portfolios to compare with; 0 leaves out the comparison.")] = 500
    pool: Annotated[
        int, Option("Random baskets from which these portfolios are drawn.", Whole(at_least=1, example=100))
    ] = 100
    seed: Annotated[int, Option("Seed of the draws.", Whole(at_least=0))] = 0
    output: Output
