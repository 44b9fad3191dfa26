"""Reads what `risk` knows of a portfolio: weights in any unit, a benchmark, sectors and scenarios."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._plausible.weights import are_percent
from statefolio.commands.risk.options import RiskOptions, WeightsUnit
from statefolio.data import read_groups, read_weights
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.risk.weights import SUM_TOLERANCE

MOST_GROSS = 20.0
"""Sum of absolute weights above which they are no shares of the portfolio's value."""


@dataclass(frozen=True, eq=False)
class PortfolioInputs:
    """A portfolio as shares of its value, with what it is compared with.

    Attributes
    ----------
    name : str
    weights : Series by asset
    value : float, optional
        In currency.
    groups : Series by asset, optional
    benchmark : Series by asset, optional
    benchmark_name : str
    scenarios : mapping from name to factor returns
    """

    name: str
    weights: "pd.Series[float]"
    value: float | None
    groups: "pd.Series[str] | None"
    benchmark: "pd.Series[float] | None"
    benchmark_name: str
    scenarios: dict[str, dict[str, float]]


def read_portfolio(options: RiskOptions) -> PortfolioInputs:
    """Read the files of a portfolio and its scenarios."""
    unit = options.portfolio.weights_unit
    given = read_weights(options.weights)
    weights, value = to_shares(given, unit, options.weights, "--weights", options.portfolio.portfolio_value)
    benchmark = None
    if options.portfolio.benchmark is not None:
        path = options.portfolio.benchmark
        benchmark, _ = to_shares(read_weights(path), unit, path, "--benchmark", None)
    return PortfolioInputs(
        name=options.portfolio.portfolio_name or options.weights.stem,
        weights=weights,
        value=value,
        groups=None if options.groups is None else read_groups(options.groups),
        benchmark=benchmark,
        benchmark_name="" if options.portfolio.benchmark is None else options.portfolio.benchmark.stem,
        scenarios=read_scenarios(options.portfolio.scenario or ()),
    )


def to_shares(
    given: "pd.Series[float]", unit: WeightsUnit | None, path: Path, option: str, value: float | None
) -> "tuple[pd.Series[float], float | None]":
    """Return weights as shares of the portfolio's value, and the value in currency where it is known.

    Raises
    ------
    InputError
        If the unit is not given and the numbers are no shares, or they are currency and sum to nothing.
    """
    total, gross = float(given.sum()), float(given.abs().sum())
    if unit is None and bool(are_percent(np.array(given, dtype=np.float64))):
        raise InputError(
            f"{option} must be shares of the portfolio's value, got numbers in {path} that sum to {total:g}. Pass "
            "--weights-unit percent if they are percent, or --weights-unit share if they are shares."
        )
    if unit is None and gross > MOST_GROSS:
        raise InputError(
            f"{option} must be shares of the portfolio's value, got numbers in {path} that sum to {total:,.6g} "
            f"({gross:,.6g} without their signs). Pass --weights-unit currency if they are amounts of money, percent, "
            "or share."
        )
    if unit == "percent":
        return given / 100.0, value
    if unit != "currency":
        return given, value
    whole = total if value is None else value
    if not whole > 0.0:
        raise InputError(
            f"{option} in currency must be worth more than 0 together, got {total:,.6g} in {path}. Pass "
            "--portfolio-value with the portfolio's value."
        )
    return given / whole, whole


def check_assets(weights: "pd.Series[float]", assets: pd.Index, option: str = "--weights") -> None:
    """Raise UnknownNameError if the weights name an asset without returns."""
    unknown = weights.index[~weights.index.isin(assets)]
    if len(unknown):
        raise UnknownNameError(
            f"{option} must name assets with returns, got {len(unknown)} without (first: {unknown[0]!r}). Drop "
            "them, or add their returns."
        )


def check_groups(groups: "pd.Series[str]", assets: pd.Index) -> None:
    """Raise UnknownNameError if the groups name none of the assets."""
    if not groups.index.isin(assets).any():
        raise UnknownNameError(
            f"--groups must name assets of the data ({listed(list(assets))}), got none of them (first: "
            f"{groups.index[0]!r}). Check that it is the right file."
        )


def check_numbers(portfolio: PortfolioInputs, weights_sum: float | None, factors: pd.Index) -> None:
    """Raise an error if the weights have another sum than the one asked for, or a scenario another factor."""
    total = float(portfolio.weights.sum())
    if weights_sum is not None and abs(total - weights_sum) > SUM_TOLERANCE:
        raise InputError(
            f"--weights-sum must be the sum of the weights, {total:.8g}, got {weights_sum:g}. Correct the weights or "
            "the sum."
        )
    unknown = [factor for moves in portfolio.scenarios.values() for factor in moves if factor not in factors]
    if unknown:
        raise UnknownNameError(
            f"--scenario must name factors of the model ({listed(list(factors))}), got {unknown[0]!r}. Use one of them."
        )


def read_scenarios(texts: Iterable[str]) -> dict[str, dict[str, float]]:
    """Read scenarios such as "market=-0.1" or "crash:market=-0.1,value=0.02".

    >>> read_scenarios(["crash:market=-0.1,value=0.02"])
    {'crash': {'market': -0.1, 'value': 0.02}}
    """
    found: dict[str, dict[str, float]] = {}
    for text in texts:
        head, colon, tail = text.partition(":")
        name, moves = (head.strip(), tail) if colon else (text.strip(), text)
        shocks = {}
        for part in moves.split(","):
            factor, sign, number = part.partition("=")
            factor, again = factor.strip(), factor.strip() in shocks
            try:
                shocks[factor] = float(number)
            except ValueError:
                shocks[factor] = np.nan
            if not sign or not factor or again or not np.isfinite(shocks[factor]):
                raise InputError(
                    f"--scenario must be FACTOR=RETURN in decimals, several with commas, got {text!r}. Pass e.g. "
                    "--scenario market=-0.1 or --scenario crash:market=-0.1,value=0.02."
                )
        if name in found:
            raise InputError(f"--scenario must have each name once, got {name!r} twice. Rename one.")
        found[name] = shocks
    return found
