import sys
import warnings

import numpy as np
import pytest

import statefolio as sf
from statefolio.loadings import fit_blocks
from statefolio.loadings.blocks import cluster


@pytest.fixture(scope="module")
def executor():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp") as workers,
        cluster.connect(workers.scheduler_address) as client,
    ):
        yield client.get_executor()


def test_two_processes_of_a_cluster_have_the_bits_of_one_call(executor, data, tmp_path):
    returns, factors = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = sf.KalmanLoadings().fit(returns, factors)
        store = fit_blocks(
            sf.KalmanLoadings(), returns, factors, store=tmp_path / "x.zarr", block_assets=64, executor=executor
        )
    for name in whole.loadings_:
        np.testing.assert_array_equal(store.loadings()[name], whole.loadings_[name])
    np.testing.assert_array_equal(store.model().next_["covariance"], whole.next_["covariance"])


def test_a_scheduler_that_does_not_answer(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "SECONDS", 0.3)
    with pytest.raises(sf.WorkerError, match=r"answer within 0.3 seconds, got no answer from tcp://127.0.0.1:9"):
        cluster.connect("tcp://127.0.0.1:9")
    with pytest.raises(sf.InputError, match=r"scheduler must be an address such as tcp://10.0.0.1:8786, got 'here'"):
        cluster.connect("here")


def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(sf.InputError, match=r"Dask is not installed.*pip install 'statefolio\[scale\]'"):
        cluster.connect("tcp://127.0.0.1:8786")
