"""Runs the case in the peers' back-test engines, each with its own kind of input.

`prepare` makes the input and everything else that can be made once, and returns a function without arguments. Only
calls of that function are timed, each on a new input. `read` converts its result to the value after the costs of each
close's trade and to the weights held then. With these weights, statefolio must reproduce the same value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from engine_case import Case

Account = tuple["pd.Series[float]", pd.DataFrame]


@dataclass(frozen=True)
class Peer:
    """One library. `checked` is the part of the case that it supports and on which it is compared."""

    name: str
    prepare: Callable[[Case], Callable[[], Any]]
    read: Callable[[Any, Case], Account]
    lacks: str
    dates: int | None = None  # run on this many dates only, because it is slow and linear in dates
    checked: Callable[[Case], Case] = lambda case: case


def prepare_qis(case: Case) -> Callable[[], Any]:
    qis, prices = import_module("qis"), case.prices

    def run() -> Any:
        return qis.backtest_model_portfolio(prices, case.weights, initial_nav=case.capital, rebalancing_costs=case.rate)

    return run


def read_qis(done: Any, case: Case) -> Account:  # noqa: ARG001 - all have the same arguments
    return done.nav, done.weights


def prepare_vectorbt(case: Case) -> Callable[[], Any]:
    vectorbt, prices = import_module("vectorbt"), case.prices
    wanted = case.weights.reindex(prices.index)

    def run() -> Any:
        done = vectorbt.Portfolio.from_orders(
            prices,
            wanted,
            size_type="targetpercent",
            fees=case.rate,
            init_cash=case.capital,
            group_by=True,
            cash_sharing=True,
            call_seq="auto",
            freq="1D",
        )
        return done, done.value()

    return run


def read_vectorbt(done: Any, case: Case) -> Account:
    portfolio, value = done
    return value, (portfolio.assets() * case.carried_prices).div(value, axis=0)


def prepare_cvxportfolio(case: Case) -> Callable[[], Any]:
    cvx = import_module("cvxportfolio")
    logging.getLogger("cvxportfolio").setLevel(logging.ERROR)
    ahead = case.returns.fillna(0.0).shift(-1, fill_value=0.0).assign(cash=0.0)
    simulator = cvx.MarketSimulator(
        returns=ahead,
        volumes=case.tradable.astype(float),  # assets without volume are not traded
        cash_key="cash",
        costs=[cvx.TransactionCost(a=case.rate, b=None)],
        min_history=pd.Timedelta(0),
    )
    policy = cvx.FixedWeights(case.weights.assign(cash=1.0 - case.weights.sum(axis=1)))
    start = pd.Series(0.0, index=ahead.columns)
    start["cash"] = case.capital
    first, last = ahead.index[0], ahead.index[-1]
    return lambda: simulator.backtest(policy, start_time=first, end_time=last, h=start)


def read_cvxportfolio(done: Any, case: Case) -> Account:
    value = done.v - case.rate * done.u.iloc[:, :-1].abs().sum(axis=1).reindex(done.v.index, fill_value=0.0)
    return value, done.h_plus.iloc[:, :-1].div(value, axis=0).dropna()


def prepare_skfolio(case: Case) -> Callable[[], Any]:
    skfolio = import_module("skfolio")
    days = [case.returns.iloc[[t]] for t in range(1, len(case.returns))]
    wanted = case.weights.to_numpy()

    def run() -> Any:
        portfolios, held = [], np.zeros(wanted.shape[1])
        for weights, day in zip(wanted, days, strict=False):
            done = skfolio.Portfolio(
                day, weights, previous_weights=held, transaction_costs=case.rate, weight_drift=True
            )
            held = done.ending_weights
            portfolios.append(done)
        whole = skfolio.MultiPeriodPortfolio(portfolios, compounded=True)
        return whole.cumulative_returns

    return run


def read_skfolio(done: Any, case: Case) -> Account:
    grown = np.concatenate([[1.0], np.asarray(done)])
    return pd.Series(case.capital * grown, index=case.returns.index), case.weights


def prepare_bt(case: Case) -> Callable[[], Any]:
    bt, prices = import_module("bt"), case.carried_prices
    steps = [bt.algos.SelectAll(), bt.algos.WeighTarget(case.weights), bt.algos.Rebalance()]
    test = bt.Backtest(
        bt.Strategy("given", steps),
        prices,
        initial_capital=case.capital,
        integer_positions=False,
        commissions=lambda quantity, price: case.rate * abs(quantity) * price,
        progress_bar=False,
    )

    def run() -> Any:
        test.run()
        return test

    return run


def read_bt(done: Any, case: Case) -> Account:
    index = case.returns.index
    return done.strategy.values.loc[index], done.security_weights.loc[index, case.returns.columns]


PEERS = (
    Peer("qis", prepare_qis, read_qis, "borrow fees, impact; a delisting needs a settlement price"),
    Peer("vectorbt", prepare_vectorbt, read_vectorbt, "borrow fees, cash rate, impact, purchases on negative cash"),
    Peer(
        "skfolio",
        prepare_skfolio,
        read_skfolio,
        "an account: a portfolio a date; costs come off its return, gaps are traded; checked without both",
        checked=lambda case: case.complete().without_costs(),
    ),
    Peer(
        "cvxportfolio",
        prepare_cvxportfolio,
        read_cvxportfolio,
        "gaps but as volumes of 0; what a delisting earns",
        dates=63,
    ),
    Peer(
        "bt",
        prepare_bt,
        read_bt,
        "gaps (carried prices are traded, checked so), cash rate, impact",
        dates=10,
        checked=lambda case: case.complete(),
    ),
)
