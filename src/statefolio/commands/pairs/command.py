"""Commands on cointegrated baskets: pairs, screen."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from statefolio.commands.app import app, guarded
from statefolio.commands.options import DATE, DATES, First, Last, Out, Overwrite

if TYPE_CHECKING:
    from statefolio.backtest.calendar import Rebalance


class HedgeTuning(StrEnum):
    """How a Kalman hedge is tuned."""

    mle = "mle"
    adaptive = "adaptive"


class Hedged(StrEnum):
    """Which asset of a basket is hedged by the others."""

    each = "each"
    first = "first"


class Correction(StrEnum):
    """How false discoveries are counted."""

    by = "by"
    bh = "bh"


PriceFile = Annotated[Path, typer.Option(help="Prices by asset: CSV or Parquet, wide or long.")]
Logs = Annotated[bool, typer.Option("--logs", help="Take the prices' logarithms.")]


@app.command()
def pairs(
    prices: PriceFile,
    assets: Annotated[str, typer.Option(metavar="A,B,...", help="The basket; the first is hedged by the others.")],
    out: Out,
    tuning: Annotated[HedgeTuning, typer.Option(help="How the hedge is tuned.")] = HedgeTuning.mle,
    passes: Annotated[int, typer.Option(help="Of the adaptive recipe, at most.")] = 2000,
    retune: Annotated[
        str, typer.Option(metavar="weekly|monthly|N|never", help="How often hedges learn anew in the walk.")
    ] = "weekly",
    start: Annotated[
        datetime | None,
        typer.Option(formats=DATES, metavar=DATE, help="First date of the walk; by default after six tenths."),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Baskets that are not cointegrated, to calibrate the verdict with; 0: no verdict.")
    ] = 500,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    entry: Annotated[float, typer.Option(help="Deviations at which a position is taken.")] = 1.0,
    leave: Annotated[float, typer.Option("--exit", help="Deviations at which it is left.")] = 0.0,
    stop: Annotated[float | None, typer.Option(help="Deviations at which it is given up.")] = None,
    longest: Annotated[int | None, typer.Option(help="Dates after which it is given up.")] = None,
    cost: Annotated[float, typer.Option(help="Of trading, as a share of what is traded, e.g. 0.0005.")] = 0.0,
    borrow: Annotated[float, typer.Option(help="Annual fee on what is short, e.g. 0.01.")] = 0.0,
    capital: Annotated[float, typer.Option(help="In currency.")] = 1_000_000.0,
    logs: Logs = False,
    first: First = None,
    last: Last = None,
    overwrite: Overwrite = False,
) -> None:
    """Hedge a basket, judge whether it reverts, walk it forward, and say what to hold today."""

    def job() -> None:
        from statefolio.commands.output_folder import check_folder
        from statefolio.commands.pairs.job import FILES, PairsPlan, run_pairs
        from statefolio.commands.pairs.price_inputs import PriceSource, read_price_inputs
        from statefolio.commands.pairs.shown import show_pairs
        from statefolio.commands.terminal import Screen
        from statefolio.pairs.trading.rules import Bands

        plan = PairsPlan(
            out,
            overwrite,
            tuning=tuning.value,
            passes=passes,
            retune=_retune(retune),
            start=start,
            draws=draws,
            seed=seed,
            rule=Bands(entry, leave, stop, longest),
            cost=cost,
            borrow=borrow,
            capital=capital,
            logs=logs,
        )
        check_folder(out, FILES, overwrite=overwrite)
        with Screen() as screen:
            inputs = read_price_inputs(PriceSource(prices, _names(assets), first, last))
            screen.read(inputs)
            show_pairs(screen, run_pairs(inputs, plan, screen))

    guarded(job)


@app.command()
def screen(
    prices: PriceFile,
    out: Out,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=DATES, metavar=DATE, help="Last date to search on; later ones confirm. None: nothing is confirmed."
        ),
    ] = None,
    confirm: Annotated[
        datetime | None, typer.Option(formats=DATES, metavar=DATE, help="Last date that confirms.")
    ] = None,
    assets: Annotated[str | None, typer.Option(metavar="A,B,...", help="Screen these; by default all.")] = None,
    triple: Annotated[list[str] | None, typer.Option(metavar="A,B,C", help="A triple to test too; repeatable.")] = None,
    hedged: Annotated[Hedged, typer.Option(help="Hedge each asset of a basket in turn, or the first.")] = Hedged.each,
    fdr: Annotated[float, typer.Option(help="False discovery rate.")] = 0.05,
    correction: Annotated[
        Correction, typer.Option(help="Benjamini and Yekutieli, or Benjamini and Hochberg.")
    ] = Correction.by,
    half_life: Annotated[str, typer.Option(metavar="LEAST,MOST", help="Dates to come half way back.")] = "1,126",
    cost: Annotated[float, typer.Option(help="Of trading, as a share of what is traded, e.g. 0.0005.")] = 0.0,
    entry: Annotated[float, typer.Option(help="Deviations at which a round trip begins.")] = 1.0,
    confirm_level: Annotated[float, typer.Option(help="Level of the later test.")] = 0.05,
    lags: Annotated[int | None, typer.Option(help="Of the tests; by default chosen from the data.")] = None,
    logs: Logs = False,
    first: First = None,
    last: Last = None,
    overwrite: Overwrite = False,
) -> None:
    """Test all pairs of a universe, filter them, and confirm what is left on a later period."""

    def job() -> None:
        from statefolio.commands.output_folder import check_folder
        from statefolio.commands.pairs.price_inputs import PriceSource, read_price_inputs
        from statefolio.commands.pairs.screen_job import FILES, ScreenPlan, run_screen
        from statefolio.commands.pairs.shown import show_screen
        from statefolio.commands.terminal import Screen

        options = {
            "until": until,
            "confirm": confirm,
            "triples": [_names(one) for one in triple] if triple else None,
            "hedged": hedged.value,
            "fdr": fdr,
            "correction": correction.value,
            "half_life": _bounds(half_life),
            "cost": cost,
            "entry": entry,
            "confirm_level": confirm_level,
            "lags": lags,
            "logs": logs,
        }
        check_folder(out, FILES, overwrite=overwrite)
        with Screen() as shown:
            inputs = read_price_inputs(PriceSource(prices, None if assets is None else _names(assets), first, last))
            shown.read(inputs)
            show_screen(shown, run_screen(inputs, ScreenPlan(out, overwrite, options), shown))

    guarded(job)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _retune(text: str) -> "Rebalance | None":
    """Read how often hedges learn anew."""
    from statefolio.exceptions import InputError

    if text == "never":
        return None
    if text == "weekly":
        return "weekly"
    if text == "monthly":
        return "monthly"
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise InputError(f"--retune {text} came; weekly, monthly, never or a number of dates was expected.")


def _bounds(text: str) -> tuple[float, float]:
    """Read the least and the most dates of a half-life."""
    from statefolio.exceptions import InputError

    try:
        least, most = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(
            f"--half-life {text} came; the least and the most dates were expected, e.g. --half-life 1,126."
        ) from error
    return least, most
