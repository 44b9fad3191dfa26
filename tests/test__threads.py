"""The number of threads: asked for, of the environment, of a worker, and of the cores that may be used."""

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

import statefolio as sf
from statefolio import _threads
from statefolio.kalman import blocks

_PROGRAM = "import statefolio as sf; print(sf.get_num_threads())"


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.delenv(_threads.VARIABLE, raising=False)
    yield
    sf.set_num_threads(None)


def of_blas():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_a_count_that_is_set_holds_until_it_is_taken_back(monkeypatch):
    default, blas = sf.get_num_threads(), of_blas()
    sf.set_num_threads(3)
    assert sf.get_num_threads() == 3
    assert of_blas() == {3}
    monkeypatch.setenv(_threads.VARIABLE, "5")
    assert sf.get_num_threads() == 3
    sf.set_num_threads(7)
    sf.set_num_threads(None)
    assert sf.get_num_threads() == 5
    monkeypatch.delenv(_threads.VARIABLE)
    assert sf.get_num_threads() == default
    assert of_blas() == blas


@pytest.mark.parametrize("count", [0, -1, 2.0, True, "2"])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(sf.InputError, match="count must be a whole number of at least 1 or None, got"):
        sf.set_num_threads(count)


@pytest.mark.parametrize("given", ["0", "two", "1.5", "-2"])
def test_a_variable_that_is_no_count_is_refused(monkeypatch, given):
    monkeypatch.setenv(_threads.VARIABLE, given)
    with pytest.raises(sf.InputError, match=f"STATEFOLIO_NUM_THREADS must be .*, got '{given}'"):
        sf.get_num_threads()


def test_a_worker_process_has_one_thread_unless_more_are_asked_for(monkeypatch):
    monkeypatch.setattr(_threads, "usable_cores", lambda: 8)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(sf.get_num_threads).result() == 1
        pool.submit(sf.set_num_threads, 2).result()
        assert pool.submit(sf.get_num_threads).result() == 2
    assert sf.get_num_threads() == 8


def test_a_task_of_a_dask_worker_in_this_process_has_one_thread(monkeypatch):
    monkeypatch.setattr(_threads, "usable_cores", lambda: 8)
    distributed = type(sys)("distributed")
    distributed.get_worker = lambda: "worker"
    monkeypatch.setitem(sys.modules, "distributed", distributed)
    assert sf.get_num_threads() == 1

    def no_worker():
        raise ValueError("No worker found")

    distributed.get_worker = no_worker
    assert sf.get_num_threads() == 8


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity")
def test_affinity_is_followed():
    core = min(os.sched_getaffinity(0))
    command = ["taskset", "-c", str(core), sys.executable, "-c", _PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "250000 100000\n"}, 3),
        ("0::/a\n", {"cpu.max": "100000 100000\n"}, 1),  # a container sees its own group as the root
        ("0::/\n", {"cpu.max": "20000 100000\n"}, 1),
        ("0::/a\n", {"a/cpu.max": "max 100000\n"}, sys.maxsize),
        ("0::/a\n", {"a/cpu.max": "nonsense\n"}, sys.maxsize),
        (
            "4:cpu,cpuacct:/x\n",
            {"cpu,cpuacct/x/cpu.cfs_quota_us": "150000", "cpu,cpuacct/x/cpu.cfs_period_us": "50000"},
            3,
        ),
        ("4:cpu:/x\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, sys.maxsize),
        ("7:memory:/x\n", {"memory/cpu.cfs_quota_us": "1", "memory/cpu.cfs_period_us": "1"}, sys.maxsize),
    ],
)
def test_quotas_of_control_groups_are_followed(tmp_path, groups, files, cores):
    for name, text in files.items():
        (tmp_path / "fs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fs" / name).write_text(text)
    (tmp_path / "fs").mkdir(exist_ok=True)
    (tmp_path / "groups").write_text(groups)
    assert _threads._quota(tmp_path / "fs", tmp_path / "groups") == cores


def test_a_system_without_control_groups_has_no_quota(tmp_path):
    assert _threads._quota(tmp_path, tmp_path / "none") == sys.maxsize


def test_threads_of_one_thread_are_its_own():
    sf.set_num_threads(3)
    with _threads.threads_of_this_thread(1):
        assert sf.get_num_threads() == 1
        with _threads.threads_of_this_thread(2):
            assert sf.get_num_threads() == 2
        assert sf.get_num_threads() == 1
    assert sf.get_num_threads() == 3


def test_loadings_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(blocks, "_SMALL", 0)
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[-120:], demo.factors[["market"]]
    rng = np.random.default_rng(0)
    values = factors.loc[returns.index].to_numpy() @ rng.normal(size=(factors.shape[1], 150))
    returns = pd.DataFrame(
        values + 0.01 * rng.standard_t(5, values.shape), returns.index, [f"a{i}" for i in range(150)]
    )
    returns.iloc[:80, 70] = np.nan
    models = []
    for count in (1, 3):
        sf.set_num_threads(count)
        models.append(sf.KalmanLoadings().fit(returns, factors))
    assert models[0].loadings_.equals(models[1].loadings_)
    assert models[0].next_.equals(models[1].next_)
    assert models[0].parameters_.equals(models[1].parameters_)
