"""Updates a study: walks it to the last date of its data and makes the orders that reach the new target weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from statefolio.backtest.decisions import request_decision
from statefolio.backtest.market import Market
from statefolio.backtest.point_in_time import PointInTimeData
from statefolio.backtest.walk import Walk
from statefolio.commands.csv_tables import write_csv
from statefolio.commands.progress import Progress
from statefolio.commands.studies.building import BuiltStudy, build_study
from statefolio.commands.studies.orders import make_orders
from statefolio.commands.studies.parts.market import check_names, last_prices
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.run import say_notes
from statefolio.commands.studies.schema.portfolio_tables import Optimised
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.walking import make_walk
from statefolio.data import read_weights
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Decision, Holdings


@dataclass(frozen=True, eq=False)
class Instruction:
    """The decision of one portfolio, and its orders.

    Attributes
    ----------
    holdings : Holdings
        Before the orders.
    decision : Decision
        With the fallback and the reason where the optimiser found no weights.
    orders : DataFrame (asset)
        See `make_orders`.
    """

    holdings: Holdings
    decision: Decision
    orders: pd.DataFrame


@dataclass(frozen=True, eq=False)
class UpdatedStudy:
    """A study walked to the last date of its data.

    Attributes
    ----------
    date : Timestamp
        The last date of the data; orders are decided at its close.
    due : bool
        Whether the study's calendar decides on that date.
    last_decision : Timestamp
        The last date on which the calendar decided.
    instructions : mapping of Instruction
        By portfolio.
    as_of : Timestamp
        The date of the orders: `data.to`, or the last date of the bundled data, or today.
    seen_until : Timestamp, optional
        The last date that the models have seen: after it the factors are missing. The last date of the data where no
        portfolio has a model; None if no date has factors.
    unseen : int
        Number of dates after it.
    priced_on : Series of dates by asset
        Date of each asset's last price; empty where [data] has returns alone.
    periods_per_year : float
    """

    date: pd.Timestamp
    due: bool
    last_decision: pd.Timestamp
    instructions: Mapping[str, Instruction]
    as_of: pd.Timestamp
    seen_until: pd.Timestamp | None
    unseen: int
    priced_on: "pd.Series[pd.Timestamp]"
    periods_per_year: float


def update_study(
    file: StudyFile, progress: Progress, *, holdings: Path | None = None, cash: float = 0.0
) -> UpdatedStudy:
    """Walk a study's portfolios to the last date of its data, and decide what each of them trades next.

    Nothing is judged and nothing is written: results on the dates of the holdout are not shown.

    Parameters
    ----------
    file
        The study.
    progress
        Takes the stage "walking".
    holdings
        A file of the shares held, one row per asset, from which orders start. Without it, orders start from the weights
        that each portfolio would hold now, with the study's capital.
    cash
        The cash held, in currency.

    Raises
    ------
    InputError, UnknownNameError
        If holdings name assets without a price, or the data have no prices.
    """
    study = file.study
    built = build_study(file)
    market = built.market
    say_notes(built.data, progress)
    walk = make_walk(built, market)
    while not walk.done:
        walk.step()
        progress("walking", *walk.progress)
    date = market.dates[-1]
    last_known = last_prices(study.data, file.folder, date)
    prices = None if last_known is None else last_known["price"]
    own = None if holdings is None else _own(holdings, cash, prices, market, date)
    decided = _decide(walk, market, own, study.backtest.capital)
    instructions = {
        name: Instruction(held, decision, _orders(held, decision, prices)) for name, (held, decision) in decided.items()
    }
    last = max(_decision_dates(walk, name)[-1] for name in instructions)
    seen_until, unseen = _seen(built)
    return UpdatedStudy(
        date=date,
        due=last == date,
        last_decision=last,
        instructions=instructions,
        as_of=_as_of(study, date),
        seen_until=seen_until,
        unseen=unseen,
        priced_on=pd.Series(dtype="datetime64[ns]") if last_known is None else last_known["priced_on"],
        periods_per_year=built.periods_per_year,
    )


def _seen(built: BuiltStudy) -> tuple[pd.Timestamp | None, int]:
    """The last date with factors, and the number of dates after it; the last date where no portfolio has a model."""
    market, with_model = built.market, any(isinstance(each, Optimised) for each in built.study.portfolio.values())
    seen = market.model_data()[0].index if with_model else market.dates
    if not len(seen):
        return None, len(market.dates)
    return seen[-1], int((market.dates > seen[-1]).sum())


def _as_of(study: Study, last: pd.Timestamp) -> pd.Timestamp:
    if study.data.last is not None:
        return pd.Timestamp(study.data.last)
    return last if study.data.source == "demo" else pd.Timestamp.now().normalize()


def write_orders(path: Path, updated: UpdatedStudy) -> None:
    """Write the orders of every portfolio to a CSV file, whole or not at all."""
    parts = [each.orders.reset_index().assign(portfolio=name) for name, each in updated.instructions.items()]
    table = pd.concat(parts, ignore_index=True)
    ordered = ["portfolio", *table.columns.drop("portfolio")]
    write_csv(table[ordered], path, index=False)


def _decide(walk: Walk, market: Market, own: Holdings | None, capital: float) -> dict[str, tuple[Holdings, Decision]]:
    """Ask every policy for a decision on the last date, also where the calendar does not."""
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
    """Dates of a portfolio's decisions; the first date of the walk if there is none."""
    result = walk.results()[name]
    found = result.decisions.index if len(result.decisions) else result.ledger.index[:1]
    return pd.DatetimeIndex(found)


def _orders(held: Holdings, decision: Decision, prices: "pd.Series[float] | None") -> pd.DataFrame:
    wanted = held.weights if decision.weights is None else decision.weights
    return make_orders(held.weights, wanted, held.value, prices)


def _own(file: Path, cash: float, prices: "pd.Series[float] | None", market: Market, date: pd.Timestamp) -> Holdings:
    """The holdings in a file, as weights."""
    if prices is None:
        raise InputError("--holdings needs prices to value the shares, and [data] has returns alone. Name data.prices.")
    shares = read_weights(file)
    check_names(shares.index, market.assets, "--holdings", "assets")
    value = (shares * prices.reindex(shares.index)).reindex(market.assets, fill_value=0.0)
    if value.isna().any():
        raise InputError(
            f"--holdings must name assets with a price, got {value.index[value.isna()][0]!r} without. Leave it out."
        )
    total = float(value.sum() + cash)
    if not total > 0.0:
        raise InputError(f"--holdings and --cash must be worth more than 0 together, got {total:g}. Check {file}.")
    return Holdings(date, value / total, total)
