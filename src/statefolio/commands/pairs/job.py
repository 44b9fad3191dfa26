"""The job on one basket: hedge it, judge whether it reverts, walk forward, say what to hold; one folder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from pathlib import Path

import pandas as pd
from sklearn.base import clone

from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.commands.listener import Listener
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.pairs.price_inputs import PriceInputs
from statefolio.commands.pairs.tables import write_tables
from statefolio.exceptions import InputError
from statefolio.pairs.cointegration.basket_tests import cointegration_tests
from statefolio.pairs.cointegration.results import CointegrationTests
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.trading.rules import Bands, Rule
from statefolio.pairs.trading.signals import z_score
from statefolio.pairs.trading.today import position_today
from statefolio.pairs.trading.walk_forward import BasketWalk, usual_hedges, walk_baskets
from statefolio.pairs.verdict.verdict import FEWEST_DRAWS, Verdict, judge_basket
from statefolio.report import write_report
from statefolio.report.pairs.basket_chapters import basket_chapters, basket_tiles
from statefolio.report.pairs.basket_results import BasketResults

FILES = frozenset(
    {
        "draws.csv",
        "hedge.csv",
        "levels.csv",
        "parameters.csv",
        "positions.csv",
        "report.html",
        "tests.csv",
        "trace.csv",
        "value.csv",
        "verdict.csv",
        "verdict.txt",
        "walk.csv",
        "weights.csv",
    }
)
TEST_SHARE = 0.4
"""The last share of the dates is walked where the caller names no start."""
REPEATED_PASSES = 200
"""At most so many passes where the recipe is run again and again: in draws, and in the walk."""


@dataclass(frozen=True)
class PairsPlan:
    """How to hedge a basket, how to trade it, and where to write."""

    out: Path
    overwrite: bool = False
    tuning: str = "mle"
    passes: int = 2000
    retune: "Rebalance | None" = "weekly"
    start: datetime | None = None
    draws: int = 500
    seed: int = 0
    rule: Rule = field(default_factory=Bands)
    cost: float = 0.0
    borrow: float = 0.0
    capital: float = 1_000_000.0
    logs: bool = False
    title: str = ""


@dataclass(frozen=True)
class PairsOutcome:
    """What came of it."""

    folder: Path
    results: BasketResults


def run_pairs(inputs: PriceInputs, plan: PairsPlan, listener: Listener) -> PairsOutcome:
    """Hedge the basket, walk it forward, judge it, and write the folder whole or not at all.

    Raises
    ------
    StatefolioError
        For options and prices that cannot be used. No cointegration is a result.
    """
    with whole_folder(plan.out, FILES, overwrite=plan.overwrite) as folder:
        prices = inputs.prices
        _check(plan, prices.index)
        listener.progress("tuning", 0, 0)
        hedge = KalmanHedge("stationary", plan.tuning, passes=plan.passes, logs=plan.logs)
        static = StaticHedge("johansen", logs=plan.logs).fit(prices)
        hedge.fit(prices)
        trace = _whole_trace(hedge, prices)
        tests, untested = _tests(prices, plan.logs)
        listener.progress("tuning", 1, 1)
        walk = _walk(prices, plan, listener)
        results = BasketResults(
            hedge=hedge,
            static=static,
            rule=plan.rule,
            z_score=z_score(hedge),
            today=position_today(hedge, prices, plan.rule, capital=plan.capital),
            tests=tests,
            verdict=_judged(hedge, prices, plan, listener),
            walk=walk,
            trace=trace,
            untested=untested,
            retuned=_in_words(plan.retune),
            costs=_costs_in_words(plan),
        )
        listener.progress("writing", 0, 0)
        write_tables(folder, results)
        _write_page(folder / "report.html", inputs, plan, results)
        listener.progress("writing", 1, 1)
    return PairsOutcome(plan.out, results)


def _judged(hedge: KalmanHedge, prices: pd.DataFrame, plan: PairsPlan, listener: Listener) -> Verdict | None:
    if plan.draws == 0:
        return None
    told = _stage(listener, "calibrating")
    return judge_basket(hedge, prices, draws=plan.draws, passes=REPEATED_PASSES, seed=plan.seed, progress=told)


def _check(plan: PairsPlan, dates: pd.Index) -> None:
    """Refuse before the long part begins what only the walk would refuse."""
    if plan.draws != 0 and plan.draws < FEWEST_DRAWS:
        raise InputError(f"--draws {plan.draws} came; {FEWEST_DRAWS} at least, or 0 (no verdict), were expected.")
    if not 0.0 <= plan.cost < 1.0:
        raise InputError(f"--cost {plan.cost:g} came; a share from 0 and below 1 was expected, e.g. 0.0005.")
    if not 0.0 <= plan.borrow < inf:
        raise InputError(f"--borrow {plan.borrow:g} came; an annual fee from 0 on was expected, e.g. 0.01.")
    if not 0.0 < plan.capital < inf:
        raise InputError(f"--capital {plan.capital:g} came; an amount above 0 was expected.")
    if plan.start is not None and not dates[0] < pd.Timestamp(plan.start) <= dates[-1]:
        raise InputError(
            f"--start {plan.start:%Y-%m-%d} came for prices of {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}; "
            "a date after the first and until the last was expected."
        )


def _whole_trace(hedge: KalmanHedge, prices: pd.DataFrame) -> pd.DataFrame | None:
    """All passes of the recipe, those beyond its collapse too; None where there are no passes."""
    if hedge.tuning != "adaptive":
        return None
    if hedge.collapse_ is None:
        return hedge.trace_
    beyond: KalmanHedge = clone(hedge).set_params(on_collapse="continue")
    return beyond.fit(prices).trace_


def _tests(prices: pd.DataFrame, logs: bool) -> tuple[CointegrationTests | None, str]:
    """Tests of cointegration, or why there are none: they ask for more dates than a hedge, and for fewer assets."""
    try:
        return cointegration_tests(prices, logs=logs, gaps="drop"), ""
    except InputError as error:
        return None, str(error)


def _walk(prices: pd.DataFrame, plan: PairsPlan, listener: Listener) -> BasketWalk:
    hedges: dict[str, Hedge] = usual_hedges()
    for hedge in hedges.values():
        hedge.set_params(logs=plan.logs)
    hedges["stationary, adaptive"].set_params(passes=min(plan.passes, REPEATED_PASSES))
    names = list(hedges)

    def told(name: str, done: int, total: int) -> None:
        listener.progress("walking", names.index(name) * total + done, len(names) * total)

    start = plan.start or prices.index[int((1.0 - TEST_SHARE) * len(prices))]
    return walk_baskets(
        prices,
        hedges,
        plan.rule,
        start=start,
        retune=plan.retune,
        costs=TradingCosts(proportional=plan.cost, borrow=plan.borrow),
        capital=plan.capital,
        progress=told,
    )


def _write_page(path: Path, inputs: PriceInputs, plan: PairsPlan, found: BasketResults) -> None:
    hedged, *others = found.names
    options = {
        "tuning": plan.tuning,
        "passes": f"{plan.passes:,} at most; {min(plan.passes, REPEATED_PASSES):,} in draws and in the walk",
        "logarithms": plan.logs,
        "rule": ", ".join(f"{name} at {level:g}" for name, level in plan.rule.levels().items()),
        "draws": plan.draws,
        "seed": plan.seed,
        "capital": f"{plan.capital:,.0f}",
    }
    if plan.tuning != "adaptive":
        options["passes"] = f"{min(plan.passes, REPEATED_PASSES):,} at most of the recipe in the walk"
    unasked = "No verdict was asked for: nothing here says that the basket reverts."
    write_report(
        path,
        None,
        chapters=basket_chapters(found),
        tiles=basket_tiles(found),
        lead=unasked if found.verdict is None else found.verdict.sentence,
        reading=inputs.about,
        options=options,
        suspicious=inputs.suspicious,
        title=plan.title or f"{hedged} against {', '.join(others)}",
    )


def _in_words(retune: "Rebalance | None") -> str:
    if retune is None:
        return "Hedges learn once, from the dates before"
    when = {"daily": "every date", "weekly": "the first date of a week", "monthly": "the first date of a month"}
    if isinstance(retune, str):
        return f"Hedges learn anew on {when[retune]}, from the dates before it"
    return f"Hedges learn anew every {retune} dates, from the dates before"


def _costs_in_words(plan: PairsPlan) -> str:
    if plan.cost == plan.borrow == 0.0:
        return "Costs: none were charged"
    parts = [f"{1e4 * plan.cost:g} bp of what is traded"]
    if plan.borrow > 0.0:
        parts.append(f"{1e4 * plan.borrow:g} bp a year of what is short")
    return "Costs: " + " and ".join(parts) + " (1 bp = 0.01 %)"


def _stage(listener: Listener, name: str) -> Callable[[int, int], None]:
    return lambda done, total: listener.progress(name, done, total)
