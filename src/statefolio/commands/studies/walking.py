"""Step 3: walks a study's portfolios forward, with a checkpoint on disk, and walks them over an opened holdout."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio import __version__
from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.holdout import Holdout
from statefolio.backtest.validation.sealed_data import hash_between
from statefolio.backtest.walk import Walk
from statefolio.commands.progress import Progress
from statefolio.commands.studies.building import BuiltStudy
from statefolio.commands.studies.measures import measures_of, since
from statefolio.commands.studies.parts.costs import make_costs
from statefolio.commands.studies.parts.policies import make_rebalance
from statefolio.commands.studies.records.checkpoint import read_checkpoint, write_checkpoint
from statefolio.commands.studies.records.configuration import configuration, fingerprint
from statefolio.commands.studies.schema.backtest_tables import BacktestTable
from statefolio.portfolio.policy import Policy

SECONDS = 5.0
"""Approximate seconds between two checkpoints."""


@dataclass(frozen=True, eq=False)
class WalkedStudy:
    """A study with the back-test and the measures (measure x portfolio) of each portfolio."""

    built: BuiltStudy
    results: Mapping[str, BacktestResult]
    measures: pd.DataFrame


@dataclass(frozen=True, eq=False)
class OpenedHoldout:
    """Back-tests on the dates of the holdout alone, and their measures (measure x portfolio)."""

    results: Mapping[str, BacktestResult]
    measures: pd.DataFrame


def make_walk(built: BuiltStudy, market: Market, **options: Any) -> Walk:
    """Return a walk of a study's portfolios over a market, before its first step."""
    return walk_policies(built.policies, built.study.backtest, market, built.file.folder, **options)


def walk_policies(
    policies: Mapping[str, Policy], table: BacktestTable, market: Market, folder: Path = Path(), **options: Any
) -> Walk:
    """Return a walk of policies over a market as [backtest] says, before its first step."""
    return Walk(
        policies,
        market,
        start=table.start,
        rebalance=make_rebalance(table),
        costs=make_costs(table.costs, market, folder),
        capital=table.capital,
        flows=table.flows,
        lag=table.lag,
        periods_per_year=table.periods_per_year,
        **options,
    )


def walk_forward(built: BuiltStudy, checkpoint: Path, resume: bool, progress: Progress) -> WalkedStudy:
    """Walk over all dates of the market, then repeat decisions without their future to check for look-ahead.

    Parameters
    ----------
    built
        The study.
    checkpoint
        The file that has the state of the walk until it ends.
    resume
        Start from the checkpoint. An interrupted and resumed walk has the same results to the last bit.
    progress
        Takes the stages "walking" and "checking".

    Raises
    ------
    FileFormatError, InputError
        If there is no checkpoint to resume from, or it belongs to another run.
    """
    study, market = built.study, built.market
    data = hash_between(market, market.dates[0], market.dates[-1])
    tried = {name: configuration(study, name, built.file.folder) for name in study.portfolio}
    run = fingerprint([built.file.source, data, tried, __version__])
    state = read_checkpoint(checkpoint, run) if resume else None
    walk = make_walk(built, market, cuts=study.validation.look_ahead_cuts, resume=state)
    written = time.monotonic()
    while not walk.done:
        walk.step()
        progress("walking", *walk.progress)
        if time.monotonic() - written >= SECONDS and not walk.done:
            write_checkpoint(checkpoint, walk.state, run)
            written = time.monotonic()
    progress("checking", 0, 1)
    results = walk.results()
    progress("checking", 1, 1)
    return WalkedStudy(built, results, measures_of(results, study.backtest.main_benchmark, market.cash_rate))


def walk_holdout(built: BuiltStudy, holdout: Holdout, progress: Progress) -> OpenedHoldout:
    """Score all portfolios on the dates of the holdout, and record the opening.

    The walk starts where development started, so that models and accounts enter the holdout with their history.
    """
    found: list[OpenedHoldout] = []

    def score(market: Market, start: pd.Timestamp) -> dict[str, float]:
        walk = make_walk(built, market)
        while not walk.done:
            walk.step()
            progress("opening", *walk.progress)
        results = {name: since(result, start) for name, result in walk.results().items()}
        measures = measures_of(results, built.study.backtest.main_benchmark, market.cash_rate)
        found.append(OpenedHoldout(results, measures))
        return {f"sharpe of {name}": float(measures[name]["sharpe"]) for name in results}

    holdout.open(score, built.study.study.name)
    return found[0]
