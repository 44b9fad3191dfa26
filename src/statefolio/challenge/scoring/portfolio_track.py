"""The portfolio track: the study's own walk over the window, its measures, and the gates of the rules."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.challenge.rules.settings import GatesTable, TradingTable
from statefolio.challenge.rules.submission import Submission
from statefolio.challenge.rules.windows import ScoreWindow
from statefolio.challenge.scoring.scored_window import ScoredWindow, number
from statefolio.challenge.scoring.sharpe_difference import linearised_sharpe
from statefolio.commands.studies.building import with_periods
from statefolio.commands.studies.parts.policies import make_policies
from statefolio.commands.studies.walking import walk_policies
from statefolio.validation.equal_accuracy import standard_error

MEASURES = (
    "sharpe",
    "sortino",
    "calmar",
    "maximum_drawdown",
    "annual_return",
    "annual_volatility",
    "daily_turnover",
    "cost_drag",
    "net_exposure",
    "gross_exposure",
    "fallbacks",
)
UNDEFINED = "The portfolio must have returns that vary. It may not have invested: check fallback and min_dates."
BANKRUPT = "The portfolio must keep a value above zero. Lower the limits on its weights."
_TOLERANCE = 1e-6


def score_portfolio(
    submission: Submission,
    market: Market,
    window: ScoreWindow,
    trading: TradingTable,
    gates: GatesTable,
    name: str,
) -> ScoredWindow:
    """Walk the portfolio of a submission over a window.

    The walk is that of `statefolio run` with the same tables, the same data and `backtest.start` the window's first
    date: the numbers are the same to the last bit.

    Parameters
    ----------
    submission
        Of the portfolio track.
    market
        Without any date after the window.
    window
        The scored dates; the first decision is on the first one, and returns count from the next.
    trading, gates
        Of the rules.
    name
        Of the window.

    Returns
    -------
    ScoredWindow
        The value is the annual Sharpe ratio after costs. Details are the other measures of a study, and
        `largest_weight`, `fewest_holdings` and `turnover_after_entry`, which the gates are about.
    """
    result = walk_portfolio(submission, market, window.first, trading)
    return score_result(result, market, gates, trading.lag, "portfolio", name)


def score_result(
    result: BacktestResult, market: Market, gates: GatesTable, lag: int, track: str, window: str
) -> ScoredWindow:
    """Score a back-test: its measures, its Sharpe ratio with a standard error, and the gates."""
    cash_rate = market.cash_rate.reindex(result.returns.index)
    excess = (result.returns - cash_rate).rename(None)
    measures = result.summary(None, cash_rate)
    details = {measure: number(measures.get(measure, np.nan)) for measure in MEASURES}
    details |= _held(result, lag) | {"dates": float(len(excess))}
    if result.stopped:
        return ScoredWindow(track, window, None, details=details, reasons=(BANKRUPT,))
    if details["sharpe"] is None or not details["largest_weight"]:  # of cash alone, rounding would be scored
        return ScoredWindow(track, window, None, details=details, reasons=(UNDEFINED,))
    failed = _failed_gates(details, gates)
    if failed:
        return ScoredWindow(track, window, None, None, details, tuple(failed), tuple(failed.values()))
    series = linearised_sharpe(excess.to_numpy())
    scale = float(np.sqrt(result.periods_per_year))
    error = None if series is None else number(scale * standard_error(series))
    return ScoredWindow(track, window, details["sharpe"], error, details, series=excess)


def walk_portfolio(
    submission: Submission, market: Market, start: pd.Timestamp, trading: TradingTable
) -> BacktestResult:
    """Walk the portfolio of a submission from a date to the end of a market, as a study does."""
    options: dict[str, Any] = {each: getattr(trading, each) for each in type(trading).model_fields}
    study = with_periods(submission.tables.study(start=start.date(), **options), market.dates)
    walk = walk_policies(make_policies(study, market, Path()), study.backtest, market)
    while not walk.done:
        walk.step()
    return walk.results()[submission.portfolio_name]


def _held(result: BacktestResult, lag: int) -> dict[str, float | None]:
    """Largest target weight, long or short; fewest assets held on a date; mean daily turnover after the first trade."""
    decided = result.decisions.abs().to_numpy()
    held = (result.weights.iloc[lag:].abs() > _TOLERANCE).sum(axis=1).to_numpy()
    return {
        "largest_weight": number(np.nanmax(decided)) if decided.size else None,
        "fewest_holdings": float(held.min()) if len(held) else None,
        "turnover_after_entry": number(result.turnover.iloc[lag:].mean()),
    }


def _failed_gates(details: dict[str, float | None], gates: GatesTable) -> dict[str, str]:
    """Return the reason of each gate that is not met. Reasons name the limit, and no measured number."""
    turnover, weight, holdings = (
        details[each] for each in ("turnover_after_entry", "largest_weight", "fewest_holdings")
    )
    failed: dict[str, str] = {}
    if turnover is None or turnover > gates.daily_turnover:
        failed["daily_turnover"] = (
            f"The mean daily turnover must be at most {100 * gates.daily_turnover:g}%. Set daily_turnover or turnover "
            "in the portfolio's constraints."
        )
    if weight is None or weight > gates.weight + _TOLERANCE:
        failed["weight"] = (
            f"Every weight must be at most {100 * gates.weight:g}%, long or short. Set lower and upper in the "
            "portfolio's constraints."
        )
    if holdings is None or holdings < gates.holdings:
        failed["holdings"] = (
            f"At least {gates.holdings} assets must be held on every date. Lower upper in the portfolio's constraints."
        )
    return failed
