"""A risk budget of 40/30/20/10: a penalised search misses it, exact weights meet it, and realised risk differs.

    python docs/examples/risk_budget.py [FOLDER]

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
BUDGET = pd.Series([0.4, 0.3, 0.2, 0.1], ASSETS)
MEAN = np.array([0.08, 0.04, 0.06, 0.05]) / 252
LOOK_BACK, WINDOW = 40, 20


def simulate() -> pd.DataFrame:
    """Simulate 252 days of returns of four assets."""
    draw = np.random.RandomState(42)
    volatility = np.array([0.20, 0.05, 0.15, 0.25]) / np.sqrt(252)
    upper = np.array([[1, -0.2, 0.6, 0.3], [0, 1, 0.1, -0.1], [0, 0, 1, 0.2], [0, 0, 0, 1]])
    covariance = np.outer(volatility, volatility) * (upper + upper.T - np.eye(4))
    returns = [draw.multivariate_normal(MEAN, covariance) for _ in range(252)]
    return pd.DataFrame(returns, pd.bdate_range("2023-01-02", periods=252), ASSETS)


def contributions(w: Floats, covariance: Floats) -> Floats:
    """Return each asset's share of the portfolio variance."""
    marginal = covariance @ w
    return np.asarray(w * marginal / (w @ marginal))


def textbook(covariance: Floats) -> Floats:
    """Run the textbook's search: squared gaps, with a larger penalty on expected returns below 8 % per year."""

    def loss(w: Floats) -> float:
        gaps = contributions(w, covariance) - BUDGET.to_numpy()
        return float((gaps**2).sum() + 1000 * max(0.0, 0.08 / 252 - w @ MEAN))

    whole = {"type": "eq", "fun": lambda w: w.sum() - 1}
    found: Floats = minimize(loss, np.full(4, 0.25), method="SLSQP", bounds=[(0, 1)] * 4, constraints=whole).x
    return found


def ours(covariance: Floats) -> Floats:
    """Return the weights whose risk contributions equal the budget."""
    problem = sf.portfolio.Problem(
        assets=pd.Index(ASSETS),
        covariance=sf.risk.LowRankCovariance(np.eye(4), covariance, np.full(4, 1e-18)),
        factors=pd.Index([]),
        previous=np.full(4, 0.25),
        constraints=sf.Constraints(),
        trade_cost=np.zeros(4),
    )
    return sf.RiskBudget(BUDGET).solve(problem).weights


class Budgeted:
    """A policy that applies one of the two methods every 20 days to the covariance of the last 40 days."""

    def __init__(self, weigh: Any) -> None:
        self.weigh = weigh

    def decide(self, history: Any, holdings: Any) -> sf.portfolio.Decision | None:
        """Return equal weights on the first day and the method's weights after day 40."""
        day = len(history.returns) - 1
        if day == 0:
            return sf.portfolio.Decision(pd.Series(0.25, ASSETS))
        if day <= LOOK_BACK:
            return None
        covariance = history.returns.iloc[-LOOK_BACK:].cov().to_numpy()
        w = self.weigh(covariance)
        details = {"risk_contribution": pd.Series(contributions(w, covariance), ASSETS), "risk_budget": BUDGET}
        return sf.portfolio.Decision(pd.Series(w, ASSETS), details=details)


def realised(returns: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return contributions under the covariance of the last 20 days, as absolute values scaled to sum to 1."""
    targets = decisions.reindex(returns.index).ffill().to_numpy()
    found = {}
    for day in range(WINDOW, len(returns)):
        covariance = returns.iloc[day - WINDOW + 1 : day + 1].cov().to_numpy()
        shares = np.abs(contributions(targets[day], covariance))
        found[returns.index[day]] = shares / shares.sum()
    return pd.DataFrame(found, ASSETS).T


def main(folder: Path | None = None) -> dict[str, Any]:
    """Run the example, print its summary, and return its numbers."""
    market = sf.Market(simulate())
    policies = {"textbook": Budgeted(textbook), "statefolio": Budgeted(ours)}
    results = sf.run_backtests(policies, market, rebalance=WINDOW)
    shares = {name: realised(market.returns, result.decisions) for name, result in results.items()}
    gaps = {name: np.sqrt(((found - BUDGET) ** 2).mean(axis=1)) for name, found in shares.items()}
    ex_ante = {name: result.details["risk_contribution"].dropna() for name, result in results.items()}
    table = pd.DataFrame(
        {
            "budget": BUDGET,
            **{f"{name}, ex ante": found.iloc[-1] for name, found in ex_ante.items()},
            **{f"{name}, realised": found.iloc[-1] for name, found in shares.items()},
        }
    )
    print("Risk contributions at the last decision and over the last 20 days, %", sep="\n")
    print((100 * table).round(1).to_string(), "", sep="\n")
    worst = float((ex_ante["statefolio"] - BUDGET).abs().to_numpy().max())
    print(
        f"Ours is within {worst:.0e} of the budget at every decision. In the textbook's search the penalty dominates."
    )
    average = {name: f"{gap.mean():.3f} on average, {gap.max():.3f} at most" for name, gap in gaps.items()}
    print(f"Realised root mean square gap: textbook {average['textbook']}; statefolio {average['statefolio']}.")
    tracker = sf.portfolio.RiskContributionTracker(BUDGET, window=WINDOW).fit(
        market.returns, results["statefolio"].weights
    )
    last = tracker.tracking_.isel(date=-1)
    noise, error = float(last["noise"]), float(last["tracking_error"])
    print(
        f"Sampling error of 20 days alone gives a gap of {noise:.3f}; the filtered gap over all windows is {error:.3f}."
    )
    if folder is not None:
        page.write(folder / "risk_budget.html", "A risk budget", figures(results, shares, gaps, tracker))
    return {"shares": shares, "gaps": gaps, "ex_ante": ex_ante, "tracker": tracker, "results": results}


def figures(
    results: dict[str, sf.backtest.BacktestResult],
    shares: dict[str, pd.DataFrame],
    gaps: dict[str, "pd.Series[float]"],
    tracker: sf.portfolio.RiskContributionTracker,
) -> dict[str, go.Figure]:
    """Draw values, weights, risk contributions with the target, and their distance from it."""
    found = {
        "Value of 1": page.line_chart(pd.DataFrame({name: one.value / one.capital for name, one in results.items()}))
    }
    for name, result in results.items():
        found[f"Weights, {name}, shares of value"] = page.stacked_areas(result.weights)
        figure = page.line_chart(shares[name])
        for color, target in zip(page.style.COLOURS, BUDGET, strict=False):
            figure.add_hline(y=target, line={"color": color, "dash": "dot", "width": 1})
        found[f"Risk contributions of the last 20 days, {name} (dotted: target)"] = figure
    tracked = tracker.tracking_
    figure = page.line_chart(tracked["filtered"].to_pandas())
    for color, asset in zip(page.style.COLOURS, ASSETS, strict=False):
        one = tracked.sel({tracked["filtered"].dims[1]: asset})
        page.add_band(figure, one["lower"].to_series(), one["upper"].to_series(), color)
    found["Filtered risk contributions with 95 % bands, statefolio"] = figure
    found["Root mean square gap between risk contributions of the last 20 days and target"] = page.line_chart(
        pd.DataFrame(gaps)
    )
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
