import copy
import warnings
from types import SimpleNamespace

import pandas as pd
import pytest
import xarray as xr

from statefolio.exceptions import (
    FileFormatError,
    InputError,
    NotFittedError,
    OutputError,
    UnknownNameError,
)
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.results import concat_results
from statefolio.loadings.stores.store import LoadingsStore

FIRST = 245


def same(found, wanted):
    xr.testing.assert_identical(found.load(), wanted.load())


def continued(model, case, first, last):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.partial_fit(case.returns[first:last], case.factors[first:last])


def create(path, case, **changes):
    model = case.model
    identity = {"model": "KalmanLoadings", "options": model.get_params(), "data": "d", "tune_until": model.tuned_until_}
    given = {"dates": model.dates_, "assets": model.assets_, "factors": model.factors_, "block_assets": 64}
    return LoadingsStore.create(path, **{**given, "identity": identity, **changes})


@pytest.fixture(scope="module")
def grown(case):
    """Results of one model over all dates, an asset joining on the way, and the model."""
    model = copy.deepcopy(case.model)
    parts = [model.loadings_]
    for first, last in ((FIRST, FIRST + 1), (FIRST + 1, FIRST + 9), (FIRST + 9, None)):
        parts.append(continued(model, case, first, last).loadings_)
    return concat_results(parts), model


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
    assert opened.attrs == case.model.loadings_.attrs == store.attrs
    with xr.open_zarr(store.path, consolidated=False) as alone:
        xr.testing.assert_identical(alone.load(), opened.load())


@pytest.mark.parametrize("checkpoint", [True, False])
def test_appended_dates_continue_to_the_same_bits(case, store, grown, checkpoint):
    for first, last in ((FIRST, FIRST + 1), (FIRST + 1, FIRST + 9), (FIRST + 9, None)):
        model = continued(store.model(), case, first, last)
        store.append(model, case.returns[first:last], case.factors[first:last], checkpoint=checkpoint)
    same(store.loadings(), grown[0])
    assert store.model().next_.identical(grown[1].next_)
    assert store.compact() == len(case.returns) - FIRST
    again = LoadingsStore.open(store.path)
    same(again.loadings(), grown[0])
    assert again.model().next_.identical(grown[1].next_)
    assert again.compact() == 0
    assert {path.name for path in (store.path / "statefolio").rglob("*.*")} == {
        *("zarr.json", "manifest.json", "00000003.model"),
        *("00000.done", "00001.done"),
    }
    pytest.importorskip("zarr")
    xr.testing.assert_equal(xr.open_zarr(store.path)["predicted"].load(), grown[0]["predicted"])


def test_any_part_is_read_from_both_groups(case, store, grown):
    store.append(continued(store.model(), case, FIRST, None))
    whole = grown[0]
    for name in ("a3", "a69", "a0"):
        xr.testing.assert_equal(store.asset(name)["filtered"], whole["filtered"].sel(asset=name))
    for day in (whole.date[3].values, case.returns.index[-1], "2020-12-11"):
        xr.testing.assert_equal(store.date(day)["predicted"], whole["predicted"].sel(date=day))
    part = {"date": [260, 2, 249, 250], "asset": [69, 0, 65], "factor": [2, 0]}
    same(store.loadings().isel(part), whole.isel(part))
    xr.testing.assert_equal(store.loadings()["filtered"][-20:-1:3, ::-1], whole["filtered"][-20:-1:3, ::-1])
    pytest.importorskip("dask")
    xr.testing.assert_identical(store.loadings().chunk({"date": 100}).compute(), whole.load())
    with pytest.raises(UnknownNameError, match="asset must be one of the store's 70, got 'b'"):
        store.asset("b")
    with pytest.raises(UnknownNameError, match="date must be one of the store's 262, got 2019-01-01"):
        store.date("2019-01-01")


def test_a_store_says_its_size(store):
    assert repr(store) == f"<LoadingsStore {str(store.path)!r}: 245 dates, 69 assets, 3 factors>"


def test_a_store_shows_its_last_loadings(case, store, tmp_path):
    last = case.model.loadings_["filtered"].isel(date=-1).transpose("asset", "factor").to_numpy()
    assert store.to_frame().to_numpy() == pytest.approx(last, nan_ok=True)
    assert store.summary()["mean"].to_numpy() == pytest.approx(pd.DataFrame(last).mean().to_numpy())
    assert store.plot_map().data[0].x == tuple(name for name in case.model.factors_ if name != "alpha")
    unfinished = create(tmp_path / "unfinished.zarr", case)
    assert "The fit is not finished" in str(unfinished.summary())
    with pytest.raises(NotFittedError):
        unfinished.to_frame()


def test_an_unfinished_block_is_written_again(case, tmp_path):
    store = create(tmp_path / "s", case)
    model = KalmanLoadings(**case.model.get_params()).fit(case.returns[:FIRST].iloc[:, :64], case.factors[:FIRST])
    store.write_block(0, model, note={"processor": "x"})
    assert (store.done, store.notes) == ({0}, {0: {"processor": "x"}})
    assert repr(store).endswith("69 assets, 3 factors, 1 of 2 blocks complete>")
    with pytest.raises(NotFittedError, match=r"all 2 blocks, got 1 that are missing \(first: 1\)"):
        store.finish()
    with pytest.raises(NotFittedError, match="must be finished to be read, got 1 of 2 blocks"):
        store.loadings()
    again = create(tmp_path / "s", case)  # of the same fit: resumed
    assert again.done == {0}
    with pytest.raises(InputError, match="model must have the assets of the block"):
        again.write_block(1, model)
    assert again.block_model(0).next_.identical(model.next_)


def test_stores_of_another_fit_are_refused_by_name(case, store, tmp_path):
    identity = {**store.identity}
    for key, value, said in (
        ("data", "e", r"other data \('d', not 'e'\)"),
        ("model", "StaticLoadings", "another model"),
        ("options", {**identity["options"], "tails": "gaussian"}, r"another tails \('student', not 'gaussian'\)"),
        ("tune_until", pd.Timestamp("2020-03-02"), "another tune_until"),
    ):
        with pytest.raises(OutputError, match=said):
            create(store.path, case, identity={**identity, key: value})
    with pytest.raises(OutputError, match=r"other assets \(69 from 'a0', not 68 from 'a0'\)"):
        create(store.path, case, assets=case.model.assets_[:-1])
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").write_text("x")
    for name in ("file", "folder"):
        with pytest.raises(OutputError, match="which is something else"):
            create(tmp_path / name, case)
    with pytest.raises(InputError, match="block_assets must be a multiple of 64, got 100"):
        create(tmp_path / "new", case, block_assets=100)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.zarr", "file", "folder"]


def test_a_disk_that_is_too_small_is_said_before(case, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**5))
    with pytest.raises(OutputError, match=r"it needs 2\.05 MB, got 0\.10 MB free"):
        create(tmp_path / "s", case)
    assert not list(tmp_path.iterdir())


def test_damaged_and_foreign_folders(store, tmp_path):
    with pytest.raises(FileFormatError, match="which does not exist"):
        LoadingsStore.open(tmp_path / "absent")
    with pytest.raises(FileFormatError, match="which is something else"):
        LoadingsStore.open(tmp_path)
    manifest = store.path / "statefolio" / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace("statefolio store 1", "statefolio store 2", 1))
    with pytest.raises(FileFormatError, match="version 1 or lower, got 2"):
        LoadingsStore.open(store.path)
    manifest.write_text(text.replace("a0", "a1"))
    with pytest.raises(FileFormatError, match="must have an intact manifest"):
        LoadingsStore.open(store.path)
    manifest.write_text(text)
    (store.path / "zarr.json").write_text("{}")
    with pytest.raises(FileFormatError, match="damaged or changed by another program"):
        LoadingsStore.open(store.path).loadings()


def test_other_models_and_old_dates_are_not_appended(case, store):
    with pytest.raises(InputError, match="model must have new dates, after 2020-12-08"):
        store.append(case.model)
    other = KalmanLoadings(**{**case.model.get_params(), "tails": "gaussian"})
    with pytest.raises(InputError, match="model must be the store's own"):
        store.append(other.fit(case.returns, case.factors))
    model = continued(store.model(), case, FIRST, None)
    with pytest.raises(InputError, match="returns and factors must be given where checkpoint=False"):
        store.append(model, checkpoint=False)
    assert len(store.dates) == FIRST
