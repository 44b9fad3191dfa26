import numpy as np
import pandas as pd
import pytest
from scipy import stats

from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.risk.low_rank import LowRankCovariance
from statefolio.validation.covariance_forecast import CovarianceForecast, DenseCovariance
from statefolio.validation.covariance_scores import bias_statistic, score_covariances

ASSETS = pd.Index([f"A{i}" for i in range(8)])
DATES = pd.bdate_range("2020-01-01", periods=300, name="date")


def low_rank(seed=0):
    rng = np.random.default_rng(seed)
    loadings, d = rng.normal(1, 0.5, (8, 2)), rng.uniform(0.5, 2.0, 8) * 1e-4
    return LowRankCovariance(loadings, np.array([[1e-4, 2e-5], [2e-5, 5e-5]]), d)


def made(gaps=True, tails=None):
    """Returns simulated from the covariance, with gaps and a late listing."""
    values = low_rank().simulate(300, 1, tails)
    if gaps:
        values[np.random.default_rng(2).random(values.shape) < 0.03] = np.nan
        values[:100, 4] = np.nan
        values[50] = np.nan
    return pd.DataFrame(values, index=DATES, columns=ASSETS)


def forecasts():
    """Two low-rank forecasts: the correct one and, from row 150 on, one of six assets."""
    other = low_rank(5).select(np.arange(6))
    return {DATES[0]: CovarianceForecast(ASSETS, low_rank()), DATES[150]: CovarianceForecast(ASSETS[:6], other)}


def as_frames(dated):
    return {
        date: pd.DataFrame(one.covariance.dense(), index=one.assets, columns=one.assets) for date, one in dated.items()
    }


def test_against_loops_over_dense_matrices():
    returns = made()
    mine = {"mine": pd.Series({"A0": 0.5, "A7": 0.5, "A4": -1.0})}
    found = score_covariances(forecasts(), returns, mine, random_portfolios=2, seed=3)
    first, second = as_frames(forecasts()).values()
    assert len(found.by_date) == 299
    for t in (0, 3, 99, 149, 150, 200, 299):
        sigma = first if t < 150 else second
        r = returns.iloc[t].reindex(sigma.index).dropna()
        S = sigma.loc[r.index, r.index].to_numpy()
        row = found.by_date.loc[DATES[t]]
        distance = r @ np.linalg.inv(S) @ r
        np.testing.assert_allclose(row.qlike, (np.linalg.slogdet(S)[1] + distance) / len(r), rtol=1e-10)
        np.testing.assert_allclose([row["assets"], row.distance], [len(r), distance / len(r)], rtol=1e-10)
        minimum = np.linalg.solve(S, np.ones(len(r)))
        equal, chosen = np.ones(len(r)), mine["mine"].reindex(r.index).fillna(0.0).to_numpy()
        for name, w in (("minimum variance", minimum), ("equal weight", equal), ("mine", chosen)):
            expected = w @ r / np.sqrt(w @ S @ w)
            np.testing.assert_allclose(found.standardised.loc[DATES[t], name], expected, rtol=1e-9)
            np.testing.assert_allclose(found.probability.loc[DATES[t], name], stats.norm.cdf(expected), rtol=1e-9)
        np.testing.assert_allclose(found.standardised_assets.loc[DATES[t], r.index], r / np.sqrt(np.diag(S)))
    assert found.standardised_assets.iloc[150:][["A6", "A7"]].isna().all(axis=None)


def test_dense_and_low_rank_agree():
    one = score_covariances(forecasts(), made(), random_portfolios=5)
    other = score_covariances(as_frames(forecasts()), made(), random_portfolios=5)
    pd.testing.assert_frame_equal(one.by_date, other.by_date, rtol=1e-9)
    pd.testing.assert_frame_equal(one.portfolios, other.portfolios, rtol=1e-8)
    pd.testing.assert_frame_equal(one.summary(), other.summary(), rtol=1e-8)


def test_tables_count_and_measure():
    found = score_covariances(forecasts(), made(), random_portfolios=3)
    z = found.standardised["equal weight"].dropna()
    row = found.portfolios.loc["equal weight"]
    assert row.dates == len(z) == 299
    assert row.bias == pytest.approx(z.std(), rel=1e-14)  # pandas sums in another order where Bottleneck is installed
    np.testing.assert_allclose([row.lower, row.upper], 1 + np.array([-1, 1]) * np.sqrt(2 / 299))
    assert row.inside == (row.lower <= row.bias <= row.upper)
    assert row["coverage_95%"] == (z.abs() <= stats.norm.ppf(0.975)).mean()
    assert found.assets.loc["A6", "dates"] == made()["A6"].iloc[:150].notna().sum()
    kinds = found.portfolios.kind.value_counts()
    assert kinds.to_dict() == {
        "random long-only": 3,
        "random long-short": 3,
        "equal weight": 1,
        "minimum variance": 1,
    }
    long_only = found.portfolios.kind == "random long-only"
    assert found.summary().loc["random long-only", "bias"] == found.portfolios.loc[long_only, "bias"].mean()


def test_a_correct_forecast_and_one_with_half_the_variance():
    right = {DATES[0]: CovarianceForecast(ASSETS, low_rank())}
    sigma = low_rank().dense()
    returns = pd.DataFrame(low_rank().simulate(300, 8), index=DATES, columns=ASSETS)
    good = score_covariances(right, returns)
    assert 0.9 < good.by_date.distance.mean() < 1.1
    assert good.portfolios["inside"].mean() > 0.8
    half = pd.DataFrame(sigma / 2, index=ASSETS, columns=ASSETS)
    bad = score_covariances({DATES[0]: half}, returns)
    np.testing.assert_allclose(bad.portfolios["bias"], np.sqrt(2.0) * good.portfolios["bias"], rtol=1e-9)
    assert not bad.portfolios["inside"].any()
    assert bad.by_date.qlike.mean() > good.by_date.qlike.mean()
    assert (bad.summary()["coverage_95%"] < 0.9).all()


def test_student_intervals_cover_student_returns():
    returns = pd.DataFrame(low_rank().simulate(300, 4, 5.0), index=DATES, columns=ASSETS)
    right = {DATES[0]: CovarianceForecast(ASSETS, low_rank())}
    found = {nu: score_covariances(right, returns, degrees_of_freedom=nu).summary() for nu in (5.0, np.inf)}
    off = {nu: (table["coverage_99%"] - 0.99).abs().mean() for nu, table in found.items()}
    assert off[5.0] < off[np.inf]
    with pytest.raises(InputError, match=r"degrees_of_freedom must be .* got 2"):
        score_covariances(right, returns, degrees_of_freedom=2)


def test_coverage_of_both_intervals_of_the_bias():
    rng = np.random.default_rng(0)
    for z, barra in ((rng.standard_normal((400, 400)), True), (rng.standard_t(6, (400, 400)) / np.sqrt(1.5), False)):
        found = np.array([bias_statistic(one) for one in z])
        off = np.abs(found[:, 0] - 1.0)
        assert ((off <= found[:, 2]).mean() > 0.92) == barra
        assert (off <= 1.96 * found[:, 1]).mean() > 0.88
    assert np.isnan(bias_statistic([np.nan, 1.0])).all()


def test_permuting_assets_and_days_without_returns():
    returns = made()
    frames = {date: one.iloc[::-1, ::-1] for date, one in as_frames(forecasts()).items()}
    one, other = score_covariances(forecasts(), returns), score_covariances(frames, returns)
    pd.testing.assert_frame_equal(one.by_date, other.by_date, rtol=1e-9)
    assert DATES[50] not in one.by_date.index
    late = score_covariances({DATES[200]: forecasts()[DATES[0]]}, returns)
    assert late.by_date.index[0] == DATES[200]


def test_one_asset():
    returns = made(gaps=False)[["A0"]]
    found = score_covariances({DATES[0]: pd.DataFrame([[2e-4]], index=["A0"], columns=["A0"])}, returns)
    z = (returns["A0"] / np.sqrt(2e-4)).to_numpy()
    np.testing.assert_allclose(found.standardised["equal weight"], z)
    assert "random long-short" not in set(found.portfolios.kind)


def test_the_standard_error_of_a_bias_is_that_of_many_samples():
    drawn = np.random.default_rng(5).standard_normal((400, 2000))
    found = np.array([bias_statistic(1.5 * z) for z in drawn])
    np.testing.assert_allclose(found[:, 1].mean(), found[:, 0].std(), rtol=0.1)


def test_bad_forecasts_and_portfolios():
    returns, frame = made(), as_frames(forecasts())[DATES[0]]
    holey = frame.copy()
    holey.iloc[0, 1] = np.nan
    for wrong, kind, word in (
        ({}, DataTypeError, "at least one entry"),
        (frame, DataTypeError, "mapping"),
        ({DATES[0]: frame.to_numpy()}, DataTypeError, "DataFrames .asset x asset."),
        ({DATES[0]: frame.iloc[:, ::-1]}, InputError, "same assets in rows and columns"),
        ({DATES[0]: holey}, InputError, "NaN or infinite"),
        ({DATES[0]: frame * 0.0}, InputError, "eigenvalue"),
        ({pd.Timestamp("2030-01-01"): frame}, InputError, "forecasts must be for dates and assets of returns"),
        ({"soon": frame}, InputError, "got the key 'soon'"),
        ({None: frame}, InputError, "key None"),
        ({20200102: frame}, InputError, "key 20200102"),
        ({DATES[0].tz_localize("UTC"): frame}, InputError, "time zone"),
        ({DATES[0]: frame, str(DATES[0].date()): frame}, InputError, "twice"),
        ({DATES[0]: frame.astype(object).replace(frame.iloc[0, 0], "x")}, DataTypeError, "must hold numbers"),
    ):
        with pytest.raises(kind, match=word):
            score_covariances(wrong, returns)
    for wrong, kind, word in (
        (pd.Series({"A0": 1.0}), DataTypeError, "portfolios must be .* got a Series"),
        ({"x": pd.Series({"A9": 1.0})}, UnknownNameError, "'A9'"),
        ({"x": pd.Series({"A0": 0.0})}, InputError, "'x'"),
        ({"equal weight": pd.Series({"A0": 1.0})}, InputError, "reserved"),
        ({"random long-only 1": pd.Series({"A0": 1.0})}, InputError, "reserved"),
        ({"x": pd.Series([0.5, 0.5], ["A0", "A0"])}, InputError, "once, got 'A0' twice"),
        (pd.DataFrame(0.5, ["x"], ["A0", "A0"]), InputError, "once, got 'A0' twice"),
        ({"x": pd.Series({"A0": "half"})}, DataTypeError, "must hold numbers"),
    ):
        with pytest.raises(kind, match=word):
            score_covariances({DATES[0]: frame}, returns, wrong)
    with pytest.raises(InputError, match=r"degrees_of_freedom must be .* got 'fat'"):
        score_covariances({DATES[0]: frame}, returns, degrees_of_freedom="fat")
    with pytest.raises(InputError, match=r"random_portfolios must be .* got -1"):
        score_covariances({DATES[0]: frame}, returns, random_portfolios=-1)
    with pytest.raises(InputError, match="one distinct name per asset"):
        CovarianceForecast(ASSETS[:3], DenseCovariance(np.eye(4)))
