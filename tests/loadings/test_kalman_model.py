"""Pooled tuning of real panels: at the best memory whatever the start, and hardly moved by one more stock."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from statefolio.data import load_demo, load_stocks_and_index
from statefolio.kalman import usual_values
from statefolio.loadings.kalman_loadings import KalmanLoadings

ONE_SPEED = {"noise": "ewma", "dynamics": "random_walk"}
BURN_IN = 60
BOUND = 0.9
"""The least memory allowed; the search of `turbulent` steps there on its way."""


@pytest.fixture(scope="module")
def turbulent():
    """Two years of the demo that end in 2021, when variances moved within days."""
    data = load_demo()
    return data.returns.iloc[1338:1838], data.factors.iloc[1338:1838, :3]


@pytest.fixture(scope="module")
def recent():
    """Stocks on their index alone."""
    data = load_stocks_and_index()
    return data.returns.loc["2019":], data.factors.loc["2019":]


@pytest.fixture(params=["turbulent", "recent"])
def panel(request):
    return request.getfixturevalue(request.param)


def fit(panel, common_volatility=False, **options):
    return KalmanLoadings(common_volatility=common_volatility, **options).fit(*panel)


def memory(model) -> float:
    return float(model.parameters_["memory"].iloc[0])


def test_no_other_memory_is_more_likely(turbulent):
    free = fit(turbulent)
    assert memory(free) > BOUND + 0.01
    best = free.log_likelihood_.sum()
    for given in (BOUND, 0.905, 0.91, 0.93, 0.95, 0.97, 0.99):
        assert fit(turbulent, memory=given).log_likelihood_.sum() < best - 0.1, given


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize(
    "start",
    [(0.9, 3.0, 0.5, 0.0, 0.05, 0.9), (0.93, 6.0, 0.95, 0.8, 0.3, 1.2), (0.99, 12.0, 1.5, 0.4, 0.1, 1.0)],
)
def test_no_other_start_ends_higher(panel, start, common, monkeypatch):
    usual = fit(panel, common)
    memory_, tails, exponent, *others = start
    changed = {"MEMORY": memory_, "TAILS": tails, "EXPONENTS": {0: (), 3: (exponent / 3,) * 3}}
    changed |= zip(("FAST_MEMORY", "FAST_WEIGHT", "SURPRISE_SCALE"), others, strict=True)
    for name, value in changed.items():
        monkeypatch.setattr(usual_values, f"USUAL_{name}", value)
    other = fit(panel, common)
    observed = np.isfinite(panel[0].to_numpy()).sum()
    assert other.log_likelihood_.sum() < usual.log_likelihood_.sum() + 1e-5 * observed


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize("start", [(0.9, 3.0, 0.5), (0.93, 6.0, 0.95), (0.99, 12.0, 1.5)])
def test_every_start_of_one_speed_ends_at_the_same_maximum(panel, start, common, monkeypatch):
    usual = fit(panel, common, **ONE_SPEED)
    for name, value in zip(("USUAL_MEMORY", "USUAL_TAILS"), start[:2], strict=True):
        monkeypatch.setattr(usual_values, name, value)
    monkeypatch.setattr(usual_values, "USUAL_EXPONENTS", {0: (), 1: start[2:]})
    other = fit(panel, common, **ONE_SPEED)
    observed = np.isfinite(panel[0].to_numpy()).sum()
    assert other.log_likelihood_.sum() == pytest.approx(usual.log_likelihood_.sum(), abs=1e-5 * observed)
    assert memory(other) == pytest.approx(memory(usual), abs=2e-3)


@pytest.mark.parametrize(
    ("options", "common", "most", "on_average"),
    [(ONE_SPEED, False, 0.05, 0.02), (ONE_SPEED, True, 0.1, 0.05), ({}, False, 0.05, 0.025), ({}, True, 0.05, 0.025)],
)
def test_one_more_stock_hardly_changes_the_variances_of_the_others(panel, options, common, most, on_average):
    """Every stock in turn is the one that joins: `most` bounds the change of any other's variance on the next date."""
    returns, factors = panel
    joined = fit(panel, common, **options)
    by_date = joined.innovations_["innovation_variance"]
    for name in returns.columns:
        without = fit((returns.drop(columns=name), factors), common, **options)
        names = list(without.assets_)
        gap = np.log(without.next_["observation_variance"] / joined.next_["observation_variance"].sel(asset=names))
        assert float(abs(gap).max()) < most, name
        gap = np.log(without.innovations_["innovation_variance"] / by_date.sel(asset=names))
        assert float(abs(gap).isel(date=slice(BURN_IN, None)).mean()) < on_average, name


def test_threads_of_blas_change_nothing(turbulent):
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            found.append(fit(turbulent, common_volatility=True))
    assert found[0].parameters_.equals(found[1].parameters_)
    assert found[0].loadings_.identical(found[1].loadings_)
