import numpy as np

from statefolio.report import loadings_heat_map, movement_heat_map
from statefolio.report.heat_maps import movement


def test_the_cells_are_the_last_filtered_loadings_in_the_order_of_the_first_factor(model):
    cells = loadings_heat_map(model).data[0]
    today = model.loadings_["filtered"].isel(date=-1).sel(factor=list(cells.x), asset=list(cells.y))
    np.testing.assert_allclose(cells.z, today, atol=1e-4)
    assert "alpha" not in cells.x
    assert (np.diff(np.asarray(cells.z)[:, 0]) >= 0).all()
    assert list(movement_heat_map(model).data[0].y) == list(cells.y)


def test_movement_is_the_spread_of_the_settled_loadings(make_model):
    model = make_model(n_dates=200, n_assets=1, gaps=False)
    beta = model.loadings_["filtered"].to_numpy()
    beta[:, 0, 1] = np.linspace(0.0, 1.0, 200)
    beta[:3, 0, 1] = 1e6  # before it settled
    model.loadings_["filtered_variance"].to_numpy()[:3] = 1e6
    late = np.linspace(0.0, 1.0, 200)[movement_dates(model)]
    expected = np.percentile(late, 95) - np.percentile(late, 5)
    np.testing.assert_allclose(movement(model)[0, 1], expected)


def movement_dates(model):
    error = np.sqrt(model.loadings_["filtered_variance"].to_numpy()[:, 0, 1])
    return error <= 2 * np.median(error)


def test_an_asset_without_observations_is_blank(make_model):
    model = make_model(n_dates=50, n_assets=3)
    model.loadings_["filtered"].to_numpy()[:, 1] = np.nan
    model.loadings_["filtered_variance"].to_numpy()[:, 1] = np.nan
    assert np.isnan(movement(model)[1]).all()
    cells = movement_heat_map(model).data[0]
    assert cells.y[-1] == "asset 1"
    assert np.isnan(np.asarray(cells.z, dtype=float)[-1]).all()
