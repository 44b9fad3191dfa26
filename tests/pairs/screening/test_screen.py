"""Screens of panels with known cointegrated pairs, against a slow screen of one pair after the other."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.stattools import adfuller, coint

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError
from statefolio.kalman.likelihood_ratio import likelihood_ratios
from statefolio.pairs.cointegration.engle_granger import engle_granger_statistics
from statefolio.pairs.screening.screen import screen_pairs

UNTIL = "2011-12-02"  # 500 dates of 750


def universe(seed, assets=10, planted=2, dates=750, half_life=5.0):
    """Independent random walks; the last few assets revert to 1.2 times the first few."""
    rng = np.random.default_rng(seed)
    walks = 200.0 + np.cumsum(rng.standard_normal((dates, assets)), axis=0)
    spread = np.zeros((dates, planted))
    keep = 0.5 ** (1.0 / half_life)
    for t in range(1, dates):
        spread[t] = keep * spread[t - 1] + rng.standard_normal(planted)
    walks[:, assets - planted :] = 20.0 + 1.2 * walks[:, :planted] + spread
    names = [f"A{number:02d}" for number in range(assets)]
    return pd.DataFrame(walks, index=pd.bdate_range("2010-01-04", periods=dates), columns=names)


@pytest.fixture(scope="module")
def prices():
    return universe(seed=1)


@pytest.fixture(scope="module")
def found(prices):
    return screen_pairs(prices, until=UNTIL, cost=0.0005, triples=[("A00", "A03", "A08")])


def test_planted_pairs_are_found_and_confirmed(found):
    pairs = {
        frozenset(row) for row in found.confirmed[["asset_1", "asset_2"]][found.confirmed["asset_3"].isna()].values
    }
    assert pairs == {frozenset(("A00", "A08")), frozenset(("A01", "A09"))}
    assert found.confirmed["half_life"].between(2.0, 9.0).all()
    assert found.counts["tried"] == found.counts["tested"] == len(found.table) == 46
    assert list(found.table)[:4] == ["asset_1", "asset_2", "asset_3", "statistic"]
    assert found.counts["cointegrated"] == (found.table["q_value"] <= 0.05).sum()
    assert found.counts["confirmed"] == len(found.confirmed) == 3
    assert found.later[0] > pd.Timestamp(UNTIL) == found.formation[1]


def test_every_pair_against_a_slow_screen(prices, found):
    past, later = prices.loc[:UNTIL], prices.loc[UNTIL:].iloc[1:]
    for label in ("A08 ~ A00", "A00 ~ A08", "A02 ~ A05", "A05 ~ A02", "A07 ~ A04", "A04 ~ A07"):
        if label not in found.table.index:
            continue
        row, (y, x) = found.table.loc[label], label.split(" ~ ")
        statistic, p_value = coint(past[y], past[x])[:2]
        other = coint(past[x], past[y])[1]
        b, level = np.polyfit(past[x], past[y], 1)
        e = past[y] - level - b * past[x]
        held = (later[y].diff() - b * later[x].diff()).fillna(0.0).cumsum()
        late = adfuller(held, autolag="AIC", result_object=False)
        slope, late_slope = (np.polyfit(s.iloc[:-1], np.diff(s), 1)[0] for s in (e, held))
        X = np.stack([np.ones(len(past)), past[x]], axis=1)[:, :, None]
        assert p_value <= other
        expected = {
            "statistic": statistic,
            "p_value": min(2.0 * p_value, 1.0),
            "level": level,
            "hedge_ratio_2": b,
            "deviation": e.std(ddof=0),
            "half_life": -np.log(2.0) / slope,
            "profit_to_cost": e.std(ddof=0) / (2 * 0.0005 * (past[y].mean() + abs(b) * past[x].mean())),
            "later_statistic": late[0],
            "later_p_value": late[1],
            "later_half_life": -np.log(2.0) / late_slope if late_slope < 0 else np.inf,
            "likelihood_ratio": likelihood_ratios(X, past[[y]].to_numpy()).ratio[1, 0]
            if row["cointegrated"]
            else np.nan,
        }
        own = row[list(expected)].astype(float).to_dict()
        assert own.pop("likelihood_ratio") == pytest.approx(expected.pop("likelihood_ratio"), abs=1e-4, nan_ok=True)
        assert own == pytest.approx(expected, rel=1e-7, abs=1e-8, nan_ok=True)
        assert (row["dates"], row["later_dates"]) == (500, 250)
    assert sum(label in found.table.index for label in ("A08 ~ A00", "A00 ~ A08")) == 1


def test_triple(prices, found):
    row = found.table[found.table["asset_3"].notna()].iloc[0]
    names = [row["asset_1"], row["asset_2"], row["asset_3"]]
    past = prices.loc[:UNTIL, names]
    statistic, p_value = coint(past[names[0]], past[names[1:]])[:2]
    assert row["statistic"] == pytest.approx(statistic, abs=1e-8)
    assert row["p_value"] == pytest.approx(min(3.0 * p_value, 1.0), abs=1e-8)
    X = np.column_stack([np.ones(500), past[names[1:]]])
    expected = np.linalg.lstsq(X, past[names[0]])[0]
    assert row[["level", "hedge_ratio_2", "hedge_ratio_3"]].tolist() == pytest.approx(expected.tolist(), rel=1e-9)
    ratios = likelihood_ratios(X[:, :, None], past[[names[0]]].to_numpy()).ratio[1:, 0]
    assert row["likelihood_ratio"] == pytest.approx(ratios.max(), abs=1e-6)


@pytest.mark.parametrize("correction", ["bh", "by"])
def test_q_values_are_over_all_that_were_tested(prices, correction):
    found = screen_pairs(prices, triples=[("A00", "A03", "A08")], correction=correction, likelihood_ratio="none")
    p = found.table["p_value"].to_numpy()
    np.testing.assert_allclose(found.table["q_value"], multipletests(p, method=f"fdr_{correction}")[1])
    share = 1.0 if correction == "bh" else np.sum(1.0 / np.arange(1, 47))
    by_hand = np.minimum.accumulate((share * p * 46 / np.arange(1, 47))[::-1])[::-1]
    np.testing.assert_allclose(found.table["q_value"], np.minimum(by_hand, 1.0))
    assert found.later is None
    assert not found.table["confirmed"].any()


def test_order_of_columns_and_scale_change_nothing(prices, found):
    shuffled = prices[np.random.default_rng(0).permutation(prices.columns)]
    again = screen_pairs(shuffled, until=UNTIL, cost=0.0005, triples=[("A08", "A00", "A03")])
    pd.testing.assert_frame_equal(again.table, found.table, rtol=1e-9)
    scaled = screen_pairs(8.0 * prices, until=UNTIL, cost=0.0005, triples=[("A00", "A03", "A08")])
    same = [name for name in found.table if name not in ("level", "deviation")]
    pd.testing.assert_frame_equal(scaled.table[same], found.table[same], rtol=1e-6)


def test_the_later_period_has_no_part_in_the_choice(prices, found):
    other = prices.copy()
    other.loc[UNTIL:] += np.random.default_rng(5).standard_normal(other.loc[UNTIL:].shape)
    other.loc[UNTIL] = prices.loc[UNTIL]
    again = screen_pairs(other, until=UNTIL, cost=0.0005, triples=[("A00", "A03", "A08")])
    chosen = [name for name in found.table if not name.startswith("later") and name != "confirmed"]
    pd.testing.assert_frame_equal(again.table[chosen], found.table[chosen], check_exact=True)
    assert not again.table["later_p_value"].equals(found.table["later_p_value"])


def test_a_pair_that_breaks_is_not_confirmed(prices):
    broken = prices.copy()
    after = broken.index > UNTIL
    broken.loc[after, "A08"] += np.cumsum(2.0 * np.random.default_rng(3).standard_normal(after.sum()))
    found = screen_pairs(broken, until=UNTIL, likelihood_ratio="none")
    assert len(found.selected) == 2
    assert [set(pair) for pair in found.confirmed[["asset_1", "asset_2"]].values] == [{"A01", "A09"}]


def test_filters(prices):
    options = {"pairs": [("A08", "A00")], "until": UNTIL, "hedged": "first", "likelihood_ratio": "none"}
    row = screen_pairs(prices, **options).table.iloc[0]
    free = row["half_life"]
    assert row["profit_to_cost"] == np.inf
    assert row[["cointegrated", "reverts_in_time", "pays_its_cost", "confirmed"]].all()
    fast = screen_pairs(prices, half_life=(free * 1.01, 100.0), **options)
    assert not fast.table["reverts_in_time"].iloc[0]
    assert fast.counts.tolist() == [1, 1, 1, 0, 0, 0]
    assert screen_pairs(prices, half_life=(0.1, free * 0.99), **options).counts.tolist() == [1, 1, 1, 0, 0, 0]
    late = row["later_half_life"]
    between = (free * 0.99, (free + late) / 2.0) if late > free else ((free + late) / 2.0, free * 1.01)
    assert screen_pairs(prices, half_life=between, **options).counts.tolist() == [1, 1, 1, 1, 1, 0]
    dear = screen_pairs(prices, cost=0.01, **options)
    assert not dear.table["pays_its_cost"].iloc[0]
    assert dear.counts.tolist() == [1, 1, 1, 1, 0, 0]
    assert len(dear.selected) == 0
    paid = screen_pairs(prices, cost=0.01, entry=1.001 / dear.table["profit_to_cost"].iloc[0], **options)
    assert paid.counts.tolist() == [1, 1, 1, 1, 1, 1]
    strict = screen_pairs(prices, confirm_level=row["later_p_value"] / 2.0, **options)
    assert strict.counts.tolist() == [1, 1, 1, 1, 1, 0]
    short = screen_pairs(prices, confirm="2012-03-30", **options)
    assert short.later[1] == pd.Timestamp("2012-03-30")
    assert short.table["later_dates"].iloc[0] == (prices.loc[UNTIL:"2012-03-30"].shape[0] - 1)


def test_the_first_is_hedged_on_request(prices):
    one = screen_pairs(prices, pairs=[("A00", "A08")], hedged="first", likelihood_ratio="none").table
    statistic, p_value = coint(prices["A00"], prices["A08"])[:2]
    assert one.index.tolist() == ["A00 ~ A08"]
    assert one[["statistic", "p_value"]].iloc[0].tolist() == pytest.approx([statistic, p_value], abs=1e-8)
    reverse = screen_pairs(prices[prices.columns[::-1]], hedged="first", likelihood_ratio="none").table
    assert (reverse["asset_1"] < reverse["asset_2"]).all()


def test_logarithms_and_fixed_lags(prices):
    found = screen_pairs(prices, logs=True, lags=2, cost=0.001, pairs=[("A08", "A00")], hedged="first")
    logs = np.log(prices)
    row = found.table.iloc[0]
    assert row["statistic"] == pytest.approx(coint(logs["A08"], logs["A00"], maxlag=2, autolag=None)[0], abs=1e-8)
    assert row["lags"] == 2
    expected = row["deviation"] / (2 * 0.001 * (1.0 + abs(row["hedge_ratio_2"])))
    assert row["profit_to_cost"] == pytest.approx(expected)


def test_gaps_and_untested_baskets(prices):
    holed = prices.copy()
    holed.iloc[:300, 8] = np.nan
    holed["SAME"] = 2.0 * holed["A02"]
    holed["STILL"] = 5.0
    holed["LATE"] = holed["A03"].where(holed.index > "2011-11-15")
    with pytest.warns(StatefolioWarning, match="each asset once, got 'SAME' that moves as 'A02' does. Drop") as said:
        found = screen_pairs(holed, until=UNTIL, likelihood_ratio="all")
    assert len(said) == 1
    row = found.table[(found.table["asset_1"] == "A08") | (found.table["asset_2"] == "A08")]
    assert (row["dates"] == 200).all()
    known = holed.loc[:UNTIL].iloc[300:]
    one = found.table[found.table["asset_2"].eq("A08") & found.table["asset_1"].eq("A00")]
    one = one if len(one) else found.table[found.table["asset_1"].eq("A08") & found.table["asset_2"].eq("A00")]
    y, x = one[["asset_1", "asset_2"]].iloc[0]
    assert one["statistic"].iloc[0] == pytest.approx(coint(known[y], known[x])[0], abs=1e-8)
    reasons = found.untested["reason"]
    assert len(reasons) == found.counts["tried"] - found.counts["tested"] == 12 + 11 + 1
    assert (reasons.filter(like="LATE").str.startswith("fewer than 27 dates with all prices (")).all()
    assert "cannot be told apart" in reasons["A02 ~ SAME"]
    assert (reasons.filter(like="STILL").drop("LATE ~ STILL") == "constant or collinear prices").all()
    assert found.table["likelihood_ratio"].notna().all()


def test_progress_and_words(prices, found):
    heard = []
    screen_pairs(prices, until=UNTIL, progress=lambda *step: heard.append(step))
    assert {stage for stage, _, _ in heard} == {"hedges"}  # few pairs are one piece
    assert heard[-1][1] == heard[-1][2]
    text = str(found)
    assert text.startswith("46 baskets tried, 46 tested on 2010-01-04 to 2011-12-02: ")
    assert "3 cointegrated at a false discovery rate of 5% (Benjamini-Yekutieli)" in text
    assert "3 of 3 confirmed on 2011-12-05 to 2012-11-16; about 0.15 expected by chance alone." in text
    assert "A08 ~ A00" in text
    frame = found.to_frame()
    frame["p_value"] = 0.0
    assert found.table["p_value"].max() > 0.0


def test_likelihood_ratios_where_no_hedge_moves():
    walks = universe(seed=4, assets=14, planted=0, dates=400)
    found = screen_pairs(walks, likelihood_ratio="all").table["likelihood_ratio"]
    assert found.notna().all()
    assert (found >= 0.0).all()
    assert np.mean(found > 2.71) < 0.08  # half a chi-squared variable's 5 %, the variance on its bound


def test_nothing_found_is_a_result():
    found = screen_pairs(universe(seed=2, planted=0), until=UNTIL)
    assert found.counts["confirmed"] == 0
    assert "0 of 0 confirmed" in str(found)


def test_p_values_of_independent_random_walks():
    rng = np.random.default_rng(0)
    walks = np.cumsum(rng.standard_normal((400, 6000)), axis=0)
    p = engle_granger_statistics(walks, np.arange(6000).reshape(-1, 2)).p_value
    for level in (0.01, 0.05, 0.1, 0.25, 0.5, 0.75):
        assert np.mean(p <= level) == pytest.approx(level, abs=0.005 + 3.0 * np.sqrt(level * (1 - level) / 3000))


def test_false_discovery_rate_and_power():
    false, power = [], []
    for seed in range(40):
        prices = universe(seed + 100, assets=20, planted=5, dates=500)
        table = screen_pairs(prices, fdr=0.1, likelihood_ratio="none").table
        called = table[table["cointegrated"]]
        distance = called["asset_1"].str[1:].astype(int) - called["asset_2"].str[1:].astype(int)
        true = distance.abs() == 15
        false.append(1.0 - true.mean() if len(called) else 0.0)
        power.append(true.sum() / 5)
    assert np.mean(power) > 0.9
    assert 0.0 < np.mean(false) < 0.1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"pairs": [("A00", "TEN")]}, UnknownNameError, "pairs must name columns of prices, got 'TEN'"),
        ({"pairs": [("A00", "A00")]}, InputError, "pairs must have 2 different assets each"),
        ({"pairs": [("A00", "A01"), ("A01", "A00")]}, InputError, "pairs must have every basket once"),
        ({"pairs": ["A00"]}, InputError, "pairs must be a list of 2 names each, got 'A00' in it"),
        ({"pairs": []}, InputError, "pairs must name at least one basket"),
        ({"pairs": "A00"}, DataTypeError, "pairs must be a list of 2 names each, got 'A00'"),
        ({"triples": [("A00", "A01")]}, InputError, "triples must be a list of 3 names each"),
        (
            {"until": "2001-01-01"},
            InputError,
            "the formation period, until 2001-01-01, must have at least 28 dates, got 0",
        ),
        ({"until": "2012-11-10"}, InputError, "the later period, after 2012-11-10, must have"),
        ({"until": "soon"}, InputError, "until must be a date, got 'soon'"),
        (
            {"until": UNTIL, "confirm": "2011-01-03"},
            InputError,
            "the later period, .* must have at least 28 dates, got 0",
        ),
        ({"confirm": "2012-01-03"}, InputError, "confirm must be None without until"),
        ({"fdr": 0.0}, InputError, "fdr must be .* got 0.0"),
        ({"fdr": float("nan")}, InputError, "fdr must be .* got nan"),
        ({"confirm_level": 1.0}, InputError, "confirm_level must be .* got 1.0"),
        ({"correction": "holm"}, InputError, "correction must be 'by' or 'bh', got 'holm'"),
        ({"hedged": "both"}, InputError, "hedged must be .* got 'both'"),
        ({"likelihood_ratio": True}, InputError, "likelihood_ratio must be .* got True"),
        ({"lags": -1}, InputError, "lags must be .* got -1"),
        ({"lags": True}, InputError, "lags must be .* got True"),
        ({"cost": -0.1}, InputError, "cost must be .* got -0.1"),
        ({"cost": float("nan")}, InputError, "cost must be .* got nan"),
        ({"entry": 0.0}, InputError, "entry must be .* got 0.0"),
        ({"half_life": (5.0, 5.0)}, InputError, "half_life"),
        ({"half_life": (float("nan"), 5.0)}, InputError, "half_life"),
        ({"half_life": 5.0}, InputError, "half_life must be .* got 5.0"),
    ],
)
def test_invalid_options(prices, options, error, message):
    with pytest.raises(error, match=message):
        screen_pairs(prices, **options)


def test_invalid_prices(prices):
    with pytest.raises(InputError, match="must be positive"):
        screen_pairs(prices - 300.0, logs=True)
    with pytest.raises(InputError, match="prices must have at least 28 dates, got 20"):
        screen_pairs(prices.iloc[:20])
    with pytest.raises(InputError, match="prices must have at least two assets"):
        screen_pairs(prices[["A00"]])
    split = prices.copy()
    split.iloc[400:, 0] /= 2.0
    with pytest.warns(StatefolioWarning, match="look like splits"):
        screen_pairs(split, pairs=[("A00", "A01")], likelihood_ratio="none")
