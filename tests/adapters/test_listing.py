import numpy as np
import pandas as pd
import pytest

from statefolio.adapters.listing import dates_without, listed_only, not_investable
from statefolio.exceptions import InputError

NONE = pd.DataFrame({"reason": pd.Series([], dtype=object)})


def test_returns_outside_the_mask_are_left_aside(returns):
    mask = pd.DataFrame(True, index=returns.index, columns=returns.columns)
    mask.iloc[200:, 0] = False
    kept, inactive = listed_only(returns, mask)
    assert kept.iloc[200:, 0].isna().all()
    pd.testing.assert_frame_equal(kept.iloc[:, 1:], returns.iloc[:, 1:])
    assert list(np.flatnonzero(inactive)) == [0]


def test_without_a_mask_all_are_listed(returns):
    for mask in (None, np.ones(returns.shape, dtype=bool)):
        kept, inactive = listed_only(returns, mask)
        assert kept is returns
        assert not inactive.any()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda mask: mask.iloc[1:],
        lambda mask: mask.astype(float),
        lambda mask: mask.iloc[:, ::-1],
        lambda mask: mask.shift(freq="D"),
    ],
)
def test_masks_that_do_not_fit_are_refused(returns, spoil):
    mask = pd.DataFrame(True, index=returns.index, columns=returns.columns)
    with pytest.raises(InputError, match="active_mask"):
        listed_only(returns, spoil(mask))


def test_dates_without_a_return_go_on_from_call_to_call(returns):
    expected = []
    for name in returns:
        seen = np.flatnonzero(returns[name].notna())
        expected.append(len(returns) - 1 - seen[-1] if len(seen) else len(returns))
    counts = None
    for first in range(0, len(returns), 37):
        counts = dates_without(returns.iloc[first : first + 37], counts)
    assert list(counts) == expected
    assert list(dates_without(returns)) == expected


def test_reasons_name_the_rule_that_excludes_an_asset():
    universe = pd.Index(["a", "b", "c", "d"])
    excluded = pd.DataFrame({"reason": ["too short"]}, index=["a"])
    found = not_investable(excluded, universe, np.array([0, 1, 0, 0], bool), np.array([99, 99, 21, 20]), 21)
    assert list(found.index) == ["a", "b", "c"]
    assert found.loc["a", "reason"] == "too short"
    assert "active_mask" in found.loc["b", "reason"]
    assert found.loc["c", "reason"] == "no return on the last 21 dates"


def test_without_a_limit_no_asset_is_absent():
    found = not_investable(NONE, pd.Index(["a"]), np.zeros(1, bool), np.array([999]), None)
    assert found.empty


def test_nothing_left_is_an_error():
    with pytest.raises(InputError, match="got none of 2 assets"):
        not_investable(NONE, pd.Index(["a", "b"]), np.zeros(2, bool), np.array([30, 40]), 21)
