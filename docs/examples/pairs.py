"""Three country funds and an adaptive tuning that makes their spread look stationary, judged by the held value.

    python docs/examples/pairs.py [FOLDER]

Prints a summary; with a folder, also writes the figures there as one page. The prices are those of EWA, EWC and IGE in
Chan (2013, Algorithmic Trading) if that file is available, and of two US oil companies otherwise.
"""

import sys
from pathlib import Path
from typing import Any

import page
import pandas as pd
import plotly.graph_objects as go

from statefolio.backtest.costs import TradingCosts
from statefolio.data import load_demo_prices
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.cointegration.unit_root import adf_statistic
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.trading.rules import Bands
from statefolio.pairs.trading.signals import z_score
from statefolio.pairs.trading.today import position_today
from statefolio.pairs.trading.walk_forward import BasketWalk, walk_baskets
from statefolio.pairs.verdict.verdict import Verdict, judge_basket
from statefolio.report.pairs.calibration_figure import calibration_figure
from statefolio.report.pairs.hedge_figures import hedge_ratio_figure, held_value_figure, spread_figure
from statefolio.report.pairs.signal_figure import signal_figure
from statefolio.report.pairs.trace_figure import trace_figure

CHAN = Path(__file__).resolve().parents[3] / "shared" / "data" / "chan_etf_close_2006_2012.parquet"
PASSES = 100
COSTS = TradingCosts(proportional=0.0005, borrow=0.01)


def read() -> pd.DataFrame:
    """Return the prices of the basket, the hedged asset first."""
    if CHAN.is_file():
        return pd.read_parquet(CHAN, columns=["EWA", "EWC", "IGE"])
    return load_demo_prices()[["CVX", "XOM"]].loc["2016":]


def nominal(series: "pd.Series[float]") -> float:
    """Return the nominal Dickey-Fuller p-value with one lag, which ignores the tuning."""
    return float(p_values(adf_statistic(series.dropna().to_numpy())))


def nominal_p_values(hedges: dict[str, Hedge]) -> pd.DataFrame:
    """Return the nominal p-values of the spreads and of the held value, by hedge."""
    rows = {}
    for name, hedge in hedges.items():
        spread = hedge.spread_.iloc[10:]
        rows[name] = {
            "spread, filtered": nominal(spread["filtered"]),
            "spread, predicted": nominal(spread["predicted"]),
            "held value": nominal(hedge.held_value_.iloc[10:]),
        }
    return pd.DataFrame(rows).T


def main(folder: Path | None = None) -> dict[str, Any]:
    """Run the example, print its summary, and return its numbers."""
    prices = read()
    recipe = KalmanHedge("stationary", "adaptive", passes=PASSES, on_collapse="continue").fit(prices)
    likely = KalmanHedge("stationary", "mle").fit(prices)
    hedges: dict[str, Hedge] = {
        "constant, Johansen": StaticHedge("johansen").fit(prices),
        "random walk, Chan's parameters": KalmanHedge("identity", "fixed").fit(prices),
        f"adaptive, {PASSES} passes": recipe,
        "maximum likelihood": likely,
    }
    table = nominal_p_values(hedges)
    print(f"{', '.join(prices)}, {len(prices):,} dates. Nominal p-values of a unit root:")
    print(table.to_string(float_format="{:.2g}".format), "", sep="\n")
    verdict = judge_basket(recipe, prices, draws=99, passes=PASSES, seed=1)
    print(verdict.sentence, "", sep="\n")
    walked = {
        "constant": StaticHedge("johansen"),
        "adaptive": KalmanHedge("stationary", "adaptive", passes=PASSES),
        "maximum likelihood": KalmanHedge("stationary", "mle"),
    }
    start = prices.index[int(0.6 * len(prices))]
    walk = walk_baskets(prices, walked, Bands(), start=start, retune=63, costs=COSTS)
    measures = ["annual_return", "sharpe", "maximum_drawdown", "half_life", "adf_p_value", "log_density"]
    print(f"Out of sample from {walk.start:%Y-%m-%d}, re-estimated every 63 dates, after costs:")
    print(walk.table[measures].to_string(float_format="{:.3f}".format), "", sep="\n")
    print(position_today(likely, prices, Bands(stop=3.0), capital=100_000.0), "", sep="\n")
    print_conclusions(recipe, verdict, table, walk)
    if folder is not None:
        page.write(folder / "pairs.html", "A basket that may revert", figures(hedges, recipe, likely, verdict, walk))
    return {"table": table, "verdict": verdict, "walk": walk, "recipe": recipe}


def print_conclusions(recipe: KalmanHedge, verdict: Verdict, table: pd.DataFrame, walk: BasketWalk) -> None:
    """Print three conclusions."""
    name = f"adaptive, {PASSES} passes"
    collapse = recipe.collapse_
    end = "does not collapse" if collapse is None else f"collapses at pass {collapse.at_pass}"
    alarms = verdict.table["false_alarms"]["adf_predicted"]
    print(
        f"The adaptively tuned spread has a nominal p-value of {table['spread, predicted'][name]:.1g}. Of baskets "
        f"without cointegration, {alarms:.0%} get one below 5 %. On this basket the tuning {end}."
    )
    print(
        f"The held value of that hedge has a calibrated p-value of {verdict.p_value:.2f}: the verdict is "
        f"{verdict.outcome!r}."
    )
    best = str(walk.table["log_density"].idxmax())
    paid = walk.table["annual_return"]
    print(
        f"Out of sample, {best} predicts the prices best. The hedges earn {paid.min():+.1%} to {paid.max():+.1%} per "
        "year after costs."
    )


def figures(
    hedges: dict[str, Hedge], recipe: KalmanHedge, likely: KalmanHedge, verdict: Verdict, walk: BasketWalk
) -> dict[str, go.Figure]:
    """Draw spreads, hedge ratios, tuning passes, calibration, values and the signal."""
    static = hedges["constant, Johansen"]
    names = ["level", *map(str, recipe.assets_[1:])]
    observed = float(verdict.table["value"]["adf_held"])
    values = {name: result.value / result.capital for name, result in walk.results.items()}
    held = {name: each.held_value_.loc[each.in_use_from_ :] for name, each in walk.hedges.items()}
    return {
        "Spread under the constant and the adaptively tuned hedge": spread_figure(static, recipe),
        "Hedge ratios by maximum likelihood, with 95 % bands": hedge_ratio_figure(likely, static),
        "Adaptive tuning by pass": trace_figure(recipe.trace_, recipe.collapse_, names),
        "Held value: the basket among simulated ones without cointegration": calibration_figure(
            verdict.draws["adf_held"], observed, name="Dickey-Fuller statistic with one lag"
        ),
        "Held value out of sample": held_value_figure(held),
        "Value of 1, out of sample, after costs": page.line_chart(pd.DataFrame(values)),
        "Z-score of the maximum-likelihood hedge and units held": signal_figure(z_score(likely), Bands(stop=3.0)),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
