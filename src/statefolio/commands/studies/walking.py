"""The walk forward of a study's portfolios, kept on disk while it goes on."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statefolio import __version__
from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.sealed_data import hash_between
from statefolio.backtest.walk import Walk
from statefolio.commands.listener import Listener
from statefolio.commands.studies.checkpoint import read_checkpoint, write_checkpoint
from statefolio.commands.studies.portfolios import make_costs, make_rebalance
from statefolio.commands.studies.reading import StudyFile, fingerprint
from statefolio.commands.studies.schema import Study
from statefolio.portfolio.policy import Policy

SECONDS = 5.0
"""Between two checkpoints, about: what an interrupt may lose."""


def make_walk(study: Study, policies: Mapping[str, Policy], market: Market, **options: Any) -> Walk:
    """Return a walk of a study's portfolios over a market, before its first step."""
    table = study.backtest
    return Walk(
        policies,
        market,
        start=table.start,
        rebalance=make_rebalance(table),
        costs=make_costs(table.costs, market),
        capital=table.capital,
        lag=table.lag,
        periods_per_year=table.periods_per_year,
        **options,
    )


def walk_forward(
    file: StudyFile, policies: Mapping[str, Policy], market: Market, checkpoint: Path, resume: bool, listener: Listener
) -> dict[str, BacktestResult]:
    """Walk over all dates of a market, and make decisions again without their future.

    Parameters
    ----------
    file
        The study.
    policies, market
        Made of it.
    checkpoint
        Where the walk is kept until it ends.
    resume
        Go on from what is kept there.
    listener
        Hears how far it is.

    Returns
    -------
    dict of BacktestResult
        The same bytes, interrupted or not.

    Raises
    ------
    FileFormatError, InputError
        If there is nothing to go on from, or what is there is of another run.
    """
    run = fingerprint([file.source, _content(market), __version__])
    state = read_checkpoint(checkpoint, run) if resume else None
    walk = make_walk(file.study, policies, market, cuts=file.study.validation.look_ahead_cuts, resume=state)
    kept = time.monotonic()
    while not walk.done:
        walk.step()
        listener.progress("walking", *walk.progress)
        if time.monotonic() - kept >= SECONDS and not walk.done:
            write_checkpoint(checkpoint, walk.state, run)
            kept = time.monotonic()
    listener.progress("checking", 0, 1)
    results = walk.results()
    listener.progress("checking", 1, 1)
    return results


def _content(market: Market) -> str:
    return hash_between(market, market.dates[0], market.dates[-1])
