"""Makes what a study's report shows from back-tests over one market."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import xarray as xr

from statefolio._arrays.text import listed, shown
from statefolio._options import Whole, check
from statefolio.backtest.market import Market
from statefolio.backtest.measures_table import compared_measures
from statefolio.backtest.periods import read_periods
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.judgement import LEVEL, Judgement, excess_returns, judge_returns
from statefolio.backtest.validation.trials import Trials
from statefolio.backtest.validation.windows import Windows
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.budgets.tracker import RiskContributionTracker
from statefolio.report.lights import Light
from statefolio.report.study_results import Evidence, HoldoutRecord, Selection, StudyResults
from statefolio.risk.attribution import UNATTRIBUTED, attribute_return


def study_of_backtests(
    results: Mapping[str, BacktestResult],
    *,
    benchmarks: Sequence[str] = (),
    model: LoadingsModel | None = None,
    market: Market | None = None,
    measures: pd.DataFrame | None = None,
    judgement: Judgement | None = None,
    measure: str = "sharpe",
    rebalance: str = "",
    costs: str = "",
    trials: pd.DataFrame | None = None,
    holdout: HoldoutRecord | None = None,
    groups: "pd.Series[str] | None" = None,
) -> StudyResults:
    """Return what a report shows of back-tests: their measures, attribution, significance and selection.

    Parameters
    ----------
    results
        By name, all over the same dates of the same market.
    benchmarks
        Names of portfolios that the others are compared with, the main one first.
    model
        Fitted loadings, for the attribution of returns; None: no attribution.
    market
        Default: that of the first result.
    measures, judgement
        Default: computed from the results. Without a benchmark nothing is judged.
    measure
        The measure that chooses in each window.
    rebalance, costs, trials, holdout
        As for `StudyResults`.
    groups
        The group of each asset, for charts.
    """
    market = market or market_of(results)
    split = {} if model is None else {name: _attribution(model, each, market) for name, each in results.items()}
    return StudyResults(
        results=results,
        benchmark=benchmarks[0] if benchmarks else None,
        other_benchmarks=tuple(benchmarks[1:]),
        rebalance=rebalance,
        costs=costs,
        cash_rate=market.cash_rate,
        measures=measures,
        checks={name: each.causality for name, each in results.items() if each.causality is not None},
        attribution={name: contributions for name, (contributions, _) in split.items()},
        counted_from=None if not split else next(iter(split.values()))[1],
        tracked=_tracked(results, market),
        evidence=None if judgement is None else _evidence(judgement),
        selection=None
        if judgement is None
        else Selection(
            measure=measure,
            windows=judgement.windows,
            choices=judgement.choices,
            chosen_by=judgement.chosen_by,
            paths=judgement.paths,
            returns=judgement.stitched,
        ),
        trials=trials,
        holdout=holdout,
        groups=groups,
    )


def market_of(results: Mapping[str, BacktestResult]) -> Market:
    """Return the market of back-tests; raise InputError if one has none, or dates differ."""
    first = next(iter(results.values()))
    if first.market is None:
        raise InputError("results must have their market, got none. Pass results of run_backtests.")
    return first.market


def judged(
    results: Mapping[str, BacktestResult], benchmarks: Sequence[str], tried_elsewhere: int
) -> tuple[Judgement | None, pd.DataFrame]:
    """Judge back-tests as `statefolio run` does by default, and return their measures.

    Raises
    ------
    InputError
        If a benchmark is not among the results, or the number of trials is no whole number.
    """
    check("trials", tried_elsewhere, Whole(at_least=0, example=0))
    for name in benchmarks:
        if name not in results:
            raise InputError(
                f"benchmark must be one of the results ({listed(list(results))}), got {shown(name)}. Pass one of them."
            )
    market = market_of(results)
    compared = results[benchmarks[0]].returns if benchmarks else None
    measures = compared_measures(results, compared, market.cash_rate)
    excess = excess_returns(results, market.cash_rate)
    if not benchmarks:
        return None, measures
    try:
        windows = Windows().split(excess)
    except InputError:  # too few dates; `page_parts` says so
        return None, measures
    year = read_periods(None, market.dates)
    trials = Trials(year)
    for name in results:
        if name not in benchmarks:
            trials.add(name, excess[name], {"name": name})
    judgement = judge_returns(excess, benchmarks[0], trials, windows, elsewhere=tried_elsewhere, periods_per_year=year)
    return judgement, measures


def default_model(results: Mapping[str, BacktestResult]) -> LoadingsModel | None:
    """Return the default model of loadings, tuned before the back-tests' first date; None without factors."""
    returns, factors = market_of(results).model_data()
    if factors is None:
        return None
    first = next(iter(results.values())).value.index[0]
    return KalmanLoadings().fit(returns, factors, tune_until=first)


def _attribution(
    model: LoadingsModel, result: BacktestResult, whole: Market
) -> tuple[pd.DataFrame, "pd.Series[pd.Timestamp]"]:
    """The part of a portfolio's return before costs that each factor earned by date, and since when assets count.

    The return of dates and assets that the model does not see is unattributed.
    """
    dates = pd.DatetimeIndex(result.weights.index[1:])
    market = whole.until(dates[-1])
    seen, factors = market.model_data()
    seen = seen.loc[seen.index >= dates[0]]
    held = result.weights.loc[seen.index].where(seen.notna(), 0.0)
    found = attribute_return(model, held, seen, None if factors is None else factors.loc[seen.index])
    parts = found["contribution"].to_series().unstack("factor")
    if len(seen) < len(dates) or market.tables.spans_gap is not None:
        everything = (market.excess_returns.loc[dates] * result.weights.loc[dates]).sum(axis=1)
        parts = parts.reindex(dates, fill_value=0.0)
        parts[UNATTRIBUTED] += everything - found["portfolio_return"].to_series().reindex(dates, fill_value=0.0)
    return parts, found["counted_from"].to_series()


def _tracked(results: Mapping[str, BacktestResult], market: Market) -> dict[str, xr.Dataset]:
    """Realised risk contributions of the portfolios with a risk budget over assets."""
    tracked = {}
    for name, result in results.items():
        dates, budgets = result.weights.index[1:], result.details.get("risk_budget")
        if budgets is None or budgets.empty or not budgets.columns.isin(market.assets).all():
            continue
        budget = budgets.iloc[-1].reindex(market.assets, fill_value=0.0).fillna(0.0)
        tracker = RiskContributionTracker(budget / budget.sum())
        if len(dates) >= tracker.window:
            tracker.fit(market.returns.loc[dates], result.weights.loc[dates])
            tracked[name] = tracker.tracking_
    return tracked


def _evidence(judgement: Judgement) -> Evidence:
    return Evidence(
        scores=judgement.scores,
        trials=judgement.number,
        effective_trials=judgement.effective_number,
        overfitting=judgement.overfitting,
        reality_check=judgement.check,
        better=judgement.better,
        level=LEVEL,
        minimum_length=judgement.minimum_length,
    )


def page_parts(found: StudyResults) -> dict[str, Any]:
    """Return chapters, tiles, answer and lights of the page."""
    from statefolio.report.backtest_chapters import study_chapters, study_tiles
    from statefolio.report.study_overview import BACKTEST, study_answer, study_lights

    lights = study_lights(found)
    if found.benchmark is not None and found.evidence is None:
        text = "Significance and selection are not judged: there are too few dates for five windows."
        lights.insert(0, Light("Significance", "watch", text, BACKTEST))
    return {
        "chapters": study_chapters(found),
        "tiles": study_tiles(found),
        "lead": study_answer(found),
        "lights": lights,
    }
