"""Kalman hedges against textbook equations, statsmodels and a published hedge; partial_fit against fit."""

import numpy as np
import pandas as pd
import pytest
from baskets import simulate
from sklearn.base import clone
from statsmodels.tsa.statespace.initialization import Initialization
from statsmodels.tsa.statespace.mlemodel import MLEModel

from statefolio.exceptions import InputError, NotFittedError
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.trading.rules import Bands
from statefolio.pairs.trading.signals import z_score

FIXED = {
    "stationary": KalmanHedge(
        "stationary",
        "fixed",
        persistence=0.9,
        spread_mean=4.0,
        observation_variance=0.02,
        state_variance=[0.05, 1e-5, 2e-5],
        start=([3.0, 0.5, 0.5], [1.0, 0.1, 0.2]),
    ),
    "identity": KalmanHedge("identity", "fixed", delta=1e-3, observation_variance=0.05),
}


def textbook(prices: pd.DataFrame, hedge: KalmanHedge, before_prediction: bool = False) -> dict[str, np.ndarray]:
    """Filter and Rauch-Tung-Striebel smoother, one date after the other; a date without a price is only predicted."""
    x = prices.to_numpy()
    reverts = hedge.transition == "stationary"
    A = np.diag([hedge.persistence if reverts else 1.0, 1.0, 1.0])
    V = np.diag(hedge.state_variance) if reverts else hedge.delta / (1 - hedge.delta) * np.eye(3)
    centre = np.array([hedge.spread_mean if reverts else 0.0, 0.0, 0.0])
    mean, spread = (np.zeros(3), np.zeros(3)) if hedge.start is None else map(np.array, hedge.start)
    b, P, started, dates = mean.astype(float), np.diag(spread).astype(float), False, []
    density = 0.0
    for row in x:
        seen = not np.isnan(row).any()
        if not started and not seen:
            dates.append(None)
            continue
        if started or before_prediction:
            b, P = centre + A @ (b - centre), A @ P @ A.T + V
        started = True
        ahead, wide, v, S = b, P, np.nan, np.nan
        if seen:
            z = np.array([1.0, *row[1:]])
            v, S = row[0] - z @ b, z @ P @ z + hedge.observation_variance
            b, P = b + P @ z * v / S, P - np.outer(P @ z, z @ P) / S
            density -= 0.5 * (np.log(2 * np.pi * S) + v * v / S)
        dates.append((ahead, wide, b, P, v, S))
    smooth, wide_smooth = [dates[-1][2]], [dates[-1][3]]
    for now, later in zip(dates[-2::-1], dates[:0:-1], strict=True):
        if now is None:
            break
        back = now[3] @ A.T @ np.linalg.pinv(later[1], hermitian=True)
        smooth.append(now[2] + back @ (smooth[-1] - later[0]))
        wide_smooth.append(now[3] + back @ (wide_smooth[-1] - later[1]) @ back.T)
    blank = len(dates) - len(smooth)
    diagonals = [np.array([np.diag(day[place]) for day in dates[blank:]]) for place in (1, 3)]
    return {
        "blank": blank,
        "predicted": np.array([day[0] for day in dates[blank:]]),
        "predicted_variance": diagonals[0],
        "filtered": np.array([day[2] for day in dates[blank:]]),
        "filtered_variance": diagonals[1],
        "smoothed": np.array(smooth[::-1]),
        "smoothed_variance": np.array([np.diag(each) for each in wide_smooth[::-1]]),
        "innovation": np.array([day[4] for day in dates[blank:]]),
        "innovation_variance": np.array([day[5] for day in dates[blank:]]),
        "log_likelihood": density,
        "next": centre + A @ (b - centre),
        "next_covariance": A @ P @ A.T + V,
    }


@pytest.mark.parametrize("transition", ["stationary", "identity"])
def test_filter_and_smoother_are_the_equations(prices: pd.DataFrame, transition: str) -> None:
    hedge = clone(FIXED[transition]).fit(prices)
    slow = textbook(prices, hedge)
    blank = slow["blank"]
    for name in ("predicted", "predicted_variance", "filtered", "filtered_variance", "smoothed", "smoothed_variance"):
        states = np.column_stack([hedge.level_[name], hedge.hedge_ratios_[name]])
        assert np.isnan(states[:blank]).all()
        np.testing.assert_allclose(states[blank:], slow[name], rtol=1e-8, atol=1e-10, err_msg=name)
    seen = ~np.isnan(slow["innovation"])
    for name in ("innovation", "innovation_variance"):
        found = hedge.innovations_[name].to_numpy()[blank:][seen]
        np.testing.assert_allclose(found, slow[name][seen], rtol=1e-9, atol=1e-10)
    assert hedge.log_likelihood_ == pytest.approx(slow["log_likelihood"], rel=1e-11)
    np.testing.assert_allclose(hedge.next_["mean"], slow["next"], rtol=1e-10)
    np.testing.assert_allclose(hedge.next_["covariance"], slow["next_covariance"], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("center_spread", [True, False])
def test_the_engine_runs_the_model_of_adaptive_tuning(prices: pd.DataFrame, center_spread: bool) -> None:
    hedge = KalmanHedge("stationary", "adaptive", passes=3, on_collapse="continue", center_spread=center_spread)
    hedge.fit(prices, tune_until="2010-12-31")
    model, trace = hedge.model_, hedge.trace_
    assert model.persistence == trace["a"].iloc[-1]
    assert (model.spread_mean != 0.0) == center_spread
    by_hand = KalmanHedge(
        "stationary",
        "fixed",
        persistence=model.persistence,
        spread_mean=model.spread_mean,
        observation_variance=model.observation_variance,
        state_variance=model.state_variance,
        start=(model.start_mean, model.start_variance),
    )
    slow = textbook(prices, by_hand, before_prediction=True)
    known = int((prices.index <= "2010-12-31").sum()) - slow["blank"]
    for name in ("predicted", "filtered", "filtered_variance"):
        states = np.column_stack([hedge.level_[name], hedge.hedge_ratios_[name]])[slow["blank"] :]
        np.testing.assert_allclose(states, slow[name], rtol=1e-7, atol=1e-9, err_msg=name)
    v, S = slow["innovation"][:known], slow["innovation_variance"][:known]
    seen = np.isfinite(v)
    density = -0.5 * (np.log(2 * np.pi * S[seen]) + v[seen] ** 2 / S[seen]).sum()
    assert trace["log_likelihood"].iloc[-1] == pytest.approx(density, rel=1e-8)


def test_held_value_is_the_profit_of_holding_the_hedge(prices: pd.DataFrame) -> None:
    hedge = clone(FIXED["stationary"]).fit(prices)
    ratios, value, last, expected = hedge.hedge_ratios_["predicted"].to_numpy(), 0.0, None, []
    for row, b in zip(prices.to_numpy(), ratios, strict=True):
        if np.isnan(row).any():
            expected.append(np.nan)
            continue
        if last is not None:
            value += (row[0] - last[0]) - b @ (row[1:] - last[1:])
        expected.append(np.nan if last is None else value)
        last = row
    np.testing.assert_allclose(hedge.held_value_, expected, rtol=1e-12)
    spread = prices["ONE"] - (hedge.hedge_ratios_["filtered"] * prices[["TWO", "SIX"]]).sum("asset", skipna=False)
    np.testing.assert_allclose(hedge.spread_["filtered"], spread.to_numpy(), rtol=1e-12)


def test_chans_last_state(etfs: pd.DataFrame) -> None:
    hedge = KalmanHedge("identity", "fixed").fit(etfs[["EWC", "EWA"]])
    np.testing.assert_allclose(hedge.next_["mean"], [6.76736015, 0.90249284], atol=5e-9)


@pytest.mark.parametrize("tuning", ["fixed", "mle"])
@pytest.mark.parametrize("transition", ["stationary", "identity"])
def test_partial_fit_equals_one_fit_to_the_last_bit(prices: pd.DataFrame, transition: str, tuning: str) -> None:
    hedge = clone(FIXED[transition]) if tuning == "fixed" else KalmanHedge(transition)
    whole = clone(hedge).fit(prices, tune_until="2010-10-29")
    halves = clone(hedge).fit(prices.iloc[:250], tune_until="2010-10-29")
    for part in (prices.iloc[250:251], prices.iloc[251:]):
        halves.partial_fit(part)
        later = slice(part.index[0], part.index[-1])
        for name in ("hedge_ratios_", "level_", "innovations_"):
            at_once, continued = getattr(whole, name).sel(date=later), getattr(halves, name)
            if len(part) == 1:  # smoothing of the whole uses later dates
                at_once, continued = (each.drop_vars(["smoothed", "smoothed_variance"], errors="ignore")
                                     for each in (at_once, continued))  # fmt: skip
            assert at_once.identical(continued), name
        pd.testing.assert_series_equal(whole.held_value_.loc[later], halves.held_value_, check_exact=True)
        pd.testing.assert_frame_equal(whole.spread_.loc[later], halves.spread_, check_exact=True)
    assert whole.next_.identical(halves.next_)


def test_a_run_without_smoothing_is_the_same_but_for_it(prices: pd.DataFrame) -> None:
    basket = read_basket(prices)
    whole = clone(FIXED["stationary"]).fit(prices)
    forwards = clone(FIXED["stationary"]).learn(basket).run_over(basket, smooth=False)
    left_out = ["smoothed", "smoothed_variance"]
    assert forwards.hedge_ratios_[left_out].to_dataarray().isnull().all()
    for name in ("hedge_ratios_", "level_"):
        assert getattr(forwards, name).drop_vars(left_out).identical(getattr(whole, name).drop_vars(left_out))
    assert forwards.innovations_.identical(whole.innovations_)
    assert forwards.next_.identical(whole.next_)


def test_cutting_the_future_changes_nothing(prices: pd.DataFrame) -> None:
    whole = KalmanHedge().fit(prices, tune_until="2010-12-31")
    cut = KalmanHedge().fit(prices.loc[:"2011-03-31"], tune_until="2010-12-31")
    causal = ["predicted", "predicted_variance", "filtered", "filtered_variance"]
    kept = slice(None, "2011-03-31")
    assert whole.hedge_ratios_[causal].sel(date=kept).identical(cut.hedge_ratios_[causal])
    pd.testing.assert_series_equal(whole.held_value_.loc[kept], cut.held_value_, check_exact=True)


class Statsmodels(MLEModel):
    """The stationary hedge as a statsmodels model: the level as deviation from m, ratios exact diffuse."""

    def __init__(self, prices: pd.DataFrame) -> None:
        x = prices.to_numpy()
        super().__init__(x[:, 0], k_states=3, initialization=None)
        self["design"] = np.ones((1, 3, len(x)))
        self["design"][0, 1:] = x[:, 1:].T
        self["transition"], self["selection"] = np.eye(3), np.eye(3)

    def update(self, params: np.ndarray, **options: object) -> None:
        a, m, level, *variance = super().update(params, **options)
        self["transition", 0, 0], self["obs_cov", 0, 0] = a, level
        self["obs_intercept"] = np.array([[m]])
        self["state_cov"] = np.diag(variance)
        start = Initialization(3)
        start.set(0, "known", constant=[0.0], stationary_cov=[[variance[0] / (1 - a * a)]])
        start.set((1, 3), "diffuse")
        self.ssm.initialization = start


def test_likelihood_is_statsmodels() -> None:
    table = simulate(5)
    hedge = KalmanHedge().fit(table)
    theirs = Statsmodels(table).loglike(hedge.parameters_["value"].to_numpy())
    assert hedge.log_likelihood_ == pytest.approx(theirs, rel=1e-9)


def test_maximum_is_a_maximum_and_its_errors_are_the_curvatures() -> None:
    table = simulate(5)
    hedge = KalmanHedge().fit(table)
    assert hedge.converged_
    model, best = Statsmodels(table), hedge.parameters_["value"].to_numpy()
    free = np.flatnonzero(hedge.parameters_["standard_error"].notna())
    steps = 1e-3 * hedge.parameters_["standard_error"].to_numpy()[free]

    def value(*moves: tuple[int, float]) -> float:
        there = best.copy()
        for place, step in moves:
            there[free[place]] += step
        return float(model.loglike(there))

    top = value()
    hessian = np.empty((len(free), len(free)))
    for i, one in enumerate(steps):
        assert value((i, 100 * one)) < top
        assert value((i, -100 * one)) < top
        for j, other in enumerate(steps):
            corners = [value((i, p * one), (j, q * other)) * p * q for p in (1, -1) for q in (1, -1)]
            hessian[i, j] = sum(corners) / (4 * one * other)
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    np.testing.assert_allclose(hedge.parameters_["standard_error"].to_numpy()[free], errors, rtol=0.02)


def test_parameters_are_found_again() -> None:
    hedge = KalmanHedge().fit(simulate(11, dates=4000, a=0.9, moving=1e-2, noise=0.3))
    value, error = hedge.parameters_["value"], hedge.parameters_["standard_error"]
    truth = {"persistence": 0.9, "observation_variance": 0.09, "state_variance_level": 0.09,
             "state_variance_TWO": 1e-4, "state_variance_SIX": 1e-4}  # fmt: skip
    for name, true in truth.items():
        assert abs(value[name] - true) < 3.5 * error[name], name


def test_a_tenth_of_the_price_and_another_order_change_nothing_but_columns(prices: pd.DataFrame) -> None:
    hedge = KalmanHedge().fit(prices)
    other = prices[["ONE", "SIX", "TWO"]].assign(SIX=prices["SIX"] * 10.0)
    again = KalmanHedge().fit(other)
    one, two = (each.hedge_ratios_["filtered"].sel(asset="SIX").to_numpy() for each in (hedge, again))
    np.testing.assert_allclose(two[3:], one[3:] / 10.0, rtol=1e-4)
    np.testing.assert_allclose(again.held_value_, hedge.held_value_, atol=1e-4)
    assert again.log_likelihood_ == pytest.approx(hedge.log_likelihood_ - np.log(10.0), abs=1e-5)


def test_log_prices() -> None:
    table = simulate(2)
    given = {"delta": 1e-5, "observation_variance": 1e-5}
    hedge = KalmanHedge("identity", "fixed", logs=True, **given).fit(table)
    plain = KalmanHedge("identity", "fixed", **given).fit(np.log(table))
    assert hedge.hedge_ratios_.identical(plain.hedge_ratios_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transition": "walk"}, "transition must be 'stationary' or 'identity'"),
        ({"tuning": "adaptive", "transition": "identity"}, "transition must be 'stationary' with tuning='adaptive'"),
        ({"tuning": "adaptive", "passes": 0}, "passes must be .* got 0"),
        ({"tuning": "adaptive", "passes": True}, "passes must be .* got True"),
        ({"tuning": "fixed"}, "persistence must be .* got None"),
        ({"tuning": "fixed", "persistence": 1.5}, "persistence must be .* got 1.5"),
        ({"tuning": "fixed", "transition": "identity", "delta": 1.0}, "delta must be .* got 1.0"),
        (
            {"tuning": "fixed", "transition": "identity", "observation_variance": float("nan")},
            "observation_variance must be",
        ),
        (
            {"tuning": "fixed", "transition": "identity", "state_variance": [1.0]},
            "state_variance must have 3 finite numbers",
        ),
        ({"tuning": "fixed", "transition": "identity", "start": [1.0]}, "start must be a pair .* got .1.0."),
        ({"logs": "yes"}, "logs must be True or False, got 'yes'"),
    ],
)
def test_invalid_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        KalmanHedge(**options).fit(simulate(1))


def test_results_before_fit() -> None:
    with pytest.raises(NotFittedError, match="Call fit"):
        _ = KalmanHedge().hedge_ratios_
    assert not hasattr(KalmanHedge(), "shape")


def test_the_former_name_of_the_model_warns(prices: pd.DataFrame) -> None:
    hedge = clone(FIXED["identity"]).fit(prices)
    with pytest.warns(DeprecationWarning, match="law_ is now called model_"):
        assert hedge.law_ is hedge.model_


def test_defaults_of_given_parameters_suit_prices_and_logarithms():
    """Chan's values in logarithms predict within bands that no innovation leaves; those for logarithms trade."""
    prices = simulate(1, dates=300)
    plain = KalmanHedge("identity", "fixed").fit(prices)
    chan = KalmanHedge("identity", "fixed", delta=1e-4, observation_variance=1e-3).fit(prices)
    np.testing.assert_array_equal(plain.spread_, chan.spread_)
    logs, given, far = (
        z_score(KalmanHedge("identity", "fixed", logs=True, **options).fit(prices)).iloc[50:]
        for options in (
            {},
            {"delta": 1e-5, "observation_variance": 2.5e-6},
            {"delta": 1e-4, "observation_variance": 1e-3},
        )
    )
    np.testing.assert_array_equal(logs, given)
    units = {name: Bands().units(z.to_numpy()) for name, z in {"logs": logs, "far": far}.items()}
    assert (np.diff(units["logs"]) != 0).sum() > 20
    assert (units["far"] == 0).all()
