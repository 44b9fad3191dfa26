"""Compares long and short alphas apart (`AsymmetricAlpha`) with the symmetric view, after the same costs.

    python benchmarks/asymmetric_alpha.py [--panels demo stocks]

Every month, utility after costs with risk aversion 5; weights from -10 to 10 %, net 0 to 100 %, gross at most 200 %.
Trades cost 8 basis points, shorts 1 % a year, in the account of every row and in the views that charge it. The rows
between "symmetric" and "asymmetric" change one thing at a time. Short leg: what the shorts earned a year, in percent of
the portfolio's value, fees paid. Differences of Sharpe ratios from the symmetric view have 95 % bands from a stationary
bootstrap of paired days. Prints the tables and writes them to benchmarks/results/asymmetric_alpha.md. The bundled data
always run; the stocks require ../shared/data.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from views import DATA, FACTORS, YEAR, band, sharpe

import statefolio as sf
from statefolio.portfolio import AsymmetricAlpha, FactorPremia, KalmanMean

TABLE = Path(__file__).resolve().parent / "results" / "asymmetric_alpha.md"
BORROW = 0.01
LIMITS = sf.Constraints(lower=-0.1, upper=0.1, net=(0.0, 1.0), gross=2.0)
COSTS = sf.TradingCosts(proportional=0.0005, half_spread=0.0003, borrow=BORROW)
EQUAL: dict[str, Any] = {
    "long_scale": 1.0, "short_scale": 1.0, "short_confidence": 0.5, "borrow": 0.0, "squeeze": 0.0,
}  # fmt: skip
ROWS: dict[str, dict[str, Any]] = {
    "symmetric": EQUAL,
    "+ borrow fee": EQUAL | {"borrow": BORROW},
    "+ squeeze risk": EQUAL | {"squeeze": 0.05},
    "+ 80 % for shorts": EQUAL | {"short_confidence": 0.8},
    "+ learned scales": EQUAL | {"long_scale": "learned", "short_scale": "learned"},
    "+ shorts halve in a quarter": EQUAL | {"short_half_life": 63.0},
    "+ learned half-lives": EQUAL | {"long_half_life": "learned", "short_half_life": "learned"},
    "asymmetric (defaults)": {"borrow": BORROW},
    "defaults, learned half-lives": {
        "borrow": BORROW,
        "long_half_life": "learned",
        "short_half_life": "learned",
    },
    "no shorts on alpha": EQUAL | {"short_scale": 0.0},
}
BASES = {
    "FactorPremia": FactorPremia(alpha="both"),
    "KalmanMean": KalmanMean(mean=0.0, spread=0.4**2 / YEAR),
}


def markets() -> dict[str, tuple[sf.Market, str]]:
    """Return the markets, and the first date of their tests."""
    demo = sf.load_demo()
    found = {"demo": (sf.Market(demo.returns, demo.factors), "2016-01-04")}
    if DATA.is_dir():
        french = pd.read_parquet(DATA / "ff5_mom_daily.parquet")
        prices = pd.read_parquet(DATA / "sp100_anon_adjclose_2000_2023.parquet").drop(columns="DFF")
        excess = sf.to_returns(prices.loc[prices.index.isin(french.index)], risk_free=french["RF"])
        found["stocks"] = (sf.Market(excess, french.loc[excess.index, FACTORS]), "2011-01-03")
    return found


def section(name: str, market: sf.Market, start: str) -> list[str]:
    policies = {
        f"{base}: {row}": sf.ModelPolicy(
            sf.portfolio.Utility(5.0), None, AsymmetricAlpha(view, **options), LIMITS, COSTS
        )
        for base, view in BASES.items()
        for row, options in ROWS.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.StatefolioWarning)
        results = sf.run_backtests(policies, market, start=start, rebalance="monthly", costs=COSTS)
    lines = [
        f"**{name}: {len(market.assets)} stocks, {start} on.**",
        "",
        "| view | net Sharpe | less symmetric, 95 % band | volatility | turnover a year | short | short leg |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for label, result in results.items():
        net, usual = (one.returns.to_numpy() for one in (result, results[f"{label.split(':')[0]}: symmetric"]))
        low, high = band(net, usual) if not np.array_equal(net, usual) else (0.0, 0.0)
        held = result.weights.clip(upper=0.0)
        short = float(-held.sum(axis=1).mean())
        lines.append(
            f"| {label} | {sharpe(net):.3f} | {sharpe(net) - sharpe(usual):+.3f} ({low:+.3f} to {high:+.3f}) "
            f"| {100 * net.std() * np.sqrt(YEAR):.1f} | {result.turnover.sum() / len(net) * YEAR:.1f} "
            f"| {100 * short:.0f} % | {100 * short_leg(result, market):+.2f} |"
        )
    return [*lines, ""]


def short_leg(result: Any, market: sf.Market) -> float:
    """What the shorts earned a year, as a share of the value, with the fees they paid."""
    held = result.weights.clip(upper=0.0).shift(1)
    earned = (held * market.returns.reindex(held.index)).sum(axis=1)
    return float((earned + BORROW / YEAR * held.sum(axis=1)).mean() * YEAR)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--panels", nargs="+", choices=["demo", "stocks"], default=["demo", "stocks"])
    chosen = parser.parse_args().panels
    lines = []
    for name, (market, start) in markets().items():
        if name in chosen:
            lines += section(name, market, start)
            print("\n".join(lines), flush=True)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
