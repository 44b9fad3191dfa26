"""Decisions made again from copies of the policies, without their future: a check that costs two decisions a cut."""

import copy
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.backtest.answers import ask
from statefolio.backtest.carried import carried_beyond
from statefolio.backtest.gate import Gate
from statefolio.backtest.market import Market
from statefolio.backtest.result import CausalCheck
from statefolio.exceptions import PolicyError
from statefolio.portfolio.policy import Holdings, Policy

FAILED = object()
NOT_REPRODUCIBLE = "decisions differ between two runs on the same data: seed whatever is random"
CARRIES = "{}, beyond the decision of {}; what it was made from cannot be told. Check a function market -> policy."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The policies of a run just before they decided, and what they then wanted.

    Attributes
    ----------
    row : int
        Row of the market.
    policies : dict of Policy
        Deep copies, in the order in which they are asked.
    shared : dict
        The run's shared place, copied together with the policies.
    holdings : dict of Holdings
        Copied as well: a policy may write to what it is told.
    wanted : dict of (N,) array or None
        Written down after they decided.
    """

    row: int
    policies: dict[str, Policy]
    shared: dict[Hashable, Any]
    holdings: dict[str, Holdings]
    wanted: dict[str, Array | None] = field(default_factory=dict)


def take_checkpoint(
    row: int, policies: dict[str, Policy], shared: dict[Hashable, Any], holdings: dict[str, Holdings]
) -> Checkpoint:
    """Copy the policies that are about to decide, and what they are told."""
    return Checkpoint(row, *copy.deepcopy((policies, shared, holdings)))


def check_replays(points: list[Checkpoint], names: list[str], market: Market, seed: int = 0) -> dict[str, CausalCheck]:
    """Whether policies decide the same, to the last bit, on a market cut at each checkpoint and on perturbed ones.

    The copies used on a perturbed market have the future of their own dated data drawn anew as well, wherever a search
    finds them and they can be changed. Each checkpoint costs every policy two decisions.

    Returns
    -------
    dict of CausalCheck, by policy
    """
    findings: dict[str, list[_Finding]] = {name: [] for name in names}
    for place, point in enumerate(points):
        for finding in _findings(point, market, seed + place):
            findings[finding.name].append(finding)
    return {name: _verdict(found) for name, found in findings.items()}


@dataclass(frozen=True)
class _Finding:
    """What one checkpoint says of one policy: nothing, or why it looks ahead or cannot be told."""

    name: str
    date: pd.Timestamp
    looks_ahead: str = ""
    doubt: str = ""


def _verdict(found: list[_Finding]) -> CausalCheck:
    cuts = tuple(finding.date for finding in found)
    if not found:
        return CausalCheck("cannot be checked", None, "no decision fell on a date that was to be checked", cuts)
    for finding in found:
        if finding.looks_ahead:
            return CausalCheck("looks ahead", finding.date, finding.looks_ahead, cuts)
    for finding in found:
        if finding.doubt:
            return CausalCheck("cannot be checked", None, finding.doubt, cuts)
    told = f"{len(cuts)} decisions made again without their future, and with another, are equal to the last bit"
    return CausalCheck("causal", None, told, cuts)


def _findings(point: Checkpoint, market: Market, seed: int) -> list[_Finding]:
    date = pd.Timestamp(market.dates[point.row])
    cut = _decide_again(point, market.until(date))
    perturbed = _decide_again(point, market.perturbed_after(date, seed), draw=np.random.default_rng(seed))
    same: dict[str, Any] | None = None
    findings = []
    for name, wanted in point.wanted.items():
        carried = carried_beyond(point.policies[name], date, len(market.dates), point.row + 1)
        doubt = CARRIES.format(carried[0].where, show(date)) if carried else ""
        looks_ahead = ""
        if not (same_bits(cut[name], wanted) and same_bits(perturbed[name], wanted)):
            same = same or _decide_again(point, market)
            if same_bits(same[name], wanted):
                source = f"data it carries: {carried[0].where}" if carried else "the market's future"
                looks_ahead = f"the decision changes with {source}"
            else:
                doubt = NOT_REPRODUCIBLE
        findings.append(_Finding(name, date, looks_ahead, doubt))
    return findings


def _decide_again(point: Checkpoint, market: Market, draw: np.random.Generator | None = None) -> dict[str, Any]:
    """Decisions of copies on another market; with `draw`, the future of their own data is drawn anew.

    A policy that cannot decide any more has `FAILED`, which equals no decision.
    """
    policies, shared, holdings = copy.deepcopy((point.policies, point.shared, point.holdings))
    gate = Gate(market, shared)
    gate.advance(point.row)
    history = gate.history()
    decided: dict[str, Any] = {}
    for name, policy in policies.items():
        if draw is not None:
            perturb_carried(policy, history.date, market, draw)
        try:
            decided[name] = ask(policy, name, history, holdings[name], market.assets).weights
        except PolicyError:
            decided[name] = FAILED
    return decided


def perturb_carried(policy: Policy, date: pd.Timestamp, market: Market, draw: np.random.Generator) -> None:
    """Draw anew what a policy carries of the time after a date, in place."""
    known = int(market.dates.searchsorted(date, side="right"))
    for data in carried_beyond(policy, date, len(market.dates), known):
        if data.perturb is not None:
            data.perturb(draw)


def same_bits(one: Any, other: Any) -> bool:
    """Whether two decisions are equal to the last bit, NaN equal to NaN; None equals None."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other, equal_nan=True))
    return one is other
