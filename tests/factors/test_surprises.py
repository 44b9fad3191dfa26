import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.api import VAR
from statsmodels.tsa.ar_model import AutoReg, ar_select_order

from statefolio.exceptions import InputError, UnknownNameError
from statefolio.factors.surprises import find_surprises


def simulated(rows=120, seed=3, names=("rate", "output")):
    """A stationary VAR(2) in levels, monthly."""
    rng = np.random.default_rng(seed)
    k = len(names)
    first, second = 0.4 * np.eye(k) + 0.1, -0.2 * np.eye(k)
    z = np.zeros((rows + 2, k))
    for t in range(2, rows + 2):
        z[t] = 0.3 + first @ z[t - 1] + second @ z[t - 2] + rng.normal(size=k)
    return pd.DataFrame(z[2:], pd.date_range("2000-01-31", periods=rows, freq="ME"), list(names))


def slow(z, minimum, max_order, order=None, window=None):
    """Least squares and BIC again at every row, by the textbook."""
    T, k = z.shape
    forecasts, orders = np.full((T, k), np.nan), np.full(T, np.nan)
    for t in range(T):
        past = z[:t]
        targets = list(range(max_order, t))
        if len(targets) < minimum:
            continue
        if window is not None:
            targets = targets[-window:]
        best = None
        for p in range(max_order + 1) if order is None else [order]:
            X = np.array([np.r_[1.0, *[past[s - lag] for lag in range(1, p + 1)]] for s in targets])
            Y = past[targets]
            B = np.linalg.lstsq(X, Y, rcond=None)[0]
            E = Y - X @ B
            n = len(targets)
            bic = np.log(np.linalg.det(E.T @ E / n)) + k * (1 + k * p) * np.log(n) / n
            if best is None or bic < best[0]:
                best = (bic, p, B)
        _, p, B = best
        orders[t] = p
        forecasts[t] = np.r_[1.0, *[past[t - lag] for lag in range(1, p + 1)]] @ B
    return z - forecasts, orders


@pytest.mark.parametrize("window", [None, 50])
@pytest.mark.parametrize("model", ["ar", "var"])
def test_equals_least_squares_repeated_at_every_release(model, window):
    frame = simulated()
    news = find_surprises(frame, 20, transform="level", model=model, max_order=3, minimum=40, window=window)
    assert list(dict.fromkeys(news["series"])) == ["rate", "output"]
    for k, name in enumerate(frame):
        found = news[news["series"] == name]
        values = frame.to_numpy() if model == "var" else frame[[name]].to_numpy()
        expected, orders = slow(values, 40, 3, window=window)
        np.testing.assert_allclose(
            found["surprise"], expected[:, k if model == "var" else 0], rtol=0, atol=1e-10, equal_nan=True
        )
        np.testing.assert_array_equal(found["order"], orders)
        assert found["order"].nunique(dropna=True) > 1 or window is None
    np.testing.assert_array_equal(found["published"], frame.index + pd.Timedelta(days=20))


def test_last_surprise_equals_statsmodels_autoregression():
    frame = simulated(200, seed=8)[["rate"]]
    news = find_surprises(frame, transform="level", max_order=4, minimum=60)
    past = frame["rate"].to_numpy()[:-1]
    lags = ar_select_order(past, 4, ic="bic").ar_lags or []
    assert news["order"].iloc[-1] == len(lags)
    peer = AutoReg(past, lags, hold_back=4).fit()
    assert news["forecast"].iloc[-1] == pytest.approx(peer.forecast(1)[0], abs=1e-10)
    assert news["scale"].iloc[-1] == pytest.approx(np.sqrt(peer.resid @ peer.resid / (len(past) - 4 - len(lags) - 1)))


def test_last_surprise_equals_statsmodels_vector_autoregression():
    frame = simulated(200, seed=9)
    news = find_surprises(frame, transform="level", model="var", max_order=4, minimum=60)
    past = frame.to_numpy()[:-1]
    order = VAR(past).select_order(4).bic
    assert news["order"].iloc[-1] == order > 0
    peer = VAR(past[4 - order :]).fit(order)
    last = news.groupby("series", sort=False).tail(1)
    np.testing.assert_allclose(last["forecast"], peer.forecast(past, 1)[0], atol=1e-10)
    np.testing.assert_allclose(last["scale"], np.sqrt(np.diag(peer.sigma_u)), rtol=1e-10)


def test_real_series_agree_with_statsmodels(shared):
    frame = pd.read_parquet(shared / "macro_daily_1985_2015.parquet").loc["2002":, ["ZC10y", "VIX"]]
    transform = {"ZC10y": "difference", "VIX": "log difference"}
    news = find_surprises(frame, transform=transform, max_order=5, minimum=250, every=21)
    for name in frame:
        z = frame[name].dropna()
        z = (np.log(z).diff() if name != "ZC10y" else z.diff()).dropna()
        found = news[news["series"] == name].set_index("reference_date")
        assert found.index.equals(z.index)
        np.testing.assert_allclose(found["value"], z, atol=1e-15)
        first = int(found["surprise"].notna().argmax())
        row = first + 21 * 100
        past = z.to_numpy()[:row]
        peer = AutoReg(past, ar_select_order(past, 5, ic="bic").ar_lags or 0, hold_back=5).fit()
        assert found["forecast"].iloc[row] == pytest.approx(peer.forecast(1)[0], abs=1e-12)
        assert first == 255
        known = found["surprise"].dropna()
        assert abs(known.autocorr(1)) < 0.05
        assert known.std() == pytest.approx(z.std(), rel=0.05)


@pytest.mark.parametrize("model", ["ar", "var"])
def test_the_future_changes_nothing(model):
    frame = simulated(150)
    options = {"transform": "difference", "model": model, "max_order": 2, "minimum": 40, "every": 3}
    whole = find_surprises(frame, 20, **options)
    cut = find_surprises(frame.iloc[:110], 20, **options)
    seen = whole[whole["published"] <= cut["published"].max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(seen, cut, check_exact=True)
    other = frame.copy()
    other.iloc[110:] *= 1e6
    perturbed = find_surprises(other, 20, **options)
    pd.testing.assert_frame_equal(
        perturbed[perturbed["published"] <= cut["published"].max()].reset_index(drop=True), cut, check_exact=True
    )


def vintages(frame, days=20, revise=None):
    """A long table of `frame`, each value published `days` later and revised with the next release."""
    rows = []
    for name in frame:
        for place, (date, value) in enumerate(frame[name].items()):
            published = date + pd.Timedelta(days=days)
            if revise is not None and place + 1 < len(frame):
                later = frame.index[place + 1] + pd.Timedelta(days=days)
                rows.append((name, date, later, value))
                value = value + revise[place]
            rows.append((name, date, published, value))
    return pd.DataFrame(rows, columns=["series", "reference_date", "published", "value"])


def test_vintages_without_revisions_are_a_frame_with_a_lag():
    frame = simulated(100)
    options = {"model": "var", "max_order": 2, "minimum": 30}
    shuffled = vintages(frame).sample(frac=1.0, random_state=0)
    expected = find_surprises(frame, 20, **options)
    found = find_surprises(shuffled, **options)
    key = ["series", "reference_date"]
    pd.testing.assert_frame_equal(
        found.sort_values(key, ignore_index=True), expected.sort_values(key, ignore_index=True), check_exact=True
    )


def test_no_revision_is_seen_before_it_was_published():
    """Each first value has its own error and is corrected a month later; computed by hand from known values."""
    frame = simulated(90, names=("output",))
    error = np.random.default_rng(4).normal(0, 2, 90)
    news = find_surprises(vintages(frame, revise=error), transform="difference", order=1, minimum=30)
    true = frame["output"].to_numpy()
    for t in range(40, 90):
        first_print = true[t] + (error[t] if t < 89 else 0.0)
        known_before = np.r_[true[: t - 1], true[t - 1] + error[t - 1]]
        z = np.diff(known_before)
        X, y = np.column_stack([np.ones(len(z) - 1), z[:-1]]), z[1:]
        constant, slope = np.linalg.lstsq(X, y, rcond=None)[0]
        expected = (first_print - true[t - 1]) - constant - slope * z[-1]
        assert news["surprise"].iloc[t - 1] == pytest.approx(expected, abs=1e-10)


def test_a_late_revision_changes_later_surprises_only():
    frame = simulated(90, names=("output",))
    table = vintages(frame)
    moment = frame.index[60] + pd.Timedelta(days=25)
    revised = pd.concat(
        [table, pd.DataFrame([("output", frame.index[10], moment, 50.0)], columns=table.columns)], ignore_index=True
    )
    options = {"max_order": 2, "minimum": 30}
    before, after = find_surprises(table, **options), find_surprises(revised, **options)
    same = before["surprise"].eq(after["surprise"]) | before["surprise"].isna()
    assert len(before) == len(after)
    assert same[before["published"] <= moment].all()
    assert not same[before["published"] > moment].any()


def test_a_var_waits_for_its_last_release():
    frame = simulated(80)
    news = find_surprises(frame, {"rate": 1, "output": pd.offsets.MonthEnd(1)}, model="var", max_order=1, minimum=30)
    np.testing.assert_array_equal(news[news["series"] == "rate"]["published"], frame.index[1:] + pd.offsets.MonthEnd(1))


def test_values_of_one_publication_date_use_coefficients_from_before_it():
    frame = simulated(80, names=("output",))
    dates = pd.Series(frame.index + pd.Timedelta(days=20), frame.index)
    dates.iloc[70] = dates.iloc[71]
    news = find_surprises(frame, dates, transform="level", order=1, minimum=30)
    z = frame["output"].to_numpy()
    X, y = np.column_stack([np.ones(69), z[:69]]), z[1:70]
    constant, slope = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(news["forecast"][70:72], constant + slope * z[69:71], atol=1e-10)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10), order=st.integers(0, 3))
def test_scaling_a_series_scales_its_surprises_and_its_mean_does_not_matter(scale, shift, order):
    frame = simulated(70)
    base = find_surprises(frame, transform="level", model="var", order=order, minimum=20)
    moved = find_surprises(scale * (frame + shift), transform="level", model="var", order=order, minimum=20)
    np.testing.assert_allclose(moved["surprise"] / scale, base["surprise"], atol=1e-8)
    np.testing.assert_allclose(moved["scale"] / scale, base["scale"], rtol=1e-8)


def test_a_constant_series_is_forecast_to_stay_constant():
    frame = pd.DataFrame(
        {"rate": np.r_[np.full(60, 2.0), 2.5, 2.5, 2.0]}, pd.date_range("2000-01-31", periods=63, freq="ME")
    )
    news = find_surprises(frame, max_order=1, minimum=30)
    assert (news["surprise"][35:59].abs() < 1e-12).all()
    assert news["surprise"].iloc[59] == pytest.approx(0.5)
    assert np.isfinite(news["surprise"][35:]).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"transform": "log difference"}, InputError, "'rate' must be positive .* values that are not positive"),
        ({"transform": "returns"}, InputError, "transform must be .* got 'returns'"),
        ({"transform": {"rate": "level"}}, UnknownNameError, "transform must name .* 'rate', 'output', got 'rate'"),
        ({"model": "garch"}, InputError, "model must be .* got 'garch'"),
        ({"minimum": 10, "max_order": 5}, InputError, "minimum must be at least 12 for 6 coefficients .* got 10"),
        ({"minimum": 60, "window": 30}, InputError, "window must be .* of at least 60 or None, got 30"),
        ({"every": 0}, InputError, "every must be .* got 0"),
        ({"order": -1}, InputError, "order must be .* got -1"),
        ({"minimum": 500}, InputError, "'rate' must have more than 505 reference dates .* got 119"),
    ],
)
def test_options_that_cannot_be_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        find_surprises(simulated() - 0.5, **options)


@pytest.mark.parametrize("still", [0.0, 5.25, 1e-3])
def test_a_constant_series_does_not_choose_the_order_of_a_var(still):
    rng = np.random.default_rng(7)
    z = np.zeros(300)
    for t in range(2, 300):
        z[t] = 0.7 * z[t - 2] + rng.normal()
    months = pd.date_range("1990-01-31", periods=300, freq="ME")
    series = pd.DataFrame({"moves": z, "still": still}, months)
    both = find_surprises(series, 1, transform="level", model="var", minimum=100)
    moves = both[both["series"] == "moves"].dropna()
    assert (moves["order"] == 2).mean() > 0.9
    alone = find_surprises(series[["moves"]], 1, transform="level", order=2, minimum=100)["surprise"]
    two = moves.index[moves["order"] == 2]
    assert np.corrcoef(moves.loc[two, "surprise"], alone.loc[two])[0, 1] > 0.999
    assert np.abs(both.loc[both["series"] == "still", "surprise"].dropna()).max() < 1e-12
