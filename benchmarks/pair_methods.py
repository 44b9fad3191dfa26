"""Distance, copula and cointegration rules on the bundled universe: what each earns after costs.

    python benchmarks/pair_methods.py [--first 2005] [--peer FOLDER]

Pairs are chosen on a formation period of 12 months and traded for the next 6. The ten best pairs share the capital,
each half long and half short, at 5 basis points per trade and 1 % a year of short positions. All rules run through one
account of statefolio. They are written here as in the papers, apart from the package:

* distance: Gatev, Goetzmann and Rouwenhorst (2006, Review of Financial Studies 19): the smallest sums of squared
  differences of prices normalised to 1; open at two formation deviations, close when the normalised prices cross.
* copula: Xie, Liew, Wu and Zou (2016, Journal of Trading 11): pairs as before; a Student-t copula of daily returns; the
  cumulated mispricing indices h(u|v) - .5 and h(v|u) - .5 open at .6 and -.6, close at 0 and stop at 2 and -2.
* cointegration: the smallest p-values of `screen_pairs` whose half-life is at most 126 dates; bands of two deviations
  around the constant hedge of the formation period, closed at the mean.
* random pairs with the distance rule, twenty draws.

`--peer FOLDER` adds the distance strategy of arbitragelab (BSD-3-Clause), installed without its dependencies:
`pip install --no-deps --target FOLDER arbitragelab`.
"""

import argparse
import sys
import types
import warnings
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.stats import kendalltau
from scipy.stats import t as student

import statefolio as sf

PAIRS, DEVIATIONS, OPEN, STOP = 10, 2.0, 0.6, 2.0
COSTS = sf.TradingCosts(0.0005, borrow=0.01)


def periods(dates, first):
    """Formation and trading dates: 12 and 6 months, from a year on."""
    starts = pd.date_range(f"{int(first) + 1}-01-01", dates[-1], freq="6MS")
    for start in starts:
        before = dates[(dates >= start - pd.DateOffset(months=12)) & (dates < start)]
        after = dates[(dates >= start) & (dates < start + pd.DateOffset(months=6))]
        if len(after) > 20:
            yield before, after


def by_distance(formation):
    """Pairs in the order of their sums of squared differences."""
    normal = (formation / formation.iloc[0]).to_numpy()
    names = list(formation.columns)
    pairs = {
        (names[i], names[j]): ((normal[:, i] - normal[:, j]) ** 2).sum() for i, j in combinations(range(len(names)), 2)
    }
    return sorted(pairs, key=pairs.get)


def held(z, opened, closed, stop=np.inf):
    """Position by date: against z, from beyond `opened` until z crosses `closed` or is stopped."""
    found, position, blocked = np.zeros(len(z)), 0.0, False
    for t, now in enumerate(z):
        if position and (-position * now <= closed or -position * now > stop):
            blocked, position = -position * now > stop, 0.0
        blocked = blocked and abs(now) > closed
        if not position and not blocked and opened < abs(now) <= stop:
            position = -float(np.sign(now))
        found[t] = position
    return found


def distance_units(formation, trading, pair):
    """Units of a pair that is long the first and short the second."""
    past = formation[list(pair)] / formation[list(pair)].iloc[0]
    now = trading[list(pair)] / trading[list(pair)].iloc[0]
    return held(((now[pair[0]] - now[pair[1]]) / (past[pair[0]] - past[pair[1]]).std()).to_numpy(), DEVIATIONS, 0.0)


def copula_units(formation, trading, pair):
    """Units from the cumulated mispricing indices of a Student-t copula of returns."""
    past = formation[list(pair)].pct_change().dropna().to_numpy()
    now = pd.concat([formation.iloc[-1:], trading])[list(pair)].pct_change().dropna().to_numpy()
    tau = kendalltau(past[:, 0], past[:, 1]).statistic
    rho = float(np.clip(np.sin(np.pi * tau / 2), -0.99, 0.99))
    ranks = pd.DataFrame(past).rank().to_numpy() / (len(past) + 1)

    def loss(nu):
        x = student.ppf(ranks, nu)
        form = (x[:, 0] ** 2 + x[:, 1] ** 2 - 2 * rho * x[:, 0] * x[:, 1]) / (1 - rho**2)
        joint = -(nu + 2) / 2 * np.log1p(form / nu) - 0.5 * np.log(1 - rho**2) - np.log(2 * np.pi)
        return -(joint - student.logpdf(x, nu).sum(axis=1)).sum()

    nu = minimize_scalar(loss, bounds=(2.5, 60), method="bounded").x
    u = np.column_stack([np.searchsorted(np.sort(past[:, j]), now[:, j]) for j in (0, 1)])
    x = student.ppf(np.clip(u, 1, len(past)) / (len(past) + 1), nu)

    def conditional(a, b):
        return student.cdf((x[:, a] - rho * x[:, b]) / np.sqrt((nu + x[:, b] ** 2) * (1 - rho**2) / (nu + 1)), nu + 1)

    one, two = (np.cumsum(conditional(a, b) - 0.5) for a, b in ((0, 1), (1, 0)))
    both = np.where(np.sign(one) != np.sign(two), np.sign(one) * np.minimum(abs(one), abs(two)), 0.0)
    return held(both, OPEN, 0.0, STOP)


def cointegration_weights(formation, trading):
    """Weights of the baskets that the screen finds, with the formation period's constant hedge."""
    screen = sf.pairs.screen_pairs(formation, likelihood_ratio="none", cost=0.0005)
    best = screen.best(PAIRS)[["asset_1", "asset_2"]].itertuples(index=False)
    found = pd.DataFrame(0.0, trading.index, trading.columns)
    for pair in best:
        names = list(pair)
        whole = pd.concat([formation, trading])[names]
        hedge = sf.pairs.StaticHedge().fit(whole, tune_until=formation.index[-1])
        z = sf.pairs.z_score(hedge).loc[trading.index[0] :]
        money = trading[names] * [1.0, -float(hedge.next_["mean"][1])]
        units = sf.pairs.Bands(DEVIATIONS, 0.0).units(z.to_numpy())
        found[names] += money.div(money.abs().sum(axis=1), axis=0).mul(units / PAIRS, axis=0)
    return found


def pair_weights(units, pairs, formation, trading):
    """Half of each pair's share in each leg."""
    found = pd.DataFrame(0.0, trading.index, trading.columns)
    for pair in pairs:
        own = 0.5 / PAIRS * units(formation, trading, pair)
        found[pair[0]] += own
        found[pair[1]] -= own
    return found


def run(prices, first, method):
    """One account over all trading periods; positions are closed at the end of each."""
    parts = []
    for before, after in periods(prices.index, first):
        part = method(prices.loc[before], prices.loc[after])
        part.iloc[-1] = 0.0
        parts.append(part)
    market = sf.Market.from_prices(prices)
    return sf.backtest.simulate(pd.concat(parts), market, costs=COSTS)


def distance_of_peer(folder):
    """The distance strategy of arbitragelab, whose prices are scaled to their range; its plots are not needed."""
    sys.path.insert(0, folder)
    package = types.ModuleType("arbitragelab")
    package.__path__ = [f"{folder}/arbitragelab"]
    sys.modules["arbitragelab"] = package
    from arbitragelab.distance_approach.basic_distance_approach import DistanceStrategy

    fill = pd.DataFrame.fillna

    def former_fill(table, *values, method=None, inplace=False, **options):  # pandas 2, for which it was written
        found = table.ffill() if method == "pad" else fill(table, *values, **options)
        if not inplace:
            return found
        table[:] = found
        return None

    def method(formation, trading):
        peer, found = DistanceStrategy(), pd.DataFrame(0.0, trading.index, trading.columns)
        pd.DataFrame.fillna = former_fill
        try:
            peer.form_pairs(formation, num_top=PAIRS)
            peer.trade_pairs(trading, divergence=DEVIATIONS)
        finally:
            pd.DataFrame.fillna = fill
        for pair, signals in zip(peer.get_pairs(), peer.get_signals().to_numpy().T, strict=True):
            found[pair[0]] += 0.5 / PAIRS * signals
            found[pair[1]] -= 0.5 / PAIRS * signals
        return found

    return method


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--first", default="2004")
    parser.add_argument("--peer")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    prices = sf.load_demo_prices().loc[given.first :]
    methods = {
        "distance": lambda f, t: pair_weights(distance_units, by_distance(f)[:PAIRS], f, t),
        "copula": lambda f, t: pair_weights(copula_units, by_distance(f)[:PAIRS], f, t),
        "cointegration": cointegration_weights,
    }
    if given.peer:
        methods["distance, arbitragelab"] = distance_of_peer(given.peer)
    rows = {}
    for name, method in methods.items():
        rows[name] = _row(run(prices, given.first, method))
    draws = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        every = list(combinations(prices.columns, 2))

        def method(f, t, random=random, every=every):
            return pair_weights(distance_units, [every[row] for row in random.permutation(len(every))[:PAIRS]], f, t)

        draws.append(_row(run(prices, given.first, method)))
    rows["random pairs, median of 20"] = pd.DataFrame(draws).median()
    table = pd.DataFrame(rows).T
    print("| rule | " + " | ".join(table.columns) + " |")
    for name, row in table.iterrows():
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in row) + " |")


def _row(result):
    summary, gross = result.summary(), result.gross_returns
    return pd.Series(
        {
            "annual return": summary["annual_return"],
            "Sharpe": summary["sharpe"],
            "Sharpe before costs": gross.mean() / gross.std() * np.sqrt(252),
            "maximum drawdown": summary["maximum_drawdown"],
            "daily turnover": summary["daily_turnover"],
        }
    )


if __name__ == "__main__":
    main()
