"""Percent, prices and risk-free rates are refused or named; several files of factors are joined."""

import numpy as np
import pytest

from statefolio.commands.inputs import read_factor_files, read_panel
from statefolio.commands.shared_options import FileForm, PanelFiles
from statefolio.exceptions import InputError


@pytest.fixture
def written(tables, tmp_path):
    returns, factors = tables
    paths = {}
    for name, table in (
        ("returns", returns),
        ("percent", 100 * returns),
        ("prices", 50 * (1 + returns.fillna(0)).cumprod()),
        ("factors", factors[["market", "value"]]),
        ("factors_percent", 100 * factors[["market", "value"]]),
        ("rate", factors[["rf"]].iloc[100:]),
    ):
        paths[name] = tmp_path / f"{name}.csv"
        table.to_csv(paths[name])
    return paths


def files(written, returns="returns", factors=("factors",), **options):
    return PanelFiles(returns=written[returns], factors=[written[name] for name in factors], **options)


@pytest.mark.parametrize(
    ("returns", "factors", "advice"),
    [
        ("percent", "factors", "Pass --percent"),
        ("prices", "factors", "Pass --prices"),
        ("returns", "factors_percent", "Pass --factors-percent"),
    ],
)
def test_other_units_are_refused(written, returns, factors, advice):
    with pytest.raises(InputError, match=advice):
        read_panel(files(written, returns, (factors,)))


def test_an_option_converts_them(written, tables):
    made = read_panel(files(written, "percent", ("factors_percent",), percent=True, factors_percent=True))
    np.testing.assert_allclose(made.returns, tables[0].loc[made.returns.index], rtol=1e-12)
    np.testing.assert_allclose(made.factors, tables[1].loc[made.factors.index, ["market", "value"]], rtol=1e-12)
    assert read_panel(files(written, "percent"), insist=True).returns.abs().max().max() > 1.0


def test_several_files_of_factors_are_joined_on_their_dates(written):
    made = read_panel(files(written, factors=("factors", "rate"), risk_free="rf"))
    assert list(made.factors.columns) == ["market", "value"]
    assert len(made.returns) == 600
    with pytest.raises(InputError, match=r"each factor once, got 'market', 'value'"):
        read_factor_files([written["factors"], written["factors"]], FileForm(), str)


def test_a_risk_free_rate_among_the_factors_is_named(written):
    notes = " ".join(read_panel(files(written, factors=("factors", "rate"))).notes)
    assert "'rf' looks like a risk-free rate and is used as a factor. Pass --risk-free rf" in notes
