"""A study on the last date of its data: what its portfolios want now, and the orders that get them there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from statefolio._writing import write_whole
from statefolio.backtest.decisions import request_decision
from statefolio.backtest.market import Market
from statefolio.backtest.point_in_time import PointInTimeData
from statefolio.backtest.walk import Walk
from statefolio.commands.listener import Listener
from statefolio.commands.studies.data import check_names, last_prices, read_data
from statefolio.commands.studies.orders import make_orders
from statefolio.commands.studies.portfolios import make_policies
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.walking import make_walk
from statefolio.data import read_weights
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Decision, Holdings


@dataclass(frozen=True, eq=False)
class Instruction:
    """What one portfolio wants.

    Attributes
    ----------
    holdings : Holdings
        Before anything is traded.
    decision : Decision
        With its fallback and reason where it did not find what it looked for.
    orders : DataFrame (asset)
        See `make_orders`.
    """

    holdings: Holdings
    decision: Decision
    orders: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Brought:
    """A study brought to a date.

    Attributes
    ----------
    date : Timestamp
        The last one of the data: orders are decided at its close.
    due : bool
        Whether the study's own calendar decides on that date.
    last_decision : Timestamp
        When it last did.
    instructions : mapping of Instruction
        By portfolio.
    """

    date: pd.Timestamp
    due: bool
    last_decision: pd.Timestamp
    instructions: Mapping[str, Instruction]


def bring_study(file: StudyFile, listener: Listener, *, holdings: Path | None = None, cash: float = 0.0) -> Brought:
    """Walk a study's portfolios to the last date of its data, and say what each of them would trade next.

    Nothing is judged and nothing written: what the sealed dates earned is not shown.

    Parameters
    ----------
    file
        The study.
    listener
        Hears how far the walk is.
    holdings
        Shares held, a row an asset, and they are what orders start from. Without it they start from what each
        portfolio would hold had it been followed, worth the study's capital.
    cash
        In currency, held beside the shares.

    Raises
    ------
    InputError, UnknownNameError
        If holdings name assets without a price, or the data have no prices at all.
    """
    study = file.study
    data = read_data(study.data, file.folder)
    market = data.market
    walk = make_walk(study, make_policies(study, market, file.folder), market)
    while not walk.done:
        walk.step()
        listener.progress("walking", *walk.progress)
    date = market.dates[-1]
    prices = last_prices(study.data, file.folder, date)
    own = None if holdings is None else _own(holdings, cash, prices, market, date)
    decided = _decide(walk, market, own, study.backtest.capital)
    instructions = {
        name: Instruction(held, decision, _orders(held, decision, prices)) for name, (held, decision) in decided.items()
    }
    last = max(_decision_dates(walk, name)[-1] for name in instructions)
    return Brought(date, last == date, last, instructions)


def write_orders(path: Path, brought: Brought) -> None:
    """Write the orders of every portfolio to a CSV file, whole or not at all."""
    parts = [each.orders.reset_index().assign(portfolio=name) for name, each in brought.instructions.items()]
    table = pd.concat(parts, ignore_index=True)
    ordered = ["portfolio", *table.columns.drop("portfolio")]
    write_whole(path, table[ordered].to_csv(index=False).encode())


def _decide(walk: Walk, market: Market, own: Holdings | None, capital: float) -> dict[str, tuple[Holdings, Decision]]:
    """Ask every policy on the last date, whether or not it is its turn."""
    state, row = walk.state, len(market.dates) - 1
    known = PointInTimeData(market, state.shared)
    known.advance(row)
    history = known.history()
    decided = {}
    for name, policy in state.policies.items():
        weights, value = state.accounts[name].holdings(row, history.date, market.assets).weights, capital
        if own is not None:
            weights, value = own.weights, own.value
        before = _decision_dates(walk, name)
        before = before[before < history.date]
        since = row - int(market.dates.searchsorted(before[-1])) if len(before) else 0
        held = Holdings(history.date, weights, value, since)
        answer = request_decision(policy, name, history, held, market.assets)
        wanted = None if answer.weights is None else pd.Series(answer.weights, index=market.assets)
        decided[name] = held, replace(answer.decision, weights=wanted)
    return decided


def _decision_dates(walk: Walk, name: str) -> pd.DatetimeIndex:
    """Dates on which a portfolio was decided; the first of the walk where it never was."""
    result = walk.results()[name]
    found = result.decisions.index if len(result.decisions) else result.ledger.index[:1]
    return pd.DatetimeIndex(found)


def _orders(held: Holdings, decision: Decision, prices: "pd.Series[float] | None") -> pd.DataFrame:
    wanted = held.weights if decision.weights is None else decision.weights
    return make_orders(held.weights, wanted, held.value, prices)


def _own(file: Path, cash: float, prices: "pd.Series[float] | None", market: Market, date: pd.Timestamp) -> Holdings:
    """What a file says is held, as shares of its value."""
    if prices is None:
        raise InputError(
            "--holdings came, and [data] has returns alone; prices were expected to value shares. Name data.prices."
        )
    shares = read_weights(file)
    check_names(shares.index, market.assets, str(file), "assets")
    value = (shares * prices.reindex(shares.index)).reindex(market.assets, fill_value=0.0)
    if value.isna().any():
        raise InputError(
            f"{value.index[value.isna()][0]!r} in {file} has no price yet; one was expected. Leave it out."
        )
    total = float(value.sum() + cash)
    if not total > 0.0:
        raise InputError(f"holdings and cash are worth {total:g}; more than nothing was expected. Check {file}.")
    return Holdings(date, value / total, total)
