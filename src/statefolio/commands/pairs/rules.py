"""Makes the trading rule of `pairs`, with optimal thresholds where they are asked for, and compares rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.result import BacktestResult
from statefolio.commands.pairs.hedge_options import make_rule, score_options, walked_hedges, walked_name
from statefolio.commands.pairs.options import PairsOptions
from statefolio.exceptions import InputError
from statefolio.pairs.prices import Basket, read_basket
from statefolio.pairs.thresholds.optimal import OptimalThresholds, optimal_thresholds
from statefolio.pairs.thresholds.rule_comparison import RuleGrid, constant_spread, walk_rule_grid, walk_rules
from statefolio.pairs.trading.rules import Bands, Rule

OPTIMAL = {"bertram": "return", "leung_li": "discounted"}
"""Rules with optimal thresholds, and their criterion."""


@dataclass(frozen=True)
class RuleResults:
    """Rules compared out of sample, a grid of parameters, and why optimal thresholds are missing."""

    results: Mapping[str, BacktestResult]
    grid: RuleGrid
    why_not: str = ""


def rule_of(options: PairsOptions, prices: pd.DataFrame, start: pd.Timestamp) -> Rule:
    """Return the trading rule; optimal thresholds come from the dates before the walk.

    Raises
    ------
    InputError
        If no thresholds are optimal: without costs, or for a spread that does not revert.
    """
    if options.rule not in OPTIMAL:
        return make_rule(options)
    return thresholds_before(options, prices, start, options.rule).rule


def thresholds_before(options: PairsOptions, prices: pd.DataFrame, start: pd.Timestamp, rule: str) -> OptimalThresholds:
    """Return the thresholds that are optimal for the constant hedge's spread on the dates before the walk."""
    if options.cost == 0.0:
        raise InputError(
            f"--cost must be above 0 with --rule {rule}, got 0: without costs the best thresholds are zero. Pass e.g. "
            "--cost 0.0005."
        )
    plain = read_basket(prices.loc[prices.index < start])
    used = plain.in_logs() if options.logs else plain
    spread = constant_spread(used)
    cost = 2.0 * options.cost * _value(plain, used, options.logs)
    rate = options.discount / 252.0 if rule == "leung_li" else None
    criterion: Any = OPTIMAL[rule]
    return optimal_thresholds(spread, criterion, cost=cost, rate=rate)


def compare_rules(options: PairsOptions, prices: pd.DataFrame, start: pd.Timestamp, rule: Rule) -> RuleResults:
    """Trade the hedge that was asked for under several rules, and under every cell of a grid."""
    rules: dict[str, Rule] = {"Bands, entry 1, exit 0": Bands(1.0, 0.0), "Bands, entry 2, exit 0": Bands(2.0, 0.0)}
    why_not = ""
    for name, title in (("bertram", "Bertram"), ("leung_li", "Leung and Li")):
        try:
            found = thresholds_before(options, prices, start, name)
        except InputError as error:
            why_not = f"No optimal thresholds: {error}"
        else:
            rules[f"{title}, entry {found.entry:.2f}, exit {found.exit:.2f}"] = found.rule
    if options.rule not in OPTIMAL and rule not in rules.values():
        rules["As asked for"] = rule
    hedge, retune = walked_hedges(options)[walked_name(options.tuning)], options.retune
    walked: dict[str, Any] = {
        "start": start,
        "retune": retune,
        "costs": TradingCosts(proportional=options.cost, borrow=options.borrow),
        "capital": options.capital,
    }
    results = walk_rules(prices, rules, hedge, **walked, **score_options(options))
    return RuleResults(results, walk_rule_grid(prices, hedge, **walked), why_not)


def _value(plain: Basket, used: Basket, logs: bool) -> float:
    """Return the mean value of all positions of one unit: what is bought and sold in a trade."""
    x = used.complete
    design = np.column_stack([np.ones(len(x)), x[:, 1:]])
    ratios = np.linalg.lstsq(design, x[:, 0], rcond=None)[0][1:]
    shares = np.concatenate([[1.0], np.abs(ratios)])
    return float(shares.sum() if logs else (plain.complete * shares).sum(axis=1).mean())
