"""Three country funds and a recipe that makes them look stationary: how much of it is so, and what it would have paid.

    python docs/examples/pairs.py [FOLDER]

Prints a summary; given a folder, writes the pictures there as one page. The prices are those of Chan (2013, Algorithmic
Trading), EWA, EWC and IGE, where the file lies beside the project, and of two US oil companies otherwise.
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
    """The basket, the hedged asset first."""
    if CHAN.is_file():
        return pd.read_parquet(CHAN, columns=["EWA", "EWC", "IGE"])
    return load_demo_prices()[["CVX", "XOM"]].loc["2016":]


def nominal(series: "pd.Series[float]") -> float:
    """The p-value that a practitioner reads: Dickey and Fuller's with one lag, as if nothing had been tuned."""
    return float(p_values(adf_statistic(series.dropna().to_numpy())))


def looked_at(hedges: dict[str, Hedge]) -> pd.DataFrame:
    """Of what the practitioner looks at, and of what is earned."""
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
    """Run everything, print the summary, and return its numbers."""
    prices = read()
    recipe = KalmanHedge("stationary", "adaptive", passes=PASSES, on_collapse="continue").fit(prices)
    likely = KalmanHedge("stationary", "mle").fit(prices)
    hedges: dict[str, Hedge] = {
        "constant, Johansen": StaticHedge("johansen").fit(prices),
        "random walk, Chan's parameters": KalmanHedge("identity", "fixed").fit(prices),
        f"adaptive, {PASSES} passes": recipe,
        "maximum likelihood": likely,
    }
    table = looked_at(hedges)
    print(f"{', '.join(prices)}, {len(prices):,} dates. Nominal p-values of a unit root:")
    print(table.to_string(float_format="{:.2g}".format), "", sep="\n")
    judged = judge_basket(recipe, prices, draws=99, passes=PASSES, seed=1)
    print(judged.sentence, "", sep="\n")
    walked = {
        "constant": StaticHedge("johansen"),
        "adaptive": KalmanHedge("stationary", "adaptive", passes=PASSES),
        "maximum likelihood": KalmanHedge("stationary", "mle"),
    }
    start = prices.index[int(0.6 * len(prices))]
    walk = walk_baskets(prices, walked, Bands(), start=start, retune=63, costs=COSTS)
    measures = ["annual_return", "sharpe", "maximum_drawdown", "half_life", "adf_p_value", "log_density"]
    print(f"Out of sample from {walk.start:%Y-%m-%d}, learned anew every 63 dates, after costs:")
    print(walk.table[measures].to_string(float_format="{:.3f}".format), "", sep="\n")
    print(position_today(likely, prices, Bands(stop=3.0), capital=100_000.0), "", sep="\n")
    tell(recipe, judged, table, walk)
    if folder is not None:
        page.write(folder / "pairs.html", "A basket that may revert", pictures(hedges, recipe, likely, judged, walk))
    return {"table": table, "verdict": judged, "walk": walk, "recipe": recipe}


def tell(recipe: KalmanHedge, judged: Verdict, table: pd.DataFrame, walk: BasketWalk) -> None:
    """Three sentences, whatever came."""
    name = f"adaptive, {PASSES} passes"
    collapse = recipe.collapse_
    lost = "never collapses" if collapse is None else f"stops being an estimate at pass {collapse.at_pass}"
    alarms = judged.table["false_alarms"]["adf_predicted"]
    print(
        f"The recipe's spread has a nominal p of {table['spread, predicted'][name]:.1g}; of baskets that do not revert "
        f"{alarms:.0%} get one below 5 %. On this basket the recipe {lost}."
    )
    print(
        f"What a holder of that hedge earns has a calibrated p of {judged.p_value:.2f}: the verdict is "
        f"{judged.outcome!r}."
    )
    best = str(walk.table["log_density"].idxmax())
    paid = walk.table["annual_return"]
    print(
        f"Out of sample the prices were foreseen best by {best}; the hedges earned {paid.min():+.1%} to "
        f"{paid.max():+.1%} a year after costs."
    )


def pictures(
    hedges: dict[str, Hedge], recipe: KalmanHedge, likely: KalmanHedge, judged: Verdict, walk: BasketWalk
) -> dict[str, go.Figure]:
    """Spreads, ratios, passes, the draws, values and today."""
    static = hedges["constant, Johansen"]
    names = ["level", *map(str, recipe.assets_[1:])]
    observed = float(judged.table["value"]["adf_held"])
    values = {name: result.value / result.capital for name, result in walk.results.items()}
    held = {name: each.held_value_.loc[each.in_use_from_ :] for name, each in walk.hedges.items()}
    return {
        "Spread: constant hedge, and after the recipe": spread_figure(static, recipe),
        "Hedge ratios by maximum likelihood, with 95 % bands": hedge_ratio_figure(likely, static),
        "The recipe, pass by pass": trace_figure(recipe.trace_, recipe.collapse_, names),
        "Value held: the basket among those that do not revert": calibration_figure(
            judged.draws["adf_held"], observed, name="Dickey-Fuller statistic with one lag"
        ),
        "Held value out of sample": held_value_figure(held),
        "Value of 1, out of sample, after costs": page.lines(pd.DataFrame(values)),
        "Z-score by maximum likelihood, and units held": signal_figure(z_score(likely), Bands(stop=3.0)),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
