"""Forward rounds: scores weights and forecasts that were in before their dates, on the dates that have come."""

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.simulation import simulate
from statefolio.challenge.rules.forward_files import ForwardFile
from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.scoring.portfolio_track import score_result
from statefolio.challenge.scoring.scored_window import ScoredWindow, number
from statefolio.commands.studies.parts.costs import make_costs
from statefolio.validation.equal_accuracy import standard_error

FEWEST_DATES = 20
TOO_EARLY = f"At least {FEWEST_DATES} dates of the file must have come. Wait for them."


def score_forward(file: ForwardFile, market: Market, rules: Rules) -> ScoredWindow:
    """Score a forward file on the dates of a market.

    Parameters
    ----------
    file
        Weights or forecasts. Dates that the market skipped (holidays) are left out.
    market
        With the dates that have come (`RoundData.extended`).
    rules
        Of which [backtest] and [gates] are used.

    Returns
    -------
    ScoredWindow
        Of the track and the window "forward". Weights: as in the portfolio track; each row is traded at the close
        before its date. Forecasts: the mean log density of returns in excess of cash, normally distributed. The value
        is None until 20 dates have come.
    """
    come = pd.DatetimeIndex(file.table.index).intersection(market.dates)
    if len(come) < FEWEST_DATES:
        return ScoredWindow("forward", "forward", None, details={"dates": float(len(come))}, reasons=(TOO_EARLY,))
    last = market.until(come[-1])
    return _weights(file, last, come, rules) if file.kind == "weights" else _forecasts(file, last, come)


def _weights(file: ForwardFile, market: Market, come: pd.DatetimeIndex, rules: Rules) -> ScoredWindow:
    trading = rules.backtest
    decided = file.table.loc[come]
    decided.index = market.dates[market.dates.get_indexer(come) - 1]
    result = simulate(
        decided,
        market,
        costs=make_costs(trading.costs, market),
        capital=trading.capital,
        periods_per_year=trading.periods_per_year,
    )
    return score_result(result, market, rules.gates, 1, "forward", "forward")


def _forecasts(file: ForwardFile, market: Market, come: pd.DatetimeIndex) -> ScoredWindow:
    returns, _ = market.model_data()
    returns = returns.reindex(come)
    mean = file.table.xs("mean", axis=1, level=1).loc[come, returns.columns].to_numpy()
    volatility = file.table.xs("volatility", axis=1, level=1).loc[come, returns.columns].to_numpy()
    z = (returns.to_numpy() - mean) / volatility
    density = -0.5 * np.log(2.0 * np.pi) - np.log(volatility) - 0.5 * z**2
    known = np.isfinite(density)
    some, count = known.any(axis=1), int(known.sum())
    if not count:
        return ScoredWindow("forward", "forward", None, reasons=(TOO_EARLY,))
    sums = np.where(known, density, 0.0).sum(axis=1)[some]
    series = pd.Series(sums * (some.sum() / count), index=come[some])
    details = {"dates": float(len(series)), "returns_scored": float(count)}
    error = number(standard_error(series.to_numpy(dtype=np.float64)))
    return ScoredWindow("forward", "forward", number(series.mean()), error, details, series=series)
