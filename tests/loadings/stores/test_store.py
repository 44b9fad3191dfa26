import pandas as pd
import pytest
import xarray as xr


def same(found, wanted):
    xr.testing.assert_identical(found.load(), wanted.load())


def test_a_store_has_the_results_and_the_state_of_one_fit(case, store):
    same(store.loadings(), case.model.loadings_)
    same(store.innovations(), case.model.innovations_)
    model = store.model()
    assert model.next_.identical(case.model.next_)
    pd.testing.assert_frame_equal(model.parameters_, case.model.parameters_)
    assert model.last_date_ == case.model.last_date_


def test_xarray_reads_it_without_statefolio(case, store):
    pytest.importorskip("zarr")
    opened = xr.open_zarr(store.path)
    for name, wanted in {**case.model.loadings_, **case.model.innovations_}.items():
        xr.testing.assert_equal(opened[name].load(), wanted)
    assert opened.attrs == case.model.loadings_.attrs
