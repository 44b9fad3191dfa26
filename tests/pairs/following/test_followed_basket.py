"""Following a basket day by day equals walking it from scratch; prices that do not continue it are refused."""

import json

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

from statefolio.exceptions import FileFormatError, InputError, UnknownNameError
from statefolio.pairs.following.drift import SavedVerdict, drift_of
from statefolio.pairs.following.followed_basket import follow_basket
from statefolio.pairs.following.state_file import load_basket, save_basket
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.trading.rules import Bands, Linear
from statefolio.pairs.trading.walk_forward import walk_baskets
from statefolio.pairs.verdict.verdict import judge_basket

PRICES = simulate(3, dates=200)
PRICES.iloc[[57, 163, 191], [1, 0, 2]] = np.nan
START, BEGUN = PRICES.index[140], PRICES.index[183]
HEDGES = {
    "mle": (KalmanHedge(), "weekly", {}),
    "adaptive": (KalmanHedge(tuning="adaptive", passes=5, on_collapse="continue"), "weekly", {}),
    "fixed": (KalmanHedge("identity", "fixed"), None, {}),
    "static in logs": (StaticHedge("johansen", logs=True), 7, {}),
    "rolling, spread": (RollingHedge(40), "monthly", {"of": "spread", "lookback": 20}),
}


@pytest.mark.parametrize("name", HEDGES)
def test_day_by_day_equals_the_walk_from_scratch(name, tmp_path):
    hedge, retune, score = HEDGES[name]
    rule = Linear(2.0) if name == "fixed" else Bands(0.8, 0.2)
    now = follow_basket(PRICES.loc[:BEGUN], hedge, rule, start=START, retune=retune, **score)
    for day in range(184, 200):
        seen = PRICES.iloc[:1].iloc[:0] if PRICES.iloc[day].isna().any() else PRICES.iloc[: day + 1]
        if len(seen):
            known = now.basket.dates[-1]
            now = now.update(seen.loc[known:])
            save_basket(now, tmp_path / "basket.state")
            now = load_basket(tmp_path / "basket.state")
    walk = walk_baskets(PRICES, {"only": hedge}, rule, start=START, retune=retune, **score)
    expected = walk.hedges["only"].z_score_.loc[START:]
    exact = name != "adaptive"
    pd.testing.assert_series_equal(now.z, expected, check_names=False, check_freq=False, check_exact=exact, rtol=1e-10)
    decided = walk.results["only"].decisions
    assert now.date == decided.index[-1]
    np.testing.assert_allclose(now.weights, decided.iloc[-1], rtol=1e-10, atol=1e-14)
    assert now.tuned_until == walk.hedges["only"].tuned_until_
    assert (now.units.loc[decided.index] != 0).equals(decided.iloc[:, 0] != 0)


def test_shares_are_those_of_the_capital():
    now = follow_basket(PRICES, KalmanHedge("identity", "fixed"), Linear(), start=START, retune=None, capital=5000)
    value = now.shares * PRICES.iloc[-1]
    assert value.abs().sum() == pytest.approx(5000)
    np.testing.assert_allclose(value, 5000 * now.weights)
    ratio = value.iloc[1:] / PRICES.iloc[-1, 1:] / now.shares.iloc[0]
    np.testing.assert_allclose(-ratio, now.ratios)


@pytest.fixture(scope="module")
def followed():
    verdict = judge_basket(StaticHedge(), PRICES.loc[:BEGUN], draws=39)
    return follow_basket(PRICES.loc[:BEGUN], StaticHedge(), start=START, verdict=verdict), verdict


def test_drift_compares_with_the_draws_of_the_verdict(followed):
    basket, verdict = followed
    found = basket.drift
    assert found.before == found.now
    assert not found.drifting
    assert "Not drifting" in found.sentence
    later = basket.update(PRICES)
    assert later.drift.too_short == (len(later.basket.complete_dates) >= 1.1 * len(basket.basket.complete_dates))
    draws = verdict.draws["adf_held"].to_numpy()
    saved = SavedVerdict(draws, 0.05, "reverts", statistic=float(draws.min()) - 1.0, dates=100)
    gone = drift_of(saved, float(np.median(draws)), 105)
    assert gone.drifting
    assert not gone.too_short
    assert gone.before == 1 / 40
    assert gone.now == pytest.approx((1 + (draws <= np.median(draws)).sum()) / 40)


def test_drift_says_what_has_drifted_and_what_to_do():
    """A basket whose hedge ratio jumps and whose innovations double; without a verdict."""
    calm = simulate(4, dates=260)
    begun = follow_basket(calm.iloc[:200], StaticHedge(), start=calm.index[150], retune="daily")
    assert "Not drifting: hedge ratios within their bands of" in begun.drift.sentence
    assert begun.drift.sentence.endswith("innovations as before.")
    same = begun.update(calm)
    assert not same.drift.autocorrelated > 1.0
    moved = calm.copy()
    moved.iloc[200:, 0] += 4.0 * (moved.iloc[200:, 1] - moved.iloc[199, 1])
    drift = begun.update(moved).drift
    asset, now = calm.columns[1], begun.update(moved).ratios.iloc[0]
    low, high = (begun.ratios.iloc[0] + side * 1.959964 * begun.beginning.deviations.iloc[0] for side in (-1, 1))
    assert drift.drifting
    assert not drift.reverts_less
    assert f"the hedge ratio of {asset} is {now:.4g}, outside its 95 % band of" in drift.sentence
    assert f"{low:.4g} to {high:.4g}" in drift.sentence
    assert "Judge it again with `statefolio pairs`; hold the targets, which follow the new ratio" in drift.sentence
    wild = calm.copy()
    wild.iloc[200:, 0] += np.random.default_rng(0).normal(scale=8.0 * calm.diff().std().iloc[0], size=60)
    drift = begun.update(wild).drift
    assert drift.larger > 1.0
    assert f"innovations are larger than before {begun.date:%Y-%m-%d}" in drift.sentence
    assert "lower the capital or tune the hedge again" in drift.sentence


def test_a_file_of_the_former_format_is_read_and_continued(followed, tmp_path):
    basket, _ = followed
    path = tmp_path / "basket.state"
    save_basket(basket, path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name not in ("innovations", "bands")}
    facts = json.loads(arrays["facts"].tobytes())
    del facts["began"]
    for version in (1, 3):
        arrays["facts"] = np.frombuffer(json.dumps(facts | {"version": version}).encode(), dtype=np.uint8)
        with path.open("wb") as file:
            np.savez(file, **arrays)
        if version == 3:
            with pytest.raises(FileFormatError, match="must be a basket of format 2, got format 3"):
                load_basket(path)
        else:
            later = load_basket(path).update(PRICES)
            assert later.drift.now == basket.update(PRICES).drift.now
            assert later.drift.moved == ()
            assert "calibrated p" in later.drift.sentence


def test_prices_that_do_not_continue_the_basket_are_refused(followed):
    basket, _ = followed
    revised = PRICES.copy()
    revised.iloc[100, 1] *= 1.01
    extra = pd.concat(
        [PRICES, PRICES.iloc[[50]].set_axis([PRICES.index[50] + pd.Timedelta(days=5, hours=1)])]
    ).sort_index()
    none = PRICES.copy()
    none.loc[none.index > BEGUN, "TWO"] = np.nan
    for prices, error, message in (
        (
            PRICES.loc[BEGUN:].iloc[1:],
            InputError,
            f"must overlap with those of the basket, which end on {BEGUN:%Y-%m-%d}",
        ),
        (PRICES.loc[:BEGUN], InputError, f"a new date with all prices after {BEGUN:%Y-%m-%d}, got none. Pass"),
        (none, InputError, r"got none \(the 16 new dates lack a price\)"),
        (
            revised,
            InputError,
            rf"for 'TWO' on {PRICES.index[100]:%Y-%m-%d}, which was .* \(1 dates differ\): the history",
        ),
        (extra, InputError, "no other dates up to"),
        (PRICES.drop(columns="SIX"), UnknownNameError, "must have all assets of the basket.*'SIX'"),
    ):
        with pytest.raises(error, match=message):
            basket.update(prices)


def test_files_that_are_no_basket_are_refused(followed, tmp_path):
    basket, _ = followed
    path = tmp_path / "basket.state"
    save_basket(basket, path)
    again = load_basket(path)
    assert again.drift == basket.drift
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"date,ONE\n2020-01-01,5\n"):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match="a basket that `statefolio pairs` saved"):
            load_basket(path)
    with pytest.raises(FileFormatError, match="a basket that `statefolio pairs` saved"):
        load_basket(tmp_path / "none.state")
    given = follow_basket(
        PRICES, KalmanHedge("identity", "fixed", state_variance=np.full(3, 1e-4)), start=START, retune=None
    )
    with pytest.raises(InputError, match="hedge must have plain options to be saved, got state_variance"):
        save_basket(given, path)
