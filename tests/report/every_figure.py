"""Draws every figure of the package from small results with long names."""

import tempfile
from dataclasses import replace

import numpy as np
import pandas as pd

import statefolio as sf
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.pairs.screening.result import FILTERS, PairScreen, filter_counts

ASSETS = [f"Consumer Discretionary and Services {i} (class B)" for i in range(8)]
FACTORS = ["Market less the risk-free rate, value weighted", "Robust minus weak profitability", "size"]
DATES = pd.bdate_range("2019-01-01", periods=320, name="date")


def panel(seed=0):
    rng = np.random.default_rng(seed)
    factors = pd.DataFrame(rng.normal(0, 0.01, (len(DATES), 3)), DATES, FACTORS)
    values = factors.to_numpy() @ rng.normal(1, 0.3, (3, 8)) + rng.normal(0, 0.01, (len(DATES), 8))
    values[:, :4] += rng.normal(0, 0.01, (len(DATES), 1))
    return pd.DataFrame(values, DATES, ASSETS), factors


def of_models(returns, factors):
    model = sf.KalmanLoadings(tuning="discount").fit(returns, factors, tune_until=DATES[150])
    others = {"Rolling least squares over the last 60 dates": sf.RollingLoadings(60).fit(returns, factors)}
    return {
        "LoadingsModel.plot_loadings": model.plot_loadings(ASSETS[0], beside=others),
        "LoadingsModel.plot_loadings, one": model.plot_loadings(ASSETS[0], FACTORS[0], beside=others),
        "LoadingsModel.plot_map": model.plot_map(),
        "LoadingsModel.plot_map, moved": model.plot_map(moved=True),
        "LoadingsModel.plot_calibration": model.plot_calibration(),
        "LoadingsModel.plot_contributions": model.plot_contributions(returns, factors, ASSETS[0]),
        "coverage": sf.report.coverage_figure(model),
        "innovations": sf.report.innovations_figure(model),
        "autocorrelation": sf.report.autocorrelation_figure(model),
    }


def of_risk(returns, factors):
    rolling = sf.RollingLoadings(60)
    risk = sf.FactorRisk(rolling).fit(returns, factors)
    weights = pd.Series(np.linspace(-0.2, 0.5, 8), ASSETS)
    forecasts = {DATES[160]: returns.iloc[:160].cov()}
    scores = sf.validation.score_covariances(forecasts, returns, random_portfolios=5)
    earned = sf.risk.attribute_return(risk.model_, weights, returns, factors)
    one_year = {"test_from": DATES[200], "refit_every": 60, "window": 40}
    walked = sf.FactorRisk(rolling, residual_structure=None)
    return {
        "FactorRisk.plot_exposures": risk.plot_exposures(weights),
        "FactorRisk.plot_exposures, all": risk.plot_exposures(),
        "FactorRisk.plot_contributions": risk.plot_contributions(weights),
        "FactorRisk.plot_contributions, assets": risk.plot_contributions(weights, by="asset"),
        "FactorRisk.plot_correlation": risk.plot_correlation(),
        "FactorRisk.plot_forecast_vs_realised": walked.plot_forecast_vs_realised(returns, factors, weights, **one_year),
        "LowRankCovariance.plot_correlation": risk.covariance_.plot_correlation(ASSETS),
        "return attribution": sf.report.return_attribution_figure(earned),
        "CovarianceScores.plot_bias": scores.plot_bias(),
        "CovarianceScores.plot_probability": scores.plot_probability(),
        "CovarianceScores.plot_coverage": scores.plot_coverage(),
    }


def of_validation(returns, factors):
    models = {
        "Rolling least squares, sixty dates": sf.RollingLoadings(60),
        "Static least squares over all dates": sf.StaticLoadings(),
        "Exponentially weighted, half-life of 90": sf.ExponentialLoadings(90),
    }
    found = sf.validate(models, returns, factors, DATES[160], replications=50)
    return {
        "Validation.plot_losses": found.plot_losses(),
        "Validation.plot_differences": found.plot_differences("negative_log_score_common"),
        "Validation.plot_periods": found.plot_periods("negative_log_score_common"),
        "Validation.plot_probability": found.plot_probability(),
        "Validation.plot_coverage": found.plot_coverage(),
    }


def of_diagnoses(returns, factors):
    sectors = {name: "Information Technology Hardware" if i < 4 else "oil" for i, name in enumerate(ASSETS)}
    model = sf.RollingLoadings(60).fit(returns, factors)
    specification = sf.diagnostics.diagnose_specification(None, returns, factors, sectors)
    estimation = sf.diagnostics.diagnose_estimation(None, returns, factors)
    collinear = sf.diagnostics.diagnose_collinearity(None, returns, factors)
    change = moved()
    return {
        "Diagnosis.plot_findings": specification.plot_findings(),
        "Diagnosis.plot_eigenvalues": specification.plot_eigenvalues(),
        "Diagnosis.plot_component": specification.plot_component(),
        "Diagnosis.plot_halves": estimation.plot_halves(FACTORS[0]),
        "Diagnosis.plot_shrinkage": estimation.plot_shrinkage(),
        "Diagnosis.plot_inflation": collinear.plot_inflation(),
        "Diagnosis.plot_moving": change.plot_moving(),
        "Diagnosis.plot_breaks": change.plot_breaks(),
        "Diagnosis.plot_cusum": change.plot_cusum(model),
    }


def moved():
    """Return a diagnosis of change made of tables, because a real one takes long."""
    table = pd.DataFrame({"asset": np.repeat(ASSETS, 3), "factor": FACTORS * 8})
    moving = table.assign(moves=[False, True, False] * 8)
    index = pd.period_range("2020-01", periods=3, freq="M", name="month")
    months = pd.DataFrame({"assets": [0, 3, 1], "share": [0.0, 0.75, 0.25]}, index)
    sums = pd.DataFrame({"asset": ASSETS, "statistic": np.arange(8.0), "p_value": 0.04})
    findings = (
        Finding("moving loadings", 0.25, 0.01, 0.05, True, "Some move.", moving),
        Finding("unstable loadings", 0.0, 0.9, 0.05, False, "None moves.", moving),
        Finding("breaks by month", 0.75, np.nan, np.nan, None, "Most in February.", months),
        Finding("cusum", 0.2, 0.04, 0.05, True, "Some drift.", sums),
    )
    return Diagnosis("non-stationarity", findings)


def of_factors(returns, factors):
    wide = pd.concat([returns, returns.add_suffix(" 2").iloc[::-1].set_axis(DATES)], axis=1)
    traded = sf.factors.traded_factors(factors)
    ranking = sf.factors.rank_factors(returns, factors, holdout_from=DATES[250])
    mimicking = sf.factors.mimicking_portfolios(factors, returns)
    statistical = sf.factors.StatisticalFactors(2).fit(returns)
    return {
        "FactorReturns.plot_growth": traded.plot_growth(),
        "FactorReturns.plot_correlation": traded.plot_correlation(),
        "FactorRanking.plot_ranking": ranking.plot_ranking(),
        "FactorRanking.plot_explained": ranking.plot_explained(),
        "FactorRanking.plot_relation": ranking.plot_relation(ASSETS[0], FACTORS[0]),
        "FactorCount.plot_eigenvalues": sf.factors.count_factors(wide, max_factors=4).plot_eigenvalues(),
        "MimickingPortfolios.plot_growth": mimicking.plot_growth(),
        "MimickingPortfolios.plot_fit": mimicking.plot_fit(),
        "StatisticalFactors.plot_growth": statistical.plot_growth(),
    }


def of_backtests(result, other):
    renamed = {name: table.add_prefix("Consumer Discretionary and Services ") for name, table in result.details.items()}
    result = replace(result, name="Minimum variance with a budget of factor risk", details=renamed)
    trials = sf.backtest.Trials()
    rng = np.random.default_rng(0)
    for number in range(6):
        trials.add(f"Minimum variance, half-life {number}, long-only", pd.Series(rng.normal(0, 0.01, 200), DATES[:200]))
    report = sf.backtest.validate_trials(trials, blocks=4, replications=20)
    selection = sf.backtest.nested_selection(trials, windows=sf.backtest.Windows("rolling", 3, embargo=5))
    return {
        "BacktestResult.plot_value": result.plot_value(benchmark=other),
        "BacktestResult.plot_value, log": result.plot_value(log=True),
        "BacktestResult.plot_drawdown": result.plot_drawdown(other),
        "BacktestResult.plot_weights": result.plot_weights(),
        "BacktestResult.plot_sharpe": result.plot_sharpe(100, other),
        "BacktestResult.plot_monthly": result.plot_monthly(),
        "BacktestResult.plot_trading": result.plot_trading(),
        "BacktestResult.plot_contributions": result.plot_contributions(),
        "BacktestResult.plot_budget": result.plot_budget(),
        "BacktestResult.plot_exposures": result.plot_exposures(),
        "BacktestResult.plot_expected_returns": result.plot_expected_returns(),
        "Trials.plot_sharpes": trials.plot_sharpes(),
        "ValidationReport.plot_sharpes": report.plot_sharpes(),
        "ValidationReport.plot_overfitting": report.plot_overfitting(),
        "ValidationReport.plot_chosen": report.plot_chosen(),
        "Overfitting.plot_overfitting": report.overfitting.plot_overfitting(),
        "Overfitting.plot_chosen": report.overfitting.plot_chosen(),
        "Selection.plot_choices": selection.plot_choices(),
    }


def of_inputs(returns, factors):
    late = returns.rename(columns={ASSETS[0]: "A share class with a very long name, common"})
    late.iloc[:100, 1] = np.nan
    market = sf.Market(late)
    with tempfile.TemporaryDirectory() as folder:
        model = sf.loadings.fit_blocks(sf.RollingLoadings(60), returns, factors, store=f"{folder}/store")
        drawn = model.plot_map()
    return {
        "Market.plot_value": market.plot_value(),
        "Market.plot_value, log": market.plot_value(log=True),
        "Market.plot_missing": market.plot_missing(),
        "LoadingsStore.plot_map": drawn,
    }


def of_pairs():
    rng = np.random.default_rng(2)
    walk = 50.0 + np.cumsum(rng.normal(0, 0.5, len(DATES)))
    prices = pd.DataFrame({ASSETS[0]: 1.2 * walk + rng.normal(0, 0.5, len(DATES)), ASSETS[1]: walk}, DATES)
    hedge = sf.KalmanHedge(tuning="adaptive").fit(prices)
    static = sf.pairs.StaticHedge().fit(prices)
    verdict = sf.judge_basket(sf.pairs.StaticHedge(), prices, draws=19)
    walked = sf.pairs.walk_baskets(
        prices,
        {"Constant hedge ratio, least squares": sf.pairs.StaticHedge(), "rolling": sf.pairs.RollingHedge(60)},
        start=DATES[250],
        retune="monthly",
    )
    other = prices.assign(**{ASSETS[2]: 50.0 + np.cumsum(rng.normal(0, 0.5, len(DATES)))})
    both = [(ASSETS[0], ASSETS[1]), (ASSETS[2], ASSETS[1])]
    shared = sf.pairs.walk_portfolio(other, both, start=DATES[250], retune=None)
    random = sf.pairs.compare_with_random(shared, other, draws=19, pool=3)
    grid = sf.pairs.walk_rule_grid(other[[ASSETS[2], ASSETS[1]]], start=DATES[250], retune=None)
    return {
        "BasketPortfolio.plot_value": shared.plot_value(),
        "BasketPortfolio.plot_profits": shared.plot_profits(),
        "RandomBaskets.plot_draws": random.plot_draws(),
        "RuleGrid.plot_map": grid.plot_map(),
        "Hedge.plot_ratios": hedge.plot_ratios(beside=static),
        "Hedge.plot_spread": hedge.plot_spread(beside=static),
        "Hedge.plot_held_value": hedge.plot_held_value(beside=static),
        "Hedge.plot_tuning": hedge.plot_tuning(),
        "Verdict.plot_draws": verdict.plot_draws(),
        "BasketWalk.plot_value": walked.plot_value(),
        "BasketWalk.plot_drawdown": walked.plot_drawdown(),
        "BasketWalk.plot_held_value": walked.plot_held_value(),
        "PairScreen.plot_screen": screened().plot_screen(),
    }


def of_baskets_together():
    """Return the figures of portfolios of baskets, and of rules."""
    rng = np.random.default_rng(5)
    steps = rng.normal(0, 0.5, (len(DATES), 2)).repeat(2, axis=1).cumsum(axis=0)
    prices = pd.DataFrame(60.0 + steps + rng.normal(0, 0.5, (len(DATES), 4)), DATES, ASSETS[:4])
    pairs = [tuple(ASSETS[:2]), tuple(ASSETS[2:4])]
    portfolio = sf.pairs.walk_portfolio(prices, pairs, start=DATES[250], retune=None)
    grid = sf.pairs.walk_rule_grid(
        prices[ASSETS[:2]], start=DATES[250], retune=None, entries=(0.5, 1.0), exits=(0.0,), half_lives=(20.0, 40.0)
    )
    return {
        "BasketPortfolio.plot_value": portfolio.plot_value(),
        "RandomBaskets.plot_draws": sf.pairs.compare_with_random(portfolio, prices, draws=19, pool=4).plot_draws(),
        "RuleGrid.plot_map": grid.plot_map(),
    }


def screened():
    """Return a screen made of a table: six confirmed baskets, close together."""
    count = 40
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "p_value": np.append(np.linspace(1e-5, 3e-5, 6), rng.uniform(0.01, 1, count - 6)),
            "half_life": np.append(np.full(6, 12.0), rng.uniform(5, 200, count - 6)),
        },
        index=pd.Index([f"{ASSETS[i % 8]} / {ASSETS[(i + 1) % 8]} {i}" for i in range(count)], name="basket"),
    )
    for name in FILTERS:
        table[name] = np.arange(count) < 6
    periods = ((DATES[0], DATES[200]), (DATES[201], DATES[-1]))
    untested = pd.DataFrame({"reason": pd.Series(dtype=str)})
    counts = filter_counts(table, count)
    return PairScreen(
        table=table,
        counts=counts,
        untested=untested,
        formation=periods[0],
        later=periods[1],
        false_discovery_rate=0.1,
        confirm_level=0.05,
        correction="bh",
    )


def of_portfolios(returns):
    decision = sf.portfolio.Decision(pd.Series(np.linspace(-0.3, 0.6, 8), ASSETS))
    error = sf.risk.LowRankCovariance(np.zeros((8, 0)), np.zeros((0, 0)), np.full(8, 1e-8))
    forecast = sf.portfolio.Forecast(pd.Series(np.linspace(-3e-4, 5e-4, 8), ASSETS), error)
    tracker = sf.portfolio.RiskContributionTracker(window=40).fit(returns[ASSETS[:3]], dict.fromkeys(ASSETS[:3], 1 / 3))
    return {
        "Decision.plot_weights": decision.plot_weights(),
        "Forecast.plot_forecast": forecast.plot_forecast(),
        "RiskContributionTracker.plot_contributions": tracker.plot_contributions(),
    }


def of_returns():
    rng = np.random.default_rng(4)
    dates = pd.bdate_range("2016-01-01", periods=900)
    returns = pd.Series(rng.normal(0.001, 0.03, 900), dates, name="A strategy of minimum variance with a long name")
    sheet = sf.report.tear_sheet(returns, (0.5 * returns).rename("An index of all large companies, total return"))
    return {
        "TearSheet.plot_value": sheet.plot_value(),
        "TearSheet.plot_value, log": sheet.plot_value(log=True),
        "TearSheet.plot_drawdown": sheet.plot_drawdown(),
        "TearSheet.plot_monthly": sheet.plot_monthly(),
        "TearSheet.plot_distribution": sheet.plot_distribution(),
        "TearSheet.plot_sharpe": sheet.plot_sharpe(),
        "TearSheet.plot_volatility": sheet.plot_volatility(),
        "TearSheet.plot_beta": sheet.plot_beta(),
    }


def every_figure(result, other):
    """Return all figures by the name of the method that draws them."""
    returns, factors = panel()
    return {
        **of_models(returns, factors),
        **of_risk(returns, factors),
        **of_validation(returns, factors),
        **of_diagnoses(returns, factors),
        **of_factors(returns, factors),
        **of_backtests(result, other),
        **of_inputs(returns, factors),
        **of_pairs(),
        **of_baskets_together(),
        **of_portfolios(returns),
        **of_returns(),
    }
