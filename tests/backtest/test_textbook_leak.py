"""A textbook's dynamic portfolio prints 90.04 % because its weights earn the return they were computed from.

Traded a date later the same code earns 33.69 %. Here is that code, the two figures out of our account, and the check
that tells them apart. Four assets, 504 dates, NumPy's legacy generator with seed 42.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from statefolio.backtest.causality import check_causal
from statefolio.backtest.market import Market
from statefolio.backtest.simulation import simulate

MEANS, VOLATILITIES = np.array([0.08, 0.10, 0.04, 0.06]) / 252, np.array([0.20, 0.25, 0.08, 0.30]) / np.sqrt(252)
CORRELATIONS = np.array([[1, 0.6, -0.2, 0.3], [0.6, 1, -0.1, 0.4], [-0.2, -0.1, 1, -0.1], [0.3, 0.4, -0.1, 1]])


def textbook_returns():
    np.random.seed(42)  # noqa: NPY002 - the textbook's own draws
    covariance = CORRELATIONS * np.outer(VOLATILITIES, VOLATILITIES)
    scale = np.repeat([1.0, 1.5, 0.5], 168)
    draws = [np.random.multivariate_normal(MEANS * s, covariance) for s in scale]  # noqa: NPY002
    return pd.DataFrame(draws, index=pd.bdate_range("2020-01-01", periods=504), columns=list("ABCD"))


def textbook_weights(returns):
    """Weights dated t, from returns until and including t."""
    values = returns.to_numpy()
    mean, covariance, weights = np.zeros(4), np.eye(4), np.full(4, 0.25)
    held = []
    for t in range(len(values)):
        mean, covariance = 0.99 * mean, 0.99**2 * covariance + 0.001 * np.eye(4)
        gain = covariance @ np.linalg.inv(covariance + 0.01 * np.eye(4))
        mean, covariance = mean + gain @ (values[t] - mean), (np.eye(4) - gain) @ covariance
        if t > 20 and t % 10 == 0:
            spread = np.cov(values[t - 49 : t + 1].T) if t >= 50 else 0.01 * np.eye(4)
            weights = choose(mean, spread, weights)
        held.append(weights)
    return pd.DataFrame(held, index=returns.index, columns=returns.columns)


def choose(mean, spread, previous):
    def loss(w):
        return -(w @ mean - 2.5 * w @ spread @ w - 0.001 * np.abs(w - previous).sum())

    invested = {"type": "eq", "fun": lambda w: w.sum() - 1.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = minimize(loss, previous, method="SLSQP", bounds=[(0.0, 1.0)] * 4, constraints=invested)
    return found.x if found.success else previous


@pytest.fixture(scope="module")
def market():
    """The textbook's dates, and one before them, on which the first weights can be decided."""
    returns = textbook_returns()
    return Market(returns.reindex(returns.index.insert(0, returns.index[0] - pd.Timedelta(days=1))))


@pytest.fixture(scope="module")
def weights(market):
    return textbook_weights(market.returns.iloc[1:])


def a_date_earlier(weights, market):
    return weights.set_axis(market.dates[: len(weights)])


def total(weights, market):
    return simulate(weights, market).value.iloc[-1] / 1e6 - 1.0


def test_the_two_figures(market, weights):
    leak = a_date_earlier(weights, market)
    honest = pd.concat([leak.iloc[:1] * 0.0 + 0.25, weights.iloc[:-1]])
    assert total(leak, market) == pytest.approx(0.9004, abs=5e-4)
    assert total(honest, market) == pytest.approx(0.3369, abs=5e-4)
    assert total(leak * 0.0 + 0.25, market) == pytest.approx(0.0986, abs=5e-5)


def test_the_leak_is_caught(market):
    """The weights that earn the return of t are decided at t - 1, before that return is known."""

    def leaks(known):
        return a_date_earlier(textbook_weights(known.returns.iloc[1:]), known)

    options = {"cuts": 3, "rebalance": 10, "start": market.dates[30]}
    leak = check_causal(leaks, market, **options)
    assert leak.verdict == "looks ahead"
    assert leak.first_difference == leak.cuts[0]
    honest = check_causal(lambda known: textbook_weights(known.returns.iloc[1:]), market, **options)
    assert honest.verdict == "causal", honest.detail
