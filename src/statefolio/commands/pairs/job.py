"""The job of `pairs`: hedges a basket, judges it, walks it forward, and writes one folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.text import show, span
from statefolio._estimator import clone
from statefolio.backtest.costs import TradingCosts
from statefolio.commands.csv_tables import write_csv
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.pairs.hedge_options import (
    REPEATED_PASSES,
    check_hedge_options,
    make_hedge,
    next_tuning,
    score_options,
    walked_hedges,
    walked_name,
)
from statefolio.commands.pairs.options import PairsOptions
from statefolio.commands.pairs.price_inputs import PriceInputs
from statefolio.commands.pairs.rules import RuleResults, compare_rules, rule_of
from statefolio.commands.pairs.tables import write_tables
from statefolio.commands.progress import Progress
from statefolio.commands.warming.ahead import compiling_ahead
from statefolio.exceptions import InputError
from statefolio.pairs.cointegration.basket_tests import cointegration_tests
from statefolio.pairs.cointegration.results import CointegrationTests
from statefolio.pairs.following.followed_basket import FollowedBasket, follow_walk
from statefolio.pairs.following.state_file import STATE, save_basket
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.trading.rules import Rule
from statefolio.pairs.trading.signals import z_score
from statefolio.pairs.trading.targets import basket_targets
from statefolio.pairs.trading.today import position_today
from statefolio.pairs.trading.walk_forward import BasketWalk, walk_baskets
from statefolio.pairs.verdict.verdict import FEWEST_DRAWS, Verdict, judge_basket
from statefolio.report import write_report
from statefolio.report.loadings_overview import data_light
from statefolio.report.pairs.basket_answer import answer
from statefolio.report.pairs.basket_chapters import basket_chapters, basket_lights, basket_tiles
from statefolio.report.pairs.basket_results import BasketResults
from statefolio.report.pairs.rules_chapter import rule_table, rules_chapter

FILES = frozenset(
    {
        STATE,
        "orders.csv",
        "draws.csv",
        "hedge.csv",
        "levels.csv",
        "parameters.csv",
        "positions.csv",
        "grid.csv",
        "report.html",
        "rules.csv",
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
"""The share of the dates, at the end, that is walked where no option gives a start."""


@dataclass(frozen=True)
class PairsResult:
    """The results for a basket, with the folder they were written to."""

    folder: Path
    results: BasketResults


def run_pairs(inputs: PriceInputs, options: PairsOptions, progress: Progress) -> PairsResult:
    """Hedge the basket, walk it forward, judge it, and write the folder whole or not at all.

    Raises
    ------
    StatefolioError
        For options and prices that cannot be used. No cointegration is a result.
    """
    output, prices = options.output, inputs.prices
    score = score_options(options)
    with (
        whole_folder(output.out, FILES, overwrite=output.overwrite) as folder,
        compiling_ahead(progress, "simulated_pairs", "filter"),
    ):
        _check(options, pd.DatetimeIndex(prices.index))
        hedge = make_hedge(options)
        static = StaticHedge("johansen", logs=options.logs).fit(prices)  # refuses what are no prices
        start = pd.Timestamp(options.start or _default_start(prices))
        rule = rule_of(options, prices, start)
        progress("tuning", 0, 0)
        hedge.fit(prices)
        trace = _whole_trace(hedge, prices)
        tests, untested = _tests(prices, options.logs)
        progress("tuning", 1, 1)
        walk = _walk(prices, options, rule, progress)
        results = BasketResults(
            hedge=hedge,
            static=static,
            rule=rule,
            z_score=z_score(hedge, **score),
            today=position_today(hedge, prices, rule, capital=options.capital, **score),
            targets=basket_targets(hedge, prices, rule, capital=options.capital, **score),
            tests=tests,
            verdict=_verdict(hedge, prices, options, progress),
            walk=walk,
            trace=trace,
            untested=untested,
            retuned=_retuning_as_text(options.retune),
            costs=_costs_as_text(options),
            next_tuning=next_tuning(options, pd.Timestamp(hedge.tuned_until_)),
            capital=options.capital,
        )
        rules = None
        if options.grid:
            progress("rules", 0, 0)
            rules = compare_rules(options, prices, start, rule)
            progress("rules", 1, 1)
        progress("writing", 0, 0)
        write_tables(folder, results)
        if rules is not None:
            write_csv(rule_table(rules.results), folder / "rules.csv")
            write_csv(rules.grid.table.reset_index(), folder / "grid.csv", index=False)
        save_basket(_followed(results, prices, options), folder / STATE)
        _write_page(folder / "report.html", inputs, options, results, rules)
        progress("writing", 1, 1)
    return PairsResult(output.out, results)


def _verdict(hedge: Hedge, prices: pd.DataFrame, options: PairsOptions, progress: Progress) -> Verdict | None:
    if options.draws == 0:
        return None

    def of_draws(done: int, total: int) -> None:
        progress("calibrating", done, total)

    return judge_basket(
        hedge, prices, draws=options.draws, passes=REPEATED_PASSES, seed=options.seed, progress=of_draws
    )


def _check(options: PairsOptions, dates: pd.DatetimeIndex) -> None:
    """Check, before the long computation begins, what only its last part would check."""
    check_hedge_options(options)
    if options.draws != 0 and options.draws < FEWEST_DRAWS:
        raise InputError(
            f"--draws must be 0 (no verdict) or at least {FEWEST_DRAWS}, got {options.draws}. Pass e.g. --draws 500."
        )
    if options.start is not None and not dates[0] < pd.Timestamp(options.start) <= dates[-1]:
        raise InputError(
            f"--start must be after the first date of the prices and not after the last, {span(dates)}, got "
            f"{show(options.start)}. Choose another date."
        )


def _whole_trace(hedge: Hedge, prices: pd.DataFrame) -> pd.DataFrame | None:
    """All passes of the recipe, also those after its collapse; None for a hedge without passes."""
    if not isinstance(hedge, KalmanHedge) or hedge.tuning != "adaptive":
        return None
    if hedge.collapse_ is None:
        return hedge.trace_
    beyond: KalmanHedge = clone(hedge).set_params(on_collapse="continue")
    return beyond.fit(prices).trace_


def _tests(prices: pd.DataFrame, logs: bool) -> tuple[CointegrationTests | None, str]:
    """Tests of cointegration, or the reason why there are none: they need more dates and fewer assets than a hedge."""
    try:
        return cointegration_tests(prices, logs=logs, gaps="drop"), ""
    except InputError as error:
        return None, str(error)


def _walk(prices: pd.DataFrame, options: PairsOptions, rule: Rule, progress: Progress) -> BasketWalk:
    hedges = walked_hedges(options)
    names = list(hedges)

    def of_all_hedges(name: str, done: int, total: int) -> None:
        progress("walking", names.index(name) * total + done, len(names) * total)

    retune: Any = options.retune
    return walk_baskets(
        prices,
        hedges,
        rule,
        start=options.start or _default_start(prices),
        retune=retune,
        costs=TradingCosts(proportional=options.cost, borrow=options.borrow),
        capital=options.capital,
        progress=of_all_hedges,
        **score_options(options),
    )


def _followed(results: BasketResults, prices: pd.DataFrame, options: PairsOptions) -> FollowedBasket:
    """Return the walk of the hedge that the options ask for, to be continued day by day."""
    name = walked_name(options.tuning)
    retune: Any = options.retune
    return follow_walk(
        results.walk.hedges[name],
        walked_hedges(options)[name],
        results.rule,
        prices,
        retune=retune,
        capital=options.capital,
        verdict=results.verdict,
        **score_options(options),
    )


def _write_page(
    path: Path, inputs: PriceInputs, options: PairsOptions, results: BasketResults, rules: RuleResults | None
) -> None:
    hedged, *others = results.names
    repeated = min(options.passes, REPEATED_PASSES)
    adaptive = options.tuning == "adaptive"
    shown = {
        "tuning": options.tuning,
        "passes": f"{options.passes:,} at most; {repeated:,} in draws and in the walk"
        if adaptive
        else f"{repeated:,} at most of the recipe in the walk",
        "logarithms": options.logs,
        "rule": ", ".join(f"{name} at {level:.4g}" for name, level in results.rule.levels().items()),
        "draws": options.draws,
        "seed": options.seed,
        "capital": f"{options.capital:,.0f}",
    }
    write_report(
        path,
        None,
        chapters=[
            *basket_chapters(results),
            *([] if rules is None else [rules_chapter(rules.results, rules.grid, rules.why_not)]),
        ],
        tiles=basket_tiles(results),
        lights=[*basket_lights(results), data_light(inputs.suspicious)],
        lead=answer(results),
        reading=inputs.facts,
        options=shown,
        suspicious=inputs.suspicious,
        title=f"{hedged} against {', '.join(others)}",
    )


def _default_start(prices: pd.DataFrame) -> pd.Timestamp:
    """Return the first of the last dates that are walked by default; only dates with a price of all assets count."""
    dates = pd.DatetimeIndex(prices.index[(prices > 0.0).all(axis=1)])
    return dates[int((1.0 - TEST_SHARE) * len(dates))]


def _retuning_as_text(retune: int | str | None) -> str:
    if retune is None:
        return "Hedges are tuned once, on the dates before the walk"
    when = {"weekly": "on the first date of a week", "monthly": "on the first date of a month"}
    return f"Hedges are tuned again {when.get(str(retune), f'every {retune} dates')}, on the dates before"


def _costs_as_text(options: PairsOptions) -> str:
    if options.cost == options.borrow == 0.0:
        return "Costs: none"
    parts = [f"{1e4 * options.cost:g} bp of the traded value"]
    if options.borrow > 0.0:
        parts.append(f"{1e4 * options.borrow:g} bp a year of short positions")
    return "Costs: " + " and ".join(parts) + " (1 bp = 0.01 %)"
