"""A dynamic portfolio of four assets: a textbook's 90 % comes from look-ahead, and a causal policy earns less.

    python docs/examples/dynamic_portfolio.py [FOLDER]

Prints a summary; with a folder, also writes the figures there as one page.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import page
import pandas as pd
import plotly.graph_objects as go
from scipy.optimize import minimize

import statefolio as sf

Floats = npt.NDArray[np.float64]

ASSETS = ["asset 1", "asset 2", "asset 3", "asset 4"]
DAYS = 504


def simulate() -> pd.DataFrame:
    """Simulate 504 days of returns of four assets, with mean returns scaled by 1, 1.5 and 0.5 in the three thirds."""
    draw = np.random.RandomState(42)
    mean = np.array([0.08, 0.10, 0.04, 0.06]) / 252
    volatility = np.array([0.20, 0.25, 0.08, 0.30]) / np.sqrt(252)
    upper = np.array([[1, 0.6, -0.2, 0.3], [0, 1, -0.1, 0.4], [0, 0, 1, -0.1], [0, 0, 0, 1]])
    covariance = np.outer(volatility, volatility) * (upper + upper.T - np.eye(4))
    scale = np.repeat([1.0, 1.5, 0.5], DAYS // 3)
    returns = [draw.multivariate_normal(mean * by, covariance) for by in scale]
    return pd.DataFrame(returns, pd.bdate_range("2022-01-03", periods=DAYS), ASSETS)


def textbook_weights(returns: pd.DataFrame) -> pd.DataFrame:
    """Compute the textbook's weights; the weights of each date use the return of that date."""
    r = returns.to_numpy()
    w, m, P, steady = np.full(4, 0.25), np.zeros(4), np.eye(4), 0.01 * np.eye(4)
    weights = np.empty_like(r)
    for t in range(len(r)):
        m, P = 0.99 * m, 0.99**2 * P + 0.001 * np.eye(4)
        K = P @ np.linalg.inv(P + steady)
        m, P = m + K @ (r[t] - m), (np.eye(4) - K) @ P
        if t > 20 and t % 10 == 0:
            w = _best(m, np.cov(r[t - 49 : t + 1].T) if t >= 50 else steady, w)
        weights[t] = w
    return pd.DataFrame(weights, returns.index, ASSETS)


def _best(mean: Floats, covariance: Floats, held: Floats) -> Floats:
    """Maximise w'm - 2.5 w'Sw - .001 |w - held|, long only and fully invested."""

    def loss(w: Floats) -> float:
        return float(-(w @ mean) + 2.5 * w @ covariance @ w + 0.001 * np.abs(w - held).sum())

    whole = {"type": "eq", "fun": lambda w: w.sum() - 1}
    best: Floats = minimize(loss, held, method="SLSQP", bounds=[(0, 1)] * 4, constraints=whole).x
    return best


def as_in_the_textbook(market: sf.Market) -> pd.DataFrame:
    """Return the textbook's weights on the dates on which they would have to be decided: one date earlier."""
    weights = textbook_weights(market.returns)
    return weights.shift(-1).iloc[:-1]


def traded_a_day_later(market: sf.Market) -> pd.DataFrame:
    """Return the textbook's weights on the dates on which they are known, to be traded a day later."""
    return textbook_weights(market.returns)


class DynamicPortfolio:
    """The same idea with a prior that fits the data: mean-reverting means with their uncertainty, and costs.

    The prior of the means corresponds to annual Sharpe ratios of about one half. All other parameters are learned from
    past data every ten days.
    """

    def decide(self, history: Any, holdings: Any) -> sf.portfolio.Decision:
        """Return equal weights in the first 30 days, then the weights with the highest utility after costs."""
        if len(history.returns) < 30:
            return sf.portfolio.Decision(pd.Series(0.25, history.returns.columns))
        returns = history.returns
        covariance = returns.iloc[-125:].cov().to_numpy()
        view = sf.portfolio.KalmanMean(spread=0.5**2 / 252, observation_covariance=covariance).fit(returns)
        problem = sf.portfolio.Problem(
            assets=returns.columns,
            covariance=dense(covariance),
            factors=pd.Index([]),
            previous=holdings.weights.to_numpy(),
            constraints=sf.Constraints(lower=0.0, upper=1.0, net=1.0),
            trade_cost=np.full(4, 0.001),
            mean=view.mu_,
            mean_covariance=dense(view.covariance_),
            holding_period=10.0,
        )
        best = sf.portfolio.Utility(risk_aversion=5.0).solve(problem)
        expected = pd.Series(view.mu_, returns.columns)
        details = {"expected_return": expected}
        return sf.portfolio.Decision(
            pd.Series(best.weights, returns.columns), best.converged, best.reason, details=details
        )


def dense(covariance: Floats) -> sf.risk.LowRankCovariance:
    """Return the covariance of a few assets as a LowRankCovariance."""
    small = 1e-9 * np.trace(covariance) / len(covariance)
    return sf.risk.LowRankCovariance(np.eye(len(covariance)), covariance, np.full(len(covariance), small))


def main(folder: Path | None = None) -> dict[str, Any]:
    """Run the example, print its summary, and return its numbers."""
    market = sf.Market(simulate())
    weights = textbook_weights(market.returns)
    leaked = (weights * market.returns).sum(axis=1)
    honest = (weights.shift(1, fill_value=0.25) * market.returns).sum(axis=1)
    equal = market.returns.mean(axis=1)
    checks = {
        "textbook, with look-ahead": sf.backtest.check_causal(as_in_the_textbook, market, cuts=3),
        "textbook, traded a day later": sf.backtest.check_causal(traded_a_day_later, market, cuts=3),
        "statefolio": sf.backtest.check_causal(DynamicPortfolio(), market, cuts=3, rebalance=10),
    }
    ours = sf.run_backtest(DynamicPortfolio(), market, rebalance=10, costs=sf.TradingCosts(proportional=0.001))
    found = {
        "textbook, with look-ahead": leaked,
        "textbook, traded a day later": honest,
        "statefolio, after costs": ours.returns,
        "equal weight": equal,
    }
    summary = pd.DataFrame({name: measure(returns) for name, returns in found.items()}).T
    print(summary.to_string(formatters={"total return": "{:.2%}".format, "Sharpe": "{:.3f}".format}), "", sep="\n")
    for name, check in checks.items():
        print(f"{name}: {check.verdict}; {check.detail}")
    print(
        "\nThe textbook's weights earn the return that they were computed from. This accounts for 56 percentage points."
    )
    print("Its costs are in the objective but are never charged; ours are in the objective and are charged.")
    print("Two years are too short to estimate daily means well, so our policy trades little and keeps the risk low.")
    if folder is not None:
        page.write(folder / "dynamic_portfolio.html", "A dynamic portfolio", figures(found, weights, ours))
    return {"summary": summary, "checks": checks, "result": ours}


def measure(returns: "pd.Series[float]") -> "pd.Series[float]":
    """Return the total return, and the annual Sharpe ratio for a zero rate and 252 days."""
    sharpe = returns.mean() / returns.std(ddof=0) * np.sqrt(252)
    return pd.Series({"total return": (1 + returns).prod() - 1, "Sharpe": sharpe})


def figures(
    found: dict[str, "pd.Series[float]"], weights: pd.DataFrame, ours: sf.backtest.BacktestResult
) -> dict[str, go.Figure]:
    """Draw values, weights, expected returns and rolling Sharpe ratios."""
    returns = pd.DataFrame(found)
    rolling = returns.rolling(63).mean() / returns.rolling(63).std() * np.sqrt(252)
    return {
        "Value of 1": page.line_chart((1 + returns.fillna(0.0)).cumprod()),
        "Weights, statefolio, shares of value": page.stacked_areas(ours.weights),
        "Weights, textbook, shares of value": page.stacked_areas(weights),
        "Expected return, % per year": page.line_chart(25200 * ours.details["expected_return"]),
        "Annualised Sharpe ratio of the last 63 days": page.line_chart(rolling),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
