"""Times one rebalance with a factor risk model, costs and previous weights in statefolio, skfolio and cvxpy.

    python benchmarks/rebalance.py [--assets 500 3000] [--repeats 5] [--works "solve alone"]

The problem maximises utility after costs, long only and fully invested, with 20 factors and given loadings. "From
loadings" starts with fitted loadings and includes risk model, problem and solution; skfolio's `MeanRisk` does this with
its own factor prior and with statefolio's. statefolio's risk model estimates residual factors when first fitted, and
chooses their number on held-out dates. skfolio's model assumes uncorrelated residuals; "from loadings, residuals
uncorrelated" times both under this assumption. "Solve alone" starts with a covariance in factor form. Entries with the
same covariance must find the same optimum: weights and utility to 1e-6. Prints a table and writes it to
benchmarks/results/rebalance.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from skfolio.optimization import MeanRisk, ObjectiveFunction
from skfolio.prior import BasePrior, TimeSeriesFactorModel
from skfolio_prior import GivenLoadings, GivenModel

import statefolio as sf
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation.objectives import Utility
from statefolio.portfolio.problem import Problem
from statefolio.risk.factor_risk import FactorRisk

TABLE = Path(__file__).resolve().parent / "results" / "rebalance.md"
FACTORS = 20
DATES = 504
AVERSION = 5.0
COST = 1e-3
PERIOD = 21.0
TIGHT = {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9}
ENOUGH_SECONDS = 90.0
LOADINGS, ALONE = "from loadings", "solve alone"
UNLIKE = "from loadings, residuals uncorrelated"  # the same work with two estimates of the covariance


class Case:
    """A panel, a fitted model of its loadings, and the current weights."""

    def __init__(self, assets: int) -> None:
        rng = np.random.default_rng(assets)
        dates = pd.bdate_range("2020-01-01", periods=DATES, name="date")
        common = pd.DataFrame(rng.normal(3e-4, 0.01, (DATES, FACTORS)), dates, [f"F{k}" for k in range(FACTORS)])
        loadings = rng.normal(0.0, 0.5, (assets, FACTORS))
        loadings[:, 0] += 1.0
        own = rng.normal(0.0, 1.0, (DATES, assets)) * rng.uniform(0.01, 0.03, assets)
        names = [f"A{i}" for i in range(assets)]
        self.returns = pd.DataFrame(common.to_numpy() @ loadings.T + own, dates, names)
        self.factors = common
        self.previous = rng.dirichlet(np.ones(assets))
        self.model = sf.StaticLoadings().fit(self.returns, common)

    def fitted_risk(self, **options: Any) -> FactorRisk:
        return FactorRisk(self.model, prefit=True, **options).fit(self.returns, self.factors)

    @cache  # noqa: B019 - cases exist for the whole run
    def risk(self) -> FactorRisk:
        return self.fitted_risk()

    @cache  # noqa: B019
    def prior(self) -> Any:
        """Convert statefolio's risk model to skfolio's inputs: covariance, its square root, and means."""
        return GivenModel(lambda: self.model).fit(self.returns, factors=self.factors).return_distribution_

    def problem(self, risk: FactorRisk) -> Problem:
        count = len(self.previous)
        return Problem(
            assets=risk.assets_,
            covariance=risk.covariance_,
            factors=risk.factors_,
            mean=self.prior().mu,
            previous=self.previous,
            constraints=Constraints(),
            trade_cost=np.full(count, COST),
            holding_period=PERIOD,
        )

    def utility(self, weights: Any, covariance: Any) -> float:
        paid = COST / PERIOD * np.abs(weights - self.previous).sum()
        return float(self.prior().mu @ weights - AVERSION / 2.0 * weights @ covariance @ weights - paid)


class Ready(BasePrior):
    """A prior fitted in advance, so that only the solution is timed."""

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"factors": True}

    def __init__(self, found: Callable[[], Any] | None = None) -> None:
        self.found = found

    def fit(self, X: Any, y: None = None, *, factors: Any = None) -> Ready:  # noqa: ARG002
        self.return_distribution_ = self.found()
        return self


def skfolio_weights(case: Case, prior: BasePrior) -> Any:
    model = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_UTILITY,
        risk_aversion=AVERSION / 2.0,
        prior_estimator=prior,
        transaction_costs=COST / PERIOD,
        previous_weights=case.previous,
        solver_params=TIGHT,
        scale_objective=1e3,  # without it the weights are accurate only to 1e-5
    )
    return model.fit(case.returns, factors=case.factors).weights_


def cvxpy_weights(case: Case) -> Any:
    """Solve the problem in factor form with cvxpy."""
    import cvxpy as cp

    sigma = case.risk().covariance_
    root = (sigma.loadings @ sigma.factor_root).T
    w = cp.Variable(len(case.previous))
    risk = cp.sum_squares(root @ w) + cp.sum_squares(cp.multiply(np.sqrt(sigma.diagonal), w))
    cost = COST / PERIOD * cp.norm1(w - case.previous)
    goal = cp.Maximize(1e4 * (case.prior().mu @ w - AVERSION / 2.0 * risk - cost))
    cp.Problem(goal, [cp.sum(w) == 1.0, w >= 0.0]).solve(solver=cp.CLARABEL, **TIGHT)
    return w.value


def entries(case: Case) -> dict[str, dict[str, Callable[[], Any]]]:
    mean = case.model.next_["mean"].to_numpy()
    own = TimeSeriesFactorModel(GivenLoadings(mean[:, 1:], mean[:, 0]))
    given = GivenModel(lambda: case.model)

    def whole(**options: Any) -> Any:
        return Utility(AVERSION).solve(case.problem(case.fitted_risk(**options))).weights

    ready = case.problem(case.risk())
    fitted = Ready(lambda: case.prior())
    return {
        LOADINGS: {
            "statefolio": whole,
            "skfolio, statefolio's prior": lambda: skfolio_weights(case, given),
        },
        UNLIKE: {
            "statefolio": lambda: whole(residual_structure=None),
            "skfolio, its own prior": lambda: skfolio_weights(case, own),
        },
        ALONE: {
            "statefolio": lambda: Utility(AVERSION).solve(ready).weights,
            "cvxpy, factor form": lambda: cvxpy_weights(case),
            "skfolio, prior fitted": lambda: skfolio_weights(case, fitted),
        },
    }


def measure(contestants: dict[str, Callable[[], Any]], repeats: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Return the seconds of each, timed in turns after an uncounted round, and the weights."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    weights: dict[str, Any] = {}
    for turn in range(repeats + 1):
        for name, find in contestants.items():
            if sum(seconds[name]) > ENOUGH_SECONDS:
                continue
            started = time.perf_counter()
            weights[name] = find()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return seconds, weights


def check_same(case: Case, weights: dict[str, Any]) -> None:
    """Raise an error unless all entries find the same optimum."""
    sigma = case.risk().covariance_.dense()
    ours = weights["statefolio"]
    best = case.utility(ours, sigma)
    for name, found in weights.items():
        gap, apart = best - case.utility(found, sigma), np.abs(found - ours).max()
        print(f"  {name}: utility {gap:+.1e} below ours, weights apart by {apart:.1e}", flush=True)
        if gap < -1e-6 * abs(best) or gap > 1e-6 or apart > 1e-6:
            raise ArithmeticError(f"{name} found another optimum")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--assets", nargs="+", type=int, default=[500, 3000])
    parser.add_argument("--repeats", type=int, default=5)
    works = [LOADINGS, UNLIKE, ALONE]
    parser.add_argument("--works", nargs="+", choices=works, default=works)
    options = parser.parse_args()
    lines = [
        "| assets | work | who | median s (least to most) | its time over ours |",
        "| ---: | --- | --- | ---: | ---: |",
    ]
    for assets in options.assets:
        case = Case(assets)
        for work in options.works:
            contestants = entries(case)[work]
            seconds, weights = measure(contestants, options.repeats)
            if work != UNLIKE:
                check_same(case, weights)
            ours = statistics.median(seconds["statefolio"])
            for name, spent in seconds.items():
                middle = statistics.median(spent)
                times = f"{middle:.4f} ({min(spent):.4f} to {max(spent):.4f}, {len(spent)} times)"
                lines.append(f"| {assets:,} | {work} | {name} | {times} | {middle / ours:.1f} |")
                print(lines[-1], flush=True)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
