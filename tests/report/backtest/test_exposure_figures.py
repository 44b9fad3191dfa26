from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.report.backtest.exposure_figures import exposure_figure, return_by_source_figure


def test_exposures_and_their_bands(long_only):
    figure = exposure_figure(long_only)
    exposure, error = long_only.details["exposure"], long_only.details["exposure_error"]
    assert [note.text for note in figure.layout.annotations] == ["market", "size"]
    for place, factor in enumerate(("market", "size")):
        lower, upper, line = figure.data[3 * place : 3 * place + 3]
        np.testing.assert_allclose(line.y, exposure[factor], rtol=1e-5)
        np.testing.assert_allclose(upper.y - line.y, 1.959964 * error[factor], rtol=1e-4)
        np.testing.assert_allclose(line.y - lower.y, 1.959964 * error[factor], rtol=1e-4)


def test_only_the_largest_and_without_errors(long_only):
    exposure = long_only.details["exposure"] * [0.1, 1.0]
    figure = exposure_figure(replace(long_only, details={"exposure": exposure}), most=1)
    assert [note.text for note in figure.layout.annotations] == ["size"]
    assert len(figure.data) == 1
    with pytest.raises(InputError, match="record no 'exposure'"):
        exposure_figure(replace(long_only, details={}))


def test_contributions_are_summed_and_add_up():
    rng = np.random.default_rng(0)
    earned = pd.DataFrame(rng.normal(0, 0.01, (300, 12)), pd.bdate_range("2020-01-01", periods=300))
    earned.iloc[5, 3] = np.nan
    figure = return_by_source_figure(earned, most=4)
    *parts, total = figure.data
    assert total.name == "Total"
    assert parts[-1].name == "8 others"
    np.testing.assert_allclose(np.sum([part.y for part in parts], axis=0), total.y, atol=1e-3)
    np.testing.assert_allclose(total.y, 100 * earned.fillna(0).sum(axis=1).cumsum(), atol=1e-3)
    np.testing.assert_allclose(parts[0].y, 100 * earned.fillna(0)[int(parts[0].name)].cumsum(), atol=1e-3)


def test_no_contribution():
    with pytest.raises(InputError, match="earned must be a DataFrame"):
        return_by_source_figure(pd.DataFrame({"a": [np.nan]}))
