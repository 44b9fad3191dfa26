"""The tutorial's data: a market made from a secret seed, whose true loadings are known and revealed at the end."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.backtest.market import Market
from statefolio.challenge.rules.settings import Rules, SyntheticTable
from statefolio.challenge.rules.submission import Submission
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.scoring.scored_window import number
from statefolio.commands.studies.parts.market import read_data
from statefolio.commands.studies.parts.models import make_loadings
from statefolio.exceptions import InputError

YEAR = 252.0
FIRST_DATE = "2015-01-02"
NAMES = ("market", "value", "momentum", "size", "quality")
MOST_POINTS = 120
"""Most dates of a revealed path."""
NORMAL_95 = 1.959964


@dataclass(frozen=True, eq=False)
class SyntheticMarket:
    """A market, and what is not known of real ones.

    Attributes
    ----------
    market : Market
    loadings : (T, N, K) array
        True loadings on each date, before its return.
    """

    market: Market
    loadings: Array


def new_seed() -> str:
    """Return a secret seed: 128 random bits in hexadecimal digits, from the operating system.

    Examples
    --------
    >>> len(new_seed())
    32
    """
    return secrets.token_hex(16)


def make_round(rules: Rules, folder: str | Path, seed: str = "") -> RoundData:
    """Return the data of a round: those that [data] names, or those of [synthetic].

    Parameters
    ----------
    rules
    folder
        The folder that paths in [data] are relative to.
    seed
        From `new_seed`, where the data are synthetic; secret until the end.

    Raises
    ------
    StatefolioError
        If the data cannot be read or used.

    Examples
    --------
    >>> from statefolio.challenge.rules.settings import example_rules, parse_rules
    >>> make_round(parse_rules(example_rules(tutorial=True), "challenge.toml"), ".", "5eed").describe()
    '10 assets, 3 factors, 858 dates, 2015-01-02 to 2018-04-17'
    """
    if rules.data is not None:
        return RoundData.of(read_data(rules.data, Path(folder)).market, rules)
    if rules.synthetic is None:
        raise InputError("rules must have the table [data] or [synthetic], got neither. Add one.")
    return RoundData.of(synthetic_market(rules.synthetic, seed).market, rules)


def synthetic_market(table: SyntheticTable, seed: str) -> SyntheticMarket:
    """Make a market: factors with premia and volatilities that cluster, loadings that are random walks, fat tails.

    Parameters
    ----------
    table
        Numbers of assets, factors and dates.
    seed
        Hexadecimal digits. The same seed makes the same market.

    Returns
    -------
    SyntheticMarket

    Examples
    --------
    >>> found = synthetic_market(SyntheticTable(), "5eed")
    >>> found.loadings.shape, found.market
    ((1500, 10, 3), Market(1500 dates, 2015-01-02 to 2020-10-01; 10 assets))
    """
    if not seed:
        raise InputError("seed must be hexadecimal digits, got nothing. Make one with new_seed().")
    draw = np.random.default_rng(int(seed, 16))
    dates = pd.bdate_range(FIRST_DATE, periods=table.dates, name="date")
    factors = _factors(draw, table.dates, table.factors)
    steps = np.exp(draw.uniform(np.log(0.004), np.log(0.02), size=table.factors))
    start = draw.normal(0.0, 0.5, size=(table.assets, table.factors))
    start[:, 0] = draw.normal(1.0, 0.25, size=table.assets)
    moves = draw.standard_normal((table.dates, table.assets, table.factors)) * steps
    loadings = start + np.cumsum(moves, axis=0)
    level = 0.01 * np.exp(0.3 * draw.standard_normal(table.assets))
    noise = draw.standard_t(6, size=(table.dates, table.assets)) * np.sqrt(4.0 / 6.0)
    returns = np.einsum("tnk,tk->tn", loadings, factors) + noise * level * _clustering(draw, table.dates)[:, None]
    returns = np.maximum(returns, -0.9)
    market = Market(
        pd.DataFrame(returns, index=dates, columns=[f"A{place:02d}" for place in range(1, table.assets + 1)]),
        pd.DataFrame(factors, index=dates, columns=_names(table.factors)),
    )
    return SyntheticMarket(market, loadings)


def _names(count: int) -> list[str]:
    return [NAMES[place] if place < len(NAMES) else f"factor_{place + 1}" for place in range(count)]


def _factors(draw: np.random.Generator, dates: int, count: int) -> Array:
    """Factor returns: yearly premia of 5 to 10 % on volatilities of 16 % (the first) and 7 %."""
    volatility = np.where(np.arange(count) == 0, 0.16, 0.07) / np.sqrt(YEAR)
    premia = draw.uniform(0.05, 0.1, size=count) / YEAR
    shocks: Array = draw.standard_normal((dates, count)) * volatility * _clustering(draw, dates)[:, None]
    return premia + shocks


def _clustering(draw: np.random.Generator, dates: int) -> Array:
    """A volatility around 1 whose logarithm reverts to its mean within about 50 dates."""
    log, found = 0.0, np.empty(dates)
    for row, shock in enumerate(draw.standard_normal(dates)):
        log = 0.98 * log + 0.06 * shock
        found[row] = np.exp(log)
    return found


def true_loadings(submission: Submission, data: RoundData, table: SyntheticTable, seed: str) -> dict[str, Any]:
    """Return the true loadings beside those that a submission's model estimates, for the end of a tutorial.

    Parameters
    ----------
    submission
        Its [loadings] are fitted on all dates, tuned up to the last public one.
    data
        The whole round.
    table, seed
        Of which the round was made.

    Returns
    -------
    dict, ready for JSON
        `dates` (at most 120), `factors`, `assets`: from asset and factor to lists `true`, `estimate`, `low` and `high`
        (95 % bands of the filtered loading); and `error`, the root mean square error by factor after the public dates.

    Raises
    ------
    StatefolioError
        If the model cannot be fitted.
    """
    truth = synthetic_market(table, seed).loadings
    returns, factors = data.market.model_data()
    if factors is None:
        raise InputError("data must have factors, got a market without. Name a file of factors in [data].")
    model = make_loadings(submission.tables.loadings).fit(returns, factors, tune_until=data.windows.public_last)
    found = model.loadings_.sel(factor=list(factors.columns))
    mean, variance = found["filtered"].to_numpy(), found["filtered_variance"].to_numpy()
    after = np.asarray(returns.index > data.windows.public_last)
    errors = np.sqrt(np.nanmean((mean[after] - truth[after]) ** 2, axis=(0, 1)))
    rows = np.unique(np.linspace(0, len(returns) - 1, num=min(MOST_POINTS, len(returns))).round().astype(int))
    half = NORMAL_95 * np.sqrt(variance)
    paths = {"true": truth, "estimate": mean, "low": mean - half, "high": mean + half}
    return {
        "dates": [show(date) for date in returns.index[rows]],
        "factors": [str(name) for name in factors.columns],
        "assets": {
            str(asset): {
                str(factor): {key: [number(value) for value in path[rows, i, k]] for key, path in paths.items()}
                for k, factor in enumerate(factors.columns)
            }
            for i, asset in enumerate(returns.columns)
        },
        "error": {str(factor): number(error) for factor, error in zip(factors.columns, errors, strict=True)},
    }
