"""The largest number of lags is Schwert's."""

from statefolio.pairs.cointegration.nested_lags import usual_most_lags


def test_most_lags_is_that_of_schwert():
    assert [usual_most_lags(n) for n in (20, 100, 1250, 2000)] == [9, 12, 23, 26]
