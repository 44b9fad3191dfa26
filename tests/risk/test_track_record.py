"""The rules by which an asset's variance cannot be right, at their limits."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from statefolio.exceptions import StatefolioWarning
from statefolio.risk.exclusion import find_excluded, warn_of_implausible
from statefolio.risk.track_record import TrackRecord


def record_of(**sums):
    """A record of one asset with 1,000 returns of 1 % and forecast errors of 1 %, or as given."""
    usual = {"returns": 1_000, "total": 0.0, "squares": 0.1, "scored": 1_000, "errors": 0.1, "extreme": 0, "ignored": 0}
    return TrackRecord(pd.DataFrame({name: [value] for name, value in (usual | sums).items()}, index=["A"]))


def test_an_ordinary_asset():
    record = record_of()
    assert record.observed.to_dict() == {"A": 1_000}
    assert not record.still.any()
    np.testing.assert_allclose(record.variance, 1e-4)
    assert not record.implausible(np.array([1e-4])).any()


@pytest.mark.parametrize(("ignored", "still"), [(500, False), (501, True)])
def test_a_price_stands_still_on_more_than_half_of_the_dates(ignored, still):
    assert record_of(ignored=ignored).still.tolist() == [still]


def test_the_variance_is_zero_where_returns_are_constant():
    assert record_of(total=10.0).variance.tolist() == [0.0]
    np.testing.assert_allclose(record_of(total=6.0).variance, 1e-4 - 36e-6)
    assert record_of(returns=0, squares=0.0).variance.tolist() == [0.0]
    assert record_of(returns=0, squares=0.0).mean_square.tolist() == [0.0]
    assert record_of(returns=1, squares=4e-4).mean_square.tolist() == [4e-4]


@pytest.mark.parametrize(("noise", "implausible"), [(1.1e-8, False), (0.9e-8, True)])
def test_a_variance_of_one_ten_thousandth_of_the_squared_errors_cannot_be_right(noise, implausible):
    assert record_of().implausible(np.array([noise])).tolist() == [implausible]
    assert record_of(scored=500, errors=0.05).implausible(np.array([noise])).tolist() == [implausible]


@pytest.mark.parametrize(
    ("extreme", "count", "implausible"), [(20, 1_000, False), (21, 1_000, True), (2, 50, False), (3, 50, True)]
)
def test_more_than_two_percent_and_three_extreme_errors_cannot_be_right(extreme, count, implausible):
    record = record_of(scored=count, errors=1e-4 * count, extreme=extreme)
    assert record.implausible(np.array([1e-4])).tolist() == [implausible]


@pytest.mark.parametrize(("share", "implausible"), [(0.9e-8, False), (1.1e-8, True)])
def test_an_asset_that_the_factors_explain_has_no_errors_to_judge_by(share, implausible):
    record = record_of(errors=0.1 * share, extreme=900)
    assert record.implausible(np.array([1e-20])).tolist() == [implausible]
    assert record_of(scored=0, errors=0.0).implausible(np.array([1e-20])).tolist() == [False]


def test_an_update_adds_what_the_model_predicted():
    dates, assets = pd.bdate_range("2024-01-01", periods=4), ["A", "B"]
    nan = np.nan
    innovation = np.array([[nan, 0.1], [0.2, nan], [-1.1, 0.3], [nan, 0.9]])
    variance = np.array([[nan, 0.01], [0.01, 0.01], [0.01, 0.01], [0.01, 0.01]])
    informative = pd.DataFrame({"A": [False, True, True, True], "B": [False, False, True, True]}, index=dates)
    names = {"date": dates, "asset": assets}
    model = SimpleNamespace(
        innovations_=xr.Dataset(
            {"innovation": (("date", "asset"), innovation), "innovation_variance": (("date", "asset"), variance)}, names
        ),
        informative_=informative,
        dates_=dates,
        assets_=pd.Index(assets),
    )
    returns = pd.DataFrame({"B": [0.1, nan, 0.3, 0.4], "A": [nan, 0.2, -1.1, 0.0]}, index=dates)
    record = TrackRecord.empty().updated(model, returns)
    expected = pd.DataFrame(
        {"returns": [3.0, 3.0], "total": [-0.9, 0.8], "squares": [1.25, 0.26], "scored": [2.0, 2.0]}, index=assets
    ).assign(errors=[1.25, 0.9], extreme=[1.0, 0.0], ignored=[1.0, 0.0])
    pd.testing.assert_frame_equal(record.sums, expected)
    pd.testing.assert_frame_equal(record.updated(model, returns).sums, 2.0 * expected)
    without = TrackRecord.empty().updated(model, returns[["A"]]).sums
    pd.testing.assert_frame_equal(without.iloc[:, :3], expected.iloc[:, :3].mul([1.0, 0.0], axis=0))
    pd.testing.assert_frame_equal(record.updated(model, returns[["A"]].assign(B=nan)).sums["returns"].to_frame(),
                                  pd.DataFrame({"returns": [6.0, 3.0]}, index=assets))  # fmt: skip


def excluded(record, noise=1e-4, covariance=None, given=False, omega=((4.0, 0.0), (0.0, 1.0))):
    covariance = np.zeros((1, 2, 2)) if covariance is None else covariance
    found = find_excluded(record, 10, covariance, np.array([noise]), given, np.array(omega))
    return found["reason"].to_dict().get("A", "")


def test_each_reason_and_which_comes_first():
    assert excluded(record_of()) == ""
    assert "far below its own forecast errors" in excluded(record_of(), noise=1e-9)
    still = record_of(ignored=900)
    assert "stands still on most dates" in excluded(still, noise=1e-9)
    constant = record_of(total=10.0, ignored=900)
    assert excluded(constant) == "no idiosyncratic variance: its returns are constant"
    for record in (record_of(), still, constant):
        assert excluded(record, noise=1e-9, given=True) == ""
        assert excluded(record, noise=np.nan, given=True) == "no idiosyncratic variance is known"
    unknown = np.full((1, 2, 2), np.nan)
    partly = np.array([[[1e-4, 0.0], [0.0, np.nan]]])
    assert excluded(record_of(), covariance=partly).startswith("its loadings are not determined")
    assert excluded(constant, np.nan, unknown).startswith("its loadings are not determined")
    assert excluded(record_of(returns=9), np.nan, unknown) == "9 returns were observed, 10 are needed"
    assert excluded(record_of(returns=10)) == ""


@pytest.mark.parametrize(
    ("omega", "number"),
    [
        (((4.0, 0.0), (0.0, 1e-6)), "1"),  # of factors in units of their standard deviations
        (((1.0, 0.6), (0.6, 1.0)), "2"),
        (((1.0, 0.6, 0.0), (0.6, 1.0, 0.0), (0.0, 0.0, 9.0)), "2"),
        (((1.0, 1.0), (1.0, 1.0)), "inf"),
        (((1.0, 0.0), (0.0, 0.0)), "inf"),
    ],
)
def test_undetermined_loadings_come_with_the_condition_number_of_the_factors(omega, number):
    reason = excluded(record_of(), covariance=np.full((1, 2, 2), np.nan), omega=omega)
    assert reason.endswith(f"(condition number of the factors {number})")


def test_only_variances_that_cannot_be_right_are_warned_of(recwarn):
    reasons = {"A": excluded(record_of(), noise=1e-9), "B": excluded(record_of(ignored=900)), "C": "other"}
    warn_of_implausible(pd.DataFrame({"reason": reasons}))
    said = [str(one.message) for one in recwarn if issubclass(one.category, StatefolioWarning)]
    assert [text.partition(":")[0] for text in said] == [f"FactorRisk leaves out {name!r}" for name in "AB"]
