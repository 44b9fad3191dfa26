"""Times one skfolio `MeanRisk` fit with `KalmanFactorPrior` and with skfolio's own factor prior.

    python benchmarks/skfolio_prior.py [--panels simulated stocks industries] [--repeats 5]

The portfolio has minimum variance, long only. "Loadings given": both priors use loadings fitted in advance, so that the
time covers the steps from loadings to weights; "all": loadings are fitted too. Prints a table and writes it to
benchmarks/results/skfolio_prior.md. Panels from ../shared/data are skipped without that folder.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from skfolio.optimization import MeanRisk
from skfolio.prior import BaseLoadingMatrix, BasePrior, LoadingMatrixRegression, TimeSeriesFactorModel
from sklearn.linear_model import LinearRegression

import statefolio as sf
from statefolio.adapters.distribution import distribution_of
from statefolio.adapters.prior import KalmanFactorPrior
from statefolio.adapters.scenarios import history_of
from statefolio.risk.factor_risk import FactorRisk

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TABLE = ROOT / "benchmarks" / "results" / "skfolio_prior.md"
ENOUGH_SECONDS = 60.0  # entries that have run this long are not repeated
LASSO_ASSETS = 600  # skfolio's default regression is timed on at most this many assets
Panel = tuple[pd.DataFrame, pd.DataFrame]


class GivenLoadings(BaseLoadingMatrix):
    """skfolio's regression for "loadings given"."""

    def __init__(self, matrix: Any = None, intercepts: Any = None) -> None:
        self.matrix = matrix
        self.intercepts = intercepts

    def fit(self, X: Any, y: Any) -> GivenLoadings:  # noqa: ARG002 - loadings are given
        self.loading_matrix_, self.intercepts_ = self.matrix, self.intercepts
        return self


class GivenModel(BasePrior):
    """A fitted model of loadings in a function, so that cloning keeps it fitted."""

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"factors": True}

    def __init__(self, model: Callable[[], Any] | None = None) -> None:
        self.model = model

    def fit(self, X: Any, y: None = None, *, factors: Any = None) -> GivenModel:  # noqa: ARG002
        risk = FactorRisk(self.model(), prefit=True).fit(X, factors)
        history = history_of(risk, factors, X.index.to_numpy())
        kinds = {"alpha": True, "residuals": True, "families": None}
        self.return_distribution_ = distribution_of(risk, history, risk.assets_, X.columns, **kinds)
        return self


def simulated() -> Panel:
    """3,000 assets, 20 factors, five years."""
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2018-01-01", periods=1260, name="date")
    factors = pd.DataFrame(rng.normal(0.0, 0.01, (1260, 20)), dates, [f"F{k}" for k in range(20)])
    loadings = rng.normal(0.0, 0.5, (3000, 20))
    loadings[:, 0] += 1.0
    noise = rng.standard_t(5, (1260, 3000)) * rng.uniform(0.005, 0.02, 3000)
    return pd.DataFrame(factors.to_numpy() @ loadings.T + noise, dates, [f"A{i}" for i in range(3000)]), factors


def stocks() -> Panel:
    """The stocks of 505 without missing returns, because skfolio's factor prior does not support them."""
    prices = pd.read_parquet(DATA / "sp500_close_2013_2018.parquet").astype(np.float64)
    return excess(prices.pct_change(fill_method=None).iloc[1:].dropna(axis=1))


def industries() -> Panel:
    """49 industries from 2000 on."""
    return excess(pd.read_parquet(DATA / "industry49_daily.parquet").loc["2000":])


def excess(returns: pd.DataFrame) -> Panel:
    factors = pd.read_parquet(DATA / "ff5_mom_daily.parquet").reindex(returns.index)
    return returns.sub(factors.pop("RF"), axis=0), factors


def entries(returns: pd.DataFrame, factors: pd.DataFrame) -> dict[str, dict[str, BasePrior]]:
    """Return the entries by work and name, skfolio's own last."""
    static = sf.StaticLoadings().fit(returns, factors)
    kalman = sf.KalmanLoadings().fit(returns, factors)
    mean = static.next_["mean"].to_numpy()
    held = {
        "ours, StaticLoadings": GivenModel(lambda: static),
        "ours, KalmanLoadings": GivenModel(lambda: kalman),
        "skfolio": TimeSeriesFactorModel(GivenLoadings(mean[:, 1:], mean[:, 0])),
    }
    parameters = kalman.parameters_
    ratios = {name: parameters[f"state_variance_{name}"].median() for name in kalman.factors_}
    tuned = sf.KalmanLoadings(tuning="fixed", state_variance=ratios)
    fitted: dict[str, BasePrior] = {
        "ours, StaticLoadings": KalmanFactorPrior(FactorRisk(sf.StaticLoadings())),
        "ours, KalmanLoadings with given hyper-parameters": KalmanFactorPrior(FactorRisk(tuned)),
        "ours, KalmanLoadings, tuned": KalmanFactorPrior(),
    }
    if len(returns.columns) <= LASSO_ASSETS:
        fitted["skfolio, LassoCV (its default)"] = TimeSeriesFactorModel()
    fitted["skfolio, LinearRegression"] = TimeSeriesFactorModel(LoadingMatrixRegression(LinearRegression()))
    return {"loadings given": held, "all": fitted}


def measure(priors: dict[str, BasePrior], panel: Panel, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of one `MeanRisk` fit, timed in turns after an uncounted round."""
    seconds: dict[str, list[float]] = {name: [] for name in priors}
    for turn in range(repeats + 1):
        for name, prior in priors.items():
            if sum(seconds[name]) > ENOUGH_SECONDS:
                continue
            gc.collect()
            started = time.perf_counter()
            model = MeanRisk(prior_estimator=prior).fit(panel[0], factors=panel[1])
            spent = time.perf_counter() - started
            if not np.isclose(model.weights_.sum(), 1.0):
                raise ArithmeticError(f"{name}: weights add up to {model.weights_.sum()}")
            if turn or spent > ENOUGH_SECONDS:
                seconds[name].append(spent)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = {"simulated": simulated, "stocks": stocks, "industries": industries}
    parser.add_argument("--panels", nargs="+", choices=list(known), default=list(known))
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    lines = [
        "| panel | work | prior | median s (least to most) | skfolio's time over it |",
        "| --- | --- | --- | ---: | ---: |",
    ]
    for name in options.panels:
        if name != "simulated" and not DATA.is_dir():
            print(f"{name}: SKIPPED, {DATA} is not there", flush=True)
            continue
        panel = known[name]()
        size = f"{name}, {panel[0].shape[1]:,} x {panel[1].shape[1]}, {len(panel[0]):,} dates"
        for work, priors in entries(*panel).items():
            seconds = measure(priors, panel, options.repeats)
            theirs = statistics.median(seconds[list(priors)[-1]])
            for prior, spent in seconds.items():
                middle = statistics.median(spent)
                times = f"{middle:.3f} ({min(spent):.3f} to {max(spent):.3f}, {len(spent)} times)"
                lines.append(f"| {size} | {work} | {prior} | {times} | {theirs / middle:.2f} |")
                print(lines[-1], flush=True)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
