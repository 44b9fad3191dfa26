"""A store whose writer is killed has what it had before or after, and the next writer leaves nothing else."""

import copy
import os
import shutil
import signal
import sys
import warnings

import pytest
import xarray as xr

from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.results import concat_results
from statefolio.loadings.stores.store import LoadingsStore

FIRST = 245
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork"),
    pytest.mark.filterwarnings("ignore:.*has ended without removing its lock"),
]
EVENTS = ("open", "os.rename", "os.remove", "os.truncate")


def killed_at(place, work, number):
    """Do the work in a fork that is killed at one of its uses of the file system; return whether it was."""
    process = os.fork()
    if process:
        return os.WIFSIGNALED(os.waitpid(process, 0)[1])
    seen = 0

    def kill(name, arguments):
        nonlocal seen
        if name in EVENTS and any(str(each).startswith(str(place)) for each in arguments):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(kill)
        work()
        os._exit(0)
    finally:
        os._exit(1)


@pytest.fixture(scope="module")
def nights(case):
    """Successive models of two nights, and the loadings of all dates."""
    model, parts, models = copy.deepcopy(case.model), [case.model.loadings_], [case.model]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for first, last in ((FIRST, FIRST + 8), (FIRST + 8, FIRST + 10)):
            model = copy.deepcopy(model).partial_fit(case.returns[first:last], case.factors[first:last])
            models.append(model)
            parts.append(model.loadings_)
    return models, concat_results(parts)


def test_nights_and_compactions(case, store, nights, tmp_path):
    models, whole = nights
    ends = [FIRST, FIRST + 8, FIRST + 10]
    place = tmp_path / "killed.zarr"

    def night():
        now = LoadingsStore.open(place)
        for number in range(ends.index(len(now.dates)) + 1, 3):
            first, last = ends[number - 1], ends[number]
            now.append(models[number], case.returns[first:last], case.factors[first:last], checkpoint=number == 1)
        now.compact()

    seen = []
    for number in range(4, 92, 16):
        shutil.copytree(store.path, place)
        assert killed_at(place, night, number)
        found = LoadingsStore.open(place)
        seen.append(len(found.dates))
        xr.testing.assert_equal(found.loadings().load(), whole.isel(date=slice(seen[-1])).sel(asset=found.assets))
        assert found.model().next_.equals(models[ends.index(seen[-1])].next_)
        killed_at(place, night, 0)
        xr.testing.assert_identical(LoadingsStore.open(place).loadings().load(), whole)
        names = [path.name for path in place.rglob("*")]
        assert not [name for name in names if name.endswith((".part", ".rows", ".old", "lock"))]
        shutil.rmtree(place)
    assert set(seen) == set(ends)


def test_blocks(case, tmp_path):
    model = KalmanLoadings(**case.model.get_params())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(case.returns[:40].iloc[:, :5], case.factors[:40])
    identity = {"model": "KalmanLoadings", "options": model.get_params(), "data": "d", "tune_until": model.tuned_until_}
    given = {"dates": model.dates_, "assets": model.assets_, "factors": model.factors_, "block_assets": 64}

    def work():
        made = LoadingsStore.create(tmp_path / "s", identity=identity, **given)
        with made.writing():
            made.write_block(0, model)
            made.finish()

    numbers = iter([*range(2, 100, 9), 0])
    while killed_at(tmp_path, work, next(numbers)):
        if (tmp_path / "s").exists():
            found = LoadingsStore.open(tmp_path / "s")
            assert found.done <= {0}
            assert not found.finished or found.loadings().load().identical(model.loadings_)
    work()
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    assert not [path.name for path in tmp_path.rglob("*.part")]
    xr.testing.assert_identical(LoadingsStore.open(tmp_path / "s").loadings().load(), model.loadings_.load())
