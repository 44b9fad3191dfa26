"""Compares a portfolio of baskets with portfolios of random baskets of the same universe.

It answers whether screening is worth anything. Each draw replaces every basket by a random one of the same size, with a
random hedged asset, and walks it with the same hedge, rule, capital, stops and costs on the same dates. The draws are
taken from a pool that is walked once.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pandas as pd

from statefolio._options import Whole, check
from statefolio._plausible.warn import leave_out, warned_once
from statefolio.backtest.market import Market
from statefolio.backtest.performance import measures
from statefolio.backtest.validation.sharpe import deflated_sharpe
from statefolio.exceptions import InputError
from statefolio.pairs.portfolio.account import Placed, account_of, market_of, place, positions_of
from statefolio.pairs.portfolio.settings import PortfolioSettings, names_of
from statefolio.pairs.portfolio.showing import ShownRandomBaskets
from statefolio.pairs.portfolio.walk_portfolio import BasketPortfolio, walk_one
from statefolio.pairs.prices import read_prices
from statefolio.pairs.progress import StageProgress

DRAWS = Whole(at_least=19, example=500)
POOL = Whole(at_least=1, example=100)
SEED = Whole(at_least=0, example=0)
MEASURES = ("annual_return", "annual_volatility", "sharpe", "maximum_drawdown", "daily_turnover")
_QUANTILES = {"5 % quantile": 0.05, "median": 0.5, "95 % quantile": 0.95}
_MOST_LISTED = 200_000
"""Up to this number of baskets of a size, all are listed and drawn without replacement."""


@dataclass(frozen=True, eq=False, repr=False)
class RandomBaskets(ShownRandomBaskets):
    """Result of `compare_with_random`.

    Attributes
    ----------
    table : DataFrame (portfolio x measure)
        After costs: the portfolio, the same baskets with equal capital, and the quantiles of the random portfolios.
    draws : DataFrame (draw x measure)
        Every random portfolio after costs.
    pool : DataFrame (basket x measure)
        Every random basket alone, before costs, on its own capital.
    p_value : float
        Share of random portfolios with a Sharpe ratio at least as high, the portfolio counted among them.
    deflated_sharpe : float
        Probability that the true Sharpe ratio of the portfolio is above the expected best of as many trials without
        skill as the screen tried baskets. The variance of the trials is that of the pool's Sharpe ratios. The baskets
        were chosen on earlier dates, so that this is stricter than selection alone requires. NaN if it is not known how
        many baskets were tried.
    skipped : int
        Random baskets without a hedge, e.g. for too few dates before the start.
    """

    table: pd.DataFrame
    draws: pd.DataFrame
    pool: pd.DataFrame
    p_value: float
    deflated_sharpe: float
    skipped: int
    tried: int | None = field(default=None)

    @property
    def sentence(self) -> str:
        """Where the portfolio falls among random ones, in words."""
        better = float((self.draws["sharpe"] >= self.table["sharpe"].iloc[0]).mean())
        own, middle = self.table["sharpe"].iloc[0], self.draws["sharpe"].median()
        evidence = (
            "Screening earned more than chance"
            if self.p_value <= 0.05
            else "There is no evidence that screening earns more than chance"
        )
        return (
            f"{better:.0%} of {len(self.draws):,} random portfolios of the same universe have a Sharpe ratio of at "
            f"least {own:.2f} after costs; their median is {middle:.2f}. {evidence} (p = {self.p_value:.3f})."
        )


@warned_once()
def compare_with_random(
    portfolio: BasketPortfolio,
    prices: Any,
    *,
    draws: int = 500,
    pool: int = 100,
    seed: int = 0,
    progress: StageProgress | None = None,
) -> RandomBaskets:
    """Compare a portfolio of baskets with portfolios of random baskets of the same universe.

    Parameters
    ----------
    portfolio : BasketPortfolio
    prices : DataFrame (date x asset)
        The universe that was screened: every pair of its columns may be drawn.
    draws : int, default 500
        Random portfolios, at least 19.
    pool : int, default 100
        Random baskets of each size that are walked; the portfolios are drawn from them. Portfolios share baskets, so
        that a small pool makes the distribution lumpy.
    seed : int
    progress : callable (stage, done, total), optional
        Called during the stages "walking" and "drawing".

    Returns
    -------
    RandomBaskets

    Raises
    ------
    InputError
        For options that are not valid, or a universe with fewer baskets than the portfolio.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "KO", "PEP", "PG", "XOM"]].loc["2010":]
    >>> screen = sf.pairs.screen_pairs(prices, until="2016", likelihood_ratio="none")
    >>> rule = sf.pairs.Bands(entry=1.5)
    >>> portfolio = sf.pairs.walk_portfolio(prices, screen, rule=rule, most=2, retune=None)
    >>> found = sf.pairs.compare_with_random(portfolio, prices, draws=49, pool=6)
    >>> len(found.draws), len(found.pool), 0 < found.p_value <= 1
    (49, 6, True)
    """
    check("draws", draws, DRAWS)
    check("pool", pool, POOL)
    check("seed", seed, SEED)
    values, dates, assets = read_prices(prices, alike=False)
    frame, random = pd.DataFrame(values, dates, assets), np.random.default_rng(seed)
    leave_out("near_duplicate", assets)
    settings, market = portfolio.settings, market_of(frame)
    if settings.start not in market.dates:
        raise InputError(
            f"prices must have the start of the portfolio, {settings.start:%Y-%m-%d}, got none on that date. Pass the "
            "prices of the portfolio."
        )
    sizes = Counter(len(hedge.assets_) for hedge in portfolio.hedges.values())
    chosen = {size: _random_baskets(assets, size, pool, random) for size in sorted(sizes)}
    walked, skipped = _walk_pool(chosen, frame, settings, market, progress)
    for size, wanted in sizes.items():
        if len(walked[size]) < wanted:
            raise InputError(
                f"prices must allow at least {wanted} random baskets of {size} assets, as many as the portfolio has, "
                f"got {len(walked[size])}. Pass the whole universe, or a larger pool."
            )
    rows = []
    for done in range(draws):
        mine = _drawn(walked, sizes, random)
        result = account_of(positions_of(mine, settings, market), settings, market, "random")
        rows.append(result.summary()[list(MEASURES)].to_dict())
        if progress is not None:
            progress("drawing", done + 1, draws)
    found = pd.DataFrame(rows).rename_axis("draw")
    alone = _alone({name: one for there in walked.values() for name, one in there.items()}, settings, market)
    own = portfolio.result.summary()[list(MEASURES)]
    beaten = int((found["sharpe"] >= own["sharpe"]).sum())
    return RandomBaskets(
        table=_table(portfolio, found),
        draws=found,
        pool=alone,
        p_value=(1 + beaten) / (1 + draws),
        deflated_sharpe=_deflated(portfolio, alone),
        skipped=skipped,
        tried=portfolio.tried,
    )


def _random_baskets(assets: pd.Index, size: int, count: int, random: np.random.Generator) -> list[tuple[Any, ...]]:
    """Return different baskets, each with its assets in a random order; all of them if there are no more."""
    total = comb(len(assets), size)
    if total <= _MOST_LISTED:
        listed = list(combinations(range(len(assets)), size))
        chosen = [listed[row] for row in random.permutation(total)[:count]]
    else:
        seen: dict[tuple[int, ...], None] = {}
        while len(seen) < count:
            seen[tuple(sorted(random.choice(len(assets), size, replace=False).tolist()))] = None
        chosen = list(seen)
    return [tuple(assets[column] for column in random.permutation(list(one))) for one in chosen]


def _walk_pool(
    chosen: Mapping[int, list[tuple[Any, ...]]],
    prices: pd.DataFrame,
    settings: PortfolioSettings,
    market: Market,
    progress: StageProgress | None,
) -> tuple[dict[int, dict[str, Placed]], int]:
    """Walk the random baskets of each size; return them by name, and the number of those without a hedge."""
    walked: dict[int, dict[str, Placed]] = {size: {} for size in chosen}
    every = [(size, basket) for size, baskets in chosen.items() for basket in baskets]
    for done, (size, basket) in enumerate(every):
        try:
            one = walk_one(prices, basket, settings)
        except InputError:
            pass  # too few dates before the start, or prices that cannot be told apart: counted as skipped
        else:
            walked[size][names_of([basket])[0]] = place(one, settings, market)
        if progress is not None:
            progress("walking", done + 1, len(every))
    return walked, len(every) - sum(map(len, walked.values()))


def _drawn(
    walked: Mapping[int, dict[str, Placed]], sizes: Mapping[int, int], random: np.random.Generator
) -> dict[str, Placed]:
    """Return as many different random baskets of each size as the portfolio has."""
    mine: dict[str, Placed] = {}
    for size, there in walked.items():
        names = list(there)
        for row in random.choice(len(names), sizes[size], replace=False):
            mine[names[row]] = there[names[row]]
    return mine


def _alone(placed: dict[str, Placed], settings: PortfolioSettings, market: Market) -> pd.DataFrame:
    """Return measures of each basket alone, before costs, on its own capital."""
    first = int(market.dates.searchsorted(settings.start))
    rows = {}
    for name, one in placed.items():
        earned = one.units[:-1] * one.earned[first + 1 :]
        own = measures(pd.Series(earned, index=market.dates[first + 1 :]))
        rows[name] = own[["annual_return", "sharpe", "maximum_drawdown"]].to_dict()
    return pd.DataFrame(rows).T.rename_axis("basket")


def _table(portfolio: BasketPortfolio, found: pd.DataFrame) -> pd.DataFrame:
    rows = {
        "portfolio": portfolio.result.summary()[list(MEASURES)],
        "equal capital": portfolio.equal.summary()[list(MEASURES)],
        **{f"random, {word}": found.quantile(q) for word, q in _QUANTILES.items()},
    }
    return pd.DataFrame(rows).T.rename_axis("portfolio")


def _deflated(portfolio: BasketPortfolio, alone: pd.DataFrame) -> float:
    if portfolio.tried is None or len(alone) < 2:
        return np.nan
    variance = float(alone["sharpe"].var(ddof=1))
    return float(deflated_sharpe(portfolio.result.returns, float(portfolio.tried), variance))
