"""The job of `pairs portfolio`: screens a universe, walks the survivors together, and writes one folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.text import show, span
from statefolio.backtest.costs import TradingCosts
from statefolio.commands.csv_tables import write_csv
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.pairs.hedge_options import check_hedge_options, make_hedge, make_rule, score_options
from statefolio.commands.pairs.options import PortfolioOptions
from statefolio.commands.pairs.price_inputs import PriceInputs
from statefolio.commands.progress import Progress
from statefolio.exceptions import InputError
from statefolio.pairs.portfolio.random_baskets import RandomBaskets, compare_with_random
from statefolio.pairs.portfolio.walk_portfolio import BasketPortfolio, walk_portfolio
from statefolio.pairs.screening.result import PairScreen
from statefolio.pairs.screening.screen import screen_pairs
from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.report import write_report
from statefolio.report.loadings_overview import data_light
from statefolio.report.pairs.portfolio_chapters import (
    portfolio_chapters,
    portfolio_lead,
    portfolio_lights,
    portfolio_tiles,
)
from statefolio.report.pairs.screen_chapters import screen_chapters

FILES = frozenset(
    {
        "accounts.csv",
        "baskets.csv",
        "capital.csv",
        "comparison.csv",
        "ledger.csv",
        "pool.csv",
        "profits.csv",
        "random.csv",
        "report.html",
        "screen.csv",
        "stops.csv",
        "target_weights.csv",
        "trades.csv",
        "units.csv",
    }
)
FEWEST_DRAWS = 19
TITLE = "Portfolio of baskets"


@dataclass(frozen=True)
class PortfolioResult:
    """A portfolio of baskets, its comparison, and the folder they were written to."""

    folder: Path
    screen: PairScreen
    portfolio: BasketPortfolio
    random: RandomBaskets | None


def run_portfolio(inputs: PriceInputs, options: PortfolioOptions, progress: Progress) -> PortfolioResult:
    """Screen, walk and compare, and write the folder whole or not at all.

    Raises
    ------
    StatefolioError
        For options and prices that cannot be used, and a screen in which no basket passes.
    """
    output = options.output
    _check(options, pd.DatetimeIndex(inputs.prices.index))
    with whole_folder(output.out, FILES, overwrite=output.overwrite) as folder:
        screen = _screen(inputs.prices, options, progress)
        if options.most is None and not len(screen.selected):
            raise InputError(
                f"--fdr must let one basket pass at least, got none of {screen.counts['tried']:,} that passes all "
                "filters. Pass --most 10 for the ten smallest p-values, or a higher --fdr."
            )
        portfolio = _walk(inputs.prices, screen, options, progress)
        random = None if options.draws == 0 else _compare(inputs.prices, portfolio, options, progress)
        progress("writing", 0, 0)
        _write_tables(folder, screen, portfolio, random)
        write_report(
            folder / "report.html",
            None,
            chapters=[*portfolio_chapters(portfolio, random), *screen_chapters(screen)],
            tiles=portfolio_tiles(portfolio, random),
            lights=[*portfolio_lights(portfolio, random), data_light(inputs.suspicious)],
            lead=portfolio_lead(portfolio, random),
            reading=inputs.facts,
            options=_as_text(options),
            suspicious=inputs.suspicious,
            title=TITLE,
        )
        progress("writing", 1, 1)
    return PortfolioResult(output.out, screen, portfolio, random)


def _check(options: PortfolioOptions, dates: pd.DatetimeIndex) -> None:
    """Check, before the long computation begins, what only its last part would check."""
    check_hedge_options(options)
    if not dates[0] < pd.Timestamp(options.until) < dates[-1]:
        raise InputError(
            f"--until must be between the first and the last date of the prices, {span(dates)}, got "
            f"{show(options.until)}. Choose another date."
        )
    if options.draws != 0 and options.draws < FEWEST_DRAWS:
        raise InputError(
            f"--draws must be 0 (no comparison) or at least {FEWEST_DRAWS}, got {options.draws}. Pass e.g. --draws 500."
        )


def _screen(prices: pd.DataFrame, options: PortfolioOptions, progress: Progress) -> PairScreen:
    return screen_pairs(
        prices.loc[: options.until],
        fdr=options.fdr,
        correction=options.correction,
        half_life=options.half_life,
        cost=options.cost,
        entry=options.entry,
        likelihood_ratio="none",
        logs=options.logs,
        progress=progress,
    )


def _walk(prices: pd.DataFrame, screen: PairScreen, options: PortfolioOptions, progress: Progress) -> BasketPortfolio:
    by: Any = RiskBudget() if options.capital_by == "risk_budget" else options.capital_by
    retune: Any = options.retune
    return walk_portfolio(
        prices,
        screen,
        make_hedge(options),
        make_rule(options),
        most=options.most,
        retune=retune,
        capital_by=by,
        risk_window=options.risk_window,
        stop_loss=options.stop_loss,
        costs=TradingCosts(proportional=options.cost, borrow=options.borrow),
        capital=options.capital,
        progress=lambda done, total: progress("walking", done, total),
        **score_options(options),
    )


def _compare(
    prices: pd.DataFrame, portfolio: BasketPortfolio, options: PortfolioOptions, progress: Progress
) -> RandomBaskets:
    def of_stages(stage: str, done: int, total: int) -> None:
        progress({"walking": "random baskets", "drawing": "random portfolios"}[stage], done, total)

    return compare_with_random(
        portfolio, prices, draws=options.draws, pool=options.pool, seed=options.seed, progress=of_stages
    )


def _write_tables(folder: Path, screen: PairScreen, portfolio: BasketPortfolio, random: RandomBaskets | None) -> None:
    accounts = {"portfolio": portfolio.result, "equal capital": portfolio.equal, "not netted": portfolio.apart}
    measures = pd.DataFrame({name: result.summary() for name, result in accounts.items()}).T
    write_csv(measures, folder / "accounts.csv", index_label="account")
    write_csv(portfolio.table, folder / "baskets.csv")
    write_csv(screen.table, folder / "screen.csv")
    write_csv(portfolio.shares.rename_axis("date"), folder / "capital.csv")
    write_csv(portfolio.units.rename_axis("date"), folder / "units.csv")
    write_csv(portfolio.profits.rename_axis("date"), folder / "profits.csv")
    write_csv(portfolio.result.ledger, folder / "ledger.csv")
    write_csv(portfolio.result.decisions.rename_axis("date"), folder / "target_weights.csv")
    write_csv(portfolio.result.trades, folder / "trades.csv", index=False)
    write_csv(portfolio.stops, folder / "stops.csv", index=False)
    if random is not None:
        write_csv(random.table, folder / "comparison.csv")
        write_csv(random.draws, folder / "random.csv")
        write_csv(random.pool, folder / "pool.csv")


def _as_text(options: PortfolioOptions) -> dict[str, object]:
    """Return the options as the report shows them."""
    rule = make_rule(options)
    return {
        "screened until": show(options.until),
        "false discovery rate": f"{options.fdr:.0%}",
        "baskets": "all that pass the filters" if options.most is None else f"the {options.most} smallest p-values",
        "tuning": options.tuning,
        "tuned again": "never" if options.retune is None else str(options.retune),
        "rule": ", ".join(f"{name} at {level:g}" for name, level in rule.levels().items()),
        "capital": f"{options.capital:,.0f}, by {options.capital_by.replace('_', ' ')}",
        "stop loss": "none" if options.stop_loss is None else f"{options.stop_loss:.1%}",
        "cost": f"{1e4 * options.cost:g} bp of the traded value",
        "borrow": f"{1e4 * options.borrow:g} bp a year",
        "logarithms": options.logs,
        "seed": options.seed,
    }
