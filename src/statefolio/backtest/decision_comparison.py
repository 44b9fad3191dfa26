"""Repeats decisions of a run without the future, and with another one, from copies of the policies.

This check costs two decisions per policy and cut, whereas `check_causal` repeats the whole run. Policies with
code of the user then decide in a new process at a few of the cuts.
"""

import copy
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.backtest.causal_check import CausalCheck
from statefolio.backtest.decisions import request_decision
from statefolio.backtest.decisions_apart import TOLERANCE, Question, repeat_apart, spread
from statefolio.backtest.future_data import find_future_data, redraw_future_data
from statefolio.backtest.market import Market
from statefolio.backtest.point_in_time import PointInTimeData
from statefolio.backtest.watched_reads import watch
from statefolio.exceptions import PolicyError
from statefolio.portfolio.policy import Holdings, Policy

_FAILED = object()
NOT_REPRODUCIBLE = "decisions differ between two runs on the same data: seed all random numbers"
CARRIES_FUTURE = (
    "{}, beyond the decision of {}; what these data were made from is not known. Check a function market -> policy."
)


@dataclass(frozen=True, eq=False)
class PolicySnapshot:
    """The policies of a run just before a decision, and the weights that they then returned.

    Attributes
    ----------
    row : int
        Row of the market.
    policies : dict of Policy
        Deep copies, in the order in which they decide.
    shared : dict
        The run's shared results, copied together with the policies.
    holdings : dict of Holdings
        Copies: a policy may change those it gets.
    weights : dict of (N,) array or None
        Filled in after the decision.
    """

    row: int
    policies: dict[str, Policy]
    shared: dict[Hashable, Any]
    holdings: dict[str, Holdings]
    weights: dict[str, Array | None] = field(default_factory=dict)


def take_snapshot(
    row: int, policies: dict[str, Policy], shared: dict[Hashable, Any], holdings: dict[str, Holdings]
) -> PolicySnapshot:
    """Copy the policies that are about to decide, with their shared results and holdings."""
    return PolicySnapshot(row, *copy.deepcopy((policies, shared, holdings)))


def check_snapshots(
    snapshots: list[PolicySnapshot], names: list[str], market: Market, seed: int = 0
) -> dict[str, CausalCheck]:
    """Check whether policies decide the same, to the last bit, on a market cut at each snapshot and on perturbed ones.

    On a perturbed market the dated data of a policy are redrawn too, where a search finds them and they can be changed.

    Returns
    -------
    dict of CausalCheck, by policy
    """
    began = perf_counter()
    comparisons: dict[str, list[_Comparison]] = {name: [] for name in names}
    for place, snapshot in enumerate(snapshots):
        for comparison in _compare(snapshot, market, seed + place):
            comparisons[comparison.name].append(comparison)
    checks = {name: _verdict(found) for name, found in comparisons.items()}
    clean = [name for name, check in checks.items() if check.verdict == "causal"]
    for name, finding in repeat_apart(_questions(snapshots, clean, market), perf_counter() - began).items():
        check = replace(checks[name], scope=finding.scope)
        checks[name] = replace(check, verdict="cannot be checked", detail=finding.doubt) if finding.doubt else check
    return checks


def _questions(snapshots: list[PolicySnapshot], names: list[str], market: Market) -> list[Question]:
    """Return the decisions of these policies to repeat in a new process."""
    questions = []
    for name in names:
        own = [snapshot for snapshot in snapshots if name in snapshot.weights]
        for snapshot in (own[place] for place in spread(len(own))):
            date = pd.Timestamp(market.dates[snapshot.row])
            known = (snapshot.policies[name], snapshot.shared, snapshot.holdings[name], market.until(date))
            questions.append(Question(name, date, _decide_apart, known, partial(_is_other, snapshot.weights[name])))
    return sorted(questions, key=lambda question: question.date)


def _decide_apart(
    policy: Policy, shared: dict[Hashable, Any], holdings: Holdings, market: Market
) -> tuple[Any, list[str]]:
    """Decide at the end of a market; text in place of the weights says why that failed."""
    with watch() as reads:
        known = PointInTimeData(market, shared)
        known.advance(len(market.dates) - 1)
        try:
            return request_decision(policy, "policy", known.history(), holdings, market.assets).weights, reads
        except PolicyError as error:
            return str(error), reads


def _is_other(mine: Array | None, other: Array | None) -> bool:
    if mine is None or other is None:
        return mine is not other
    return not np.allclose(mine, other, rtol=0.0, atol=TOLERANCE)


@dataclass(frozen=True)
class _Comparison:
    """Result for one policy at one snapshot: why it looks ahead, or why it cannot be checked; both may be empty."""

    name: str
    date: pd.Timestamp
    looks_ahead: str = ""
    doubt: str = ""


def _verdict(comparisons: list[_Comparison]) -> CausalCheck:
    cuts = tuple(comparison.date for comparison in comparisons)
    if not comparisons:
        return CausalCheck("cannot be checked", None, "no decision fell on a date to check", cuts)
    for comparison in comparisons:
        if comparison.looks_ahead:
            return CausalCheck("looks ahead", comparison.date, comparison.looks_ahead, cuts)
    for comparison in comparisons:
        if comparison.doubt:
            return CausalCheck("cannot be checked", None, comparison.doubt, cuts)
    detail = f"{len(cuts)} decisions, repeated without the future and with another one, are equal to the last bit"
    return CausalCheck("causal", None, detail, cuts)


def _compare(snapshot: PolicySnapshot, market: Market, seed: int) -> list[_Comparison]:
    date = pd.Timestamp(market.dates[snapshot.row])
    cut = _repeat(snapshot, market.until(date))
    perturbed = _repeat(snapshot, market.perturbed_after(date, seed), draw=np.random.default_rng(seed))
    repeated: dict[str, Any] | None = None
    comparisons = []
    for name, weights in snapshot.weights.items():
        future = find_future_data(snapshot.policies[name], market, date)
        doubt = CARRIES_FUTURE.format(future[0][0], show(date)) if future else ""
        looks_ahead = ""
        if not (_same_bits(cut[name], weights) and _same_bits(perturbed[name], weights)):
            repeated = repeated or _repeat(snapshot, market)
            if _same_bits(repeated[name], weights):
                source = f"data it carries: {future[0][0]}" if future else "the market's future"
                looks_ahead = f"the decision changes with {source}"
            else:
                doubt = NOT_REPRODUCIBLE
        comparisons.append(_Comparison(name, date, looks_ahead, doubt))
    return comparisons


def _repeat(snapshot: PolicySnapshot, market: Market, draw: np.random.Generator | None = None) -> dict[str, Any]:
    """Repeat the decisions with copies on another market; with `draw`, the later part of their own data is redrawn.

    A policy that now fails gets `_FAILED`, which differs from every decision.
    """
    policies, shared, holdings = copy.deepcopy((snapshot.policies, snapshot.shared, snapshot.holdings))
    known = PointInTimeData(market, shared)
    known.advance(snapshot.row)
    history = known.history()
    decided: dict[str, Any] = {}
    for name, policy in policies.items():
        if draw is not None:
            redraw_future_data(policy, market, history.date, draw)
        try:
            decided[name] = request_decision(policy, name, history, holdings[name], market.assets).weights
        except PolicyError:
            decided[name] = _FAILED
    return decided


def _same_bits(one: Any, other: Any) -> bool:
    """Return whether two decisions are equal to the last bit; NaN equals NaN and None equals None."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=True))
    return one is other
