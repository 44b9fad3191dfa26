"""Scores forecasts of market betas a quarter and a year ahead, against other betas, on 74 large stocks.

    python benchmarks/horizons.py

The forecast of a date is the average beta of the next h dates; the outcome is the slope of these dates' returns on
the market's. Every 21 dates from 2011 on; hyper-parameters from the years before. Writes
benchmarks/results/horizons.md. Requires the data in ../shared/data and stops without them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from evidence import CASES, DATA, ROOT, load
from rivals import PERCENT, score_driven

import statefolio as sf

TABLE = ROOT / "benchmarks" / "results" / "horizons.md"
HORIZONS = (21, 63, 252)
STEP = 21
WAIT = 63
FORMER = "random walk, one speed (former default)"


def main() -> None:
    if not DATA.is_dir():
        print("SKIPPED: the folder shared/data is not beside the project, and the forecasts need its panels.")
        return
    returns, factors, test = load(CASES["stocks"])
    market = factors[["Mkt-RF"]]
    before = returns.index[returns.index.get_loc(test[0]) - 1]
    forecasts = forecast_all(returns, market, before)
    lines = [
        f"**{returns.shape[1]} large stocks on the market, {test[0]:%Y-%m-%d} to {test[-1]:%Y-%m-%d}, every {STEP} "
        "dates.** Mean squared error over that of the former default; slope of outcomes on forecasts (1 is right).",
        "",
        "| forecast | " + " | ".join(f"{h} dates | slope" for h in HORIZONS) + " |",
        "| --- |" + " ---: | ---: |" * len(HORIZONS),
    ]
    scores = {name: [score(of, returns, market, test, h) for h in HORIZONS] for name, of in forecasts.items()}
    for name, found in scores.items():
        cells = [
            f"{error / base:.3f} | {slope:.2f}" for (error, slope), (base, _) in zip(found, scores[FORMER], strict=True)
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    text = "\n".join(lines) + "\n"
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")
    print(text)


Forecasts = dict[int, pd.DataFrame]
"""Forecasts by horizon: a frame (date x asset), each row from data up to its date."""


def forecast_all(returns: pd.DataFrame, market: pd.DataFrame, before: pd.Timestamp) -> dict[str, Forecasts]:
    former = sf.KalmanLoadings(dynamics="random_walk", noise="ewma").fit(returns, market, tune_until=before)
    model = sf.KalmanLoadings().fit(returns, market, tune_until=before)
    alone = sf.KalmanLoadings(slow_average=False).fit(returns, market, tune_until=before)
    print(model.ahead_weights_.round(3).to_string())
    filtered = former.loadings_["filtered"].sel(factor="Mkt-RF").to_pandas()
    rolling = {w: rolling_beta(returns, market, w) for w in (250, 500)}
    welch = slope_winsorised(returns, market)
    same = {
        FORMER: filtered,
        "slope-winsorised, age-decayed (Welch 2021)": welch,
        "average of the former default and Welch's": (filtered + welch) / 2,
        "OLS, 250 dates": rolling[250],
        "OLS, 500 dates": rolling[500],
        "average of the former default and OLS, 500 dates": (filtered + rolling[500]) / 2,
        "OLS, 250 dates, shrunk (Vasicek 1973)": vasicek(returns, market, 250),
        **score_driven_betas(returns, market, before),
    }
    found: dict[str, Forecasts] = {name: dict.fromkeys(HORIZONS, of) for name, of in same.items()}
    found["the filter alone (`slow_average=False`), `ahead(h)`"] = {h: ahead(alone, h) for h in HORIZONS}
    found["default, `ahead(h)`"] = {h: ahead(model, h) for h in HORIZONS}
    return found


def ahead(model: sf.KalmanLoadings, horizon: int) -> pd.DataFrame:
    """Return `model.ahead(horizon)` of every date; its last row is checked against the method's."""
    filtered, parameters = model.loadings_["filtered"].sel(factor="Mkt-RF").to_pandas(), model.parameters_
    phi, mean = parameters["phi_Mkt-RF"], parameters["mean_Mkt-RF"]
    share = (phi.to_numpy()[:, None] ** np.arange(1, horizon + 1)).mean(axis=1)
    forecast = mean + share * (filtered - mean)
    known = filtered.where(filtered.notna().cumsum() > WAIT)
    past_year, panel = weights(model, horizon)
    forecast += past_year * (known.ewm(halflife=252).mean() - forecast).fillna(0.0) + panel * (mean - forecast)
    expected = model.ahead(horizon)["mean"].sel(factor="Mkt-RF").to_series()
    np.testing.assert_allclose(forecast.iloc[-1], expected, rtol=1e-9)
    return forecast


def weights(model: sf.KalmanLoadings, horizon: int) -> tuple[float, float]:
    """Return the weights of the average over the past year and of the panel's mean."""
    learned = model.ahead_weights_.xs("Mkt-RF", level="factor").loc[horizon]
    return learned["past_year"], learned["panel"]


def rolling_beta(returns: pd.DataFrame, market: pd.DataFrame, window: int) -> pd.DataFrame:
    m = market["Mkt-RF"]
    return returns.rolling(window, min_periods=window // 2).cov(m).div(m.rolling(window).var(), axis=0)


def slope_winsorised(returns: pd.DataFrame, market: pd.DataFrame) -> pd.DataFrame:
    """Welch (2021, "Simply better market betas"): returns within (1 -+ 3) times the market's, decaying by 2 a year."""
    m = market["Mkt-RF"]
    ends = np.sort(np.column_stack([-2.0 * m, 4.0 * m]), axis=1)
    clipped = returns.clip(lower=pd.Series(ends[:, 0], m.index), upper=pd.Series(ends[:, 1], m.index), axis=0)
    weighted = {"halflife": np.log(2.0) / (2.0 / 252.0), "min_periods": 21}
    return clipped.apply(lambda y: y.ewm(**weighted).cov(m)).div(m.ewm(**weighted).var(), axis=0)


def vasicek(returns: pd.DataFrame, market: pd.DataFrame, window: int) -> pd.DataFrame:
    """Vasicek (1973): each date's OLS betas, shrunk towards their mean by their standard errors."""
    beta, m = rolling_beta(returns, market, window), market["Mkt-RF"]
    total, moved = returns.rolling(window, min_periods=window // 2).var(), m.rolling(window).var()
    error = (total - (beta**2).mul(moved, axis=0)).div((window - 2) * moved, axis=0)
    between = (beta.var(axis=1) - error.mean(axis=1)).clip(lower=0.0)
    weight = error.rdiv(between, axis=0)
    weight = weight / (1.0 + weight)
    centre = beta.mean(axis=1)
    return weight.mul(beta.sub(centre, axis=0)).add(centre, axis=0)


def score_driven_betas(returns: pd.DataFrame, market: pd.DataFrame, before: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """GAS-t betas, which are random walks: the same forecast for every horizon."""
    y, rows = PERCENT * returns.to_numpy(), returns.index.get_loc(before) + 1
    X = np.column_stack([np.ones(len(y)), PERCENT * market["Mkt-RF"]])
    each, own = score_driven(y, X, rows)
    pooled, _ = score_driven(y, X, rows, own)
    return {
        f"GAS-t, {name}": pd.DataFrame(found.loadings[:, :, 1], returns.index, returns.columns)
        for name, found in (("each asset's own parameters", each), ("pooled", pooled))
    }


def score(
    forecasts: Forecasts, returns: pd.DataFrame, market: pd.DataFrame, test: pd.DatetimeIndex, horizon: int
) -> tuple[float, float]:
    """Return the mean squared error, and the slope of outcomes on forecasts."""
    m, first = market["Mkt-RF"].to_numpy(), returns.index.get_loc(test[0]) - 1
    forecast, outcome = [], []
    for row in range(first, len(returns) - horizon, STEP):
        y, x = returns.iloc[row + 1 : row + 1 + horizon].to_numpy(), m[row + 1 : row + 1 + horizon]
        outcome.append((x - x.mean()) @ (y - y.mean(axis=0)) / ((x - x.mean()) ** 2).sum())
        forecast.append(forecasts[horizon].iloc[row].to_numpy())
    f, b = np.concatenate(forecast), np.concatenate(outcome)
    both = np.isfinite(f) & np.isfinite(b)
    f, b = f[both], b[both]
    return float(np.mean((b - f) ** 2)), float(np.cov(f, b)[0, 1] / f.var(ddof=1))


if __name__ == "__main__":
    main()
