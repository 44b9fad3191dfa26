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
from statefolio.commands.studies.account import describe_account, given_holdings
from statefolio.commands.studies.building import BuiltStudy, build_study
from statefolio.commands.studies.fills.broker_formats import OWN, Destination, for_broker
from statefolio.commands.studies.instructions import Instruction, instruct
from statefolio.commands.studies.parts.market import last_prices
from statefolio.commands.studies.parts.names import check_names
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.run import say_notes, say_own_code
from statefolio.commands.studies.schema.portfolio_tables import Optimised
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.walking import make_walk
from statefolio.exceptions import InputError
from statefolio.portfolio.policies.model_policy import BestEffort, ModelPolicy
from statefolio.portfolio.policy import Decision, Holdings


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
    account : str
        What the orders' account is: given holdings, the walked portfolio, or the capital of the study.
    valued : Index
        Assets whose prices the value of the account rests on.
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
    account: str
    valued: pd.Index


def update_study(
    file: StudyFile,
    progress: Progress,
    *,
    holdings: Path | None = None,
    cash: float | None = None,
    as_of: pd.Timestamp | None = None,
) -> UpdatedStudy:
    """Walk a study's portfolios to the last date of its data, and decide what each of them trades next.

    Nothing is judged and nothing is written: results on the dates of the holdout are not shown. Orders are those that
    the back-test would trade on the next date at the last prices, in whole shares where the study has no lots.

    Parameters
    ----------
    file
        The study.
    progress
        Takes the stage "walking".
    holdings
        A file of the shares held, one row per asset, from which orders start. Without it, orders start from the weights
        that each portfolio would hold now, and from its walked value; with a holdout, whose outcome that value would
        tell, from the study's capital.
    cash
        The cash held, in currency; alone, an account that is all in cash.
    as_of
        The date of the orders: later data are not read. Default: `data.to`, or the last date of the bundled data, or
        today.

    Raises
    ------
    InputError, UnknownNameError
        If holdings name assets without a price, or the data have no prices.
    """
    file = file if as_of is None else _known_on(file, as_of)
    study = file.study
    say_own_code(study, progress)
    built = build_study(file, least_dates=1)
    market = built.market
    say_notes(built.data, progress)
    walk = make_walk(built, market)
    while not walk.done:
        walk.step()
        progress("walking", *walk.progress)
    date = market.dates[-1]
    last_known = last_prices(study.data, file.folder, date)
    prices = None if last_known is None else last_known["price"]
    own = given_holdings(holdings, cash, prices, market, date)
    sealed = study.validation.holdout is not None
    priced_on = None if last_known is None else last_known["priced_on"]
    instructions = {
        name: instruct(held, decision, effort, walk.settings, prices, priced_on)
        for name, (held, decision, effort) in _decide(walk, market, own, study.backtest.capital, sealed).items()
    }
    last = max(_decision_dates(walk, name)[-1] for name in instructions)
    seen_until, unseen = _seen(built)
    return UpdatedStudy(
        date=date,
        due=last == date,
        last_decision=last,
        instructions=instructions,
        as_of=_as_of(study, date) if as_of is None else as_of,
        seen_until=seen_until,
        unseen=unseen,
        priced_on=pd.Series(dtype="datetime64[ns]") if priced_on is None else priced_on,
        periods_per_year=built.periods_per_year,
        account=describe_account(holdings, cash, sealed),
        valued=pd.Index([]) if own is None else own.weights.index[(own.weights != 0.0).to_numpy()],
    )


def _seen(built: BuiltStudy) -> tuple[pd.Timestamp | None, int]:
    """The last date with factors, and the number of dates after it; the last date where no portfolio has a model."""
    market, with_model = built.market, any(isinstance(each, Optimised) for each in built.study.portfolio.values())
    seen = market.model_data()[0].index if with_model else market.dates
    if not len(seen):
        return None, len(market.dates)
    return seen[-1], int((market.dates > seen[-1]).sum())


def _known_on(file: StudyFile, as_of: pd.Timestamp) -> StudyFile:
    """Return the study with its data cut at the date of the orders."""
    data, day = file.study.data, as_of.date()
    if data.first is not None and day < data.first:
        raise InputError(f"--as-of must not be before data.from, {data.first}, got {day}. Pass a later date.")
    start = file.study.backtest.start
    if start is not None and day < start:
        raise InputError(f"--as-of must not be before backtest.start, {start}, got {day}. Pass a later date.")
    if data.last is not None and data.last <= day:
        return file
    cut = file.study.model_copy(update={"data": data.known_on(day)})
    return replace(file, study=cut)


def _as_of(study: Study, last: pd.Timestamp) -> pd.Timestamp:
    if study.data.last is not None:
        return pd.Timestamp(study.data.last)
    return last if study.data.source == "demo" else pd.Timestamp.now().normalize()


def orders_of(updated: UpdatedStudy) -> pd.DataFrame:
    """Return the orders of every portfolio in one table: portfolio, asset and order_id first.

    The id is made of the date, the portfolio and the asset: the same orders have the same ids.
    """
    parts = [each.orders.reset_index().assign(portfolio=name) for name, each in updated.instructions.items()]
    table = pd.concat(parts, ignore_index=True)
    day = f"{updated.date:%Y%m%d}"
    ids = [f"{day}-{name}-{asset}" for name, asset in zip(table["portfolio"], table["asset"], strict=True)]
    table.insert(1, "order_id", ids)
    return table[["portfolio", *table.columns.drop("portfolio")]]


def write_orders(path: Path, updated: UpdatedStudy, broker_format: str = OWN, currency: str = "USD") -> None:
    """Write the orders to a CSV file, whole or not at all.

    Parameters
    ----------
    path
        The file.
    updated
        With one portfolio, for a broker's form.
    broker_format
        "statefolio", or one of `FORMATS`.
    currency
        For the broker's forms.

    Raises
    ------
    InputError
        If a broker's form is asked for the orders of several portfolios, or of data without prices.
    """
    table = orders_of(updated)
    if broker_format != OWN:
        if len(updated.instructions) > 1:
            raise InputError(
                f"--broker-format is of one portfolio, got {', '.join(updated.instructions)}. Choose one with "
                "--portfolio."
            )
        table = for_broker(table, broker_format, Destination(currency, pd.Timestamp.now("UTC")))
    write_csv(table, path, index=False)


def only(updated: UpdatedStudy, portfolio: str | None) -> UpdatedStudy:
    """Return the orders of one portfolio; all of them for None.

    Raises
    ------
    UnknownNameError
        If the study has no such portfolio.
    """
    if portfolio is None:
        return updated
    check_names([portfolio], pd.Index(updated.instructions), "--portfolio", "portfolios")
    return replace(updated, instructions={portfolio: updated.instructions[portfolio]})


def _decide(
    walk: Walk, market: Market, own: Holdings | None, capital: float, sealed: bool
) -> dict[str, tuple[Holdings, Decision, BestEffort | None]]:
    """Ask every policy for a decision on the last date, also where the calendar does not."""
    state, row = walk.state, len(market.dates) - 1
    known = PointInTimeData(market, state.shared)
    known.advance(row)
    history = known.history()
    decided = {}
    for name, policy in state.policies.items():
        walked = state.accounts[name].holdings(row, history.date, market.assets)
        weights, value = walked.weights, capital if sealed else walked.value
        if own is not None:
            weights, value = own.weights, own.value
        before = _decision_dates(walk, name)
        before = before[before < history.date]
        since = row - int(market.dates.searchsorted(before[-1])) if len(before) else 0
        held = Holdings(history.date, weights, value, since)
        answer = request_decision(policy, name, history, held, market.assets)
        wanted = None if answer.weights is None else pd.Series(answer.weights, index=market.assets)
        decision = replace(answer.decision, weights=wanted)
        effort = policy.best_effort(history, held, decision) if isinstance(policy, ModelPolicy) else None
        decided[name] = held, decision, effort
    return decided


def _decision_dates(walk: Walk, name: str) -> pd.DatetimeIndex:
    """Dates of a portfolio's decisions; the first date of the walk if there is none."""
    result = walk.results()[name]
    found = result.decisions.index if len(result.decisions) else result.ledger.index[:1]
    return pd.DatetimeIndex(found)
