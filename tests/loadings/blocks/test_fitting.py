import filecmp
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import statefolio as sf
from statefolio.loadings import fit_blocks
from statefolio.loadings.blocks import fitting, worker

BLOCK = 64
KALMAN = {
    "pooled": {},
    "mle": {"tuning": "mle", "dynamics": "mean_reverting"},
    "shrunk": {"tuning": "shrunk", "noise": "discount"},
    "discount": {"tuning": "discount", "common_volatility": False},
    "fixed": {"tuning": "fixed", "state_variance": 1e-3, "tails": "gaussian"},
    "levels": {"noise": "constant", "tails": "gaussian"},
    "given start": {"tuning": "fixed", "state_variance": 1e-3, "start": (np.zeros(3), 1.0)},
}


def with_warnings(call):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = call()
    return result, sorted(str(each.message) for each in found)


def agree(store, whole):
    for found, expected in (
        (store.loadings().load(), whole.loadings_),
        (store.innovations().load(), whole.innovations_),
    ):
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])
    model = store.model()
    for name in whole.next_:
        np.testing.assert_array_equal(model.next_[name], whole.next_[name])
    pd.testing.assert_frame_equal(model.parameters_, whole.parameters_, check_exact=True)


def both(model, data, folder, **options):
    returns, factors = data
    until = returns.index[69]
    whole, said = with_warnings(lambda: clone(model).fit(returns, factors, tune_until=until))
    given = options.pop("returns", returns)
    store, said_of_blocks = with_warnings(
        lambda: fit_blocks(
            model, given, factors, store=folder / "x.zarr", block_assets=BLOCK, tune_until=until, **options
        )
    )
    agree(store, whole)
    assert said_of_blocks == said
    assert [each.name for each in folder.iterdir()] == ["x.zarr"]
    return store, whole


@pytest.mark.parametrize("options", KALMAN.values(), ids=KALMAN)
def test_blocks_have_the_bits_of_one_call(options, data, tmp_path):
    store, whole = both(sf.KalmanLoadings(**options), data, tmp_path)
    found = sf.loadings.log_likelihood_of(store)
    pd.testing.assert_series_equal(found, whole.log_likelihood_, check_exact=True)


@pytest.mark.parametrize("options", [{}, {"tuning": "mle"}], ids=["pooled", "mle"])
def test_collinear_factors(options, collinear, tmp_path):
    both(sf.KalmanLoadings(**options), collinear, tmp_path)


@pytest.mark.parametrize("model", [sf.RollingLoadings(window=30), sf.ExponentialLoadings(), sf.StaticLoadings()])
def test_least_squares(model, data, tmp_path):
    both(model, data, tmp_path)


@pytest.mark.parametrize("model", [sf.RollingLoadings(40), sf.KalmanLoadings(tuning="discount")])
def test_progress_of_models_with_and_without_such_an_option(model, data, tmp_path):
    seen = []
    with_warnings(lambda: fit_blocks(model, *data, store=tmp_path / "x", progress=lambda *at: seen.append(at)))
    assert {stage for stage, _, _ in seen} >= {"read", "blocks"}
    assert [at for at in seen if at[0] == "blocks"][-1] == ("blocks", 1, 1)


def test_an_executor_of_threads_and_what_follows_a_fit(data, tmp_path):
    returns, factors = data
    early = returns.iloc[:70], factors.iloc[:70]
    with ThreadPoolExecutor(2) as pool:
        store, whole = both(sf.KalmanLoadings(), early, tmp_path, executor=pool)
    late = returns.iloc[70:], factors.iloc[70:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, expected = store.model().partial_fit(*late), whole.partial_fit(*late)
        risks = [sf.risk.FactorRisk(model, prefit=True).fit(*late) for model in (found, expected)]
    for name in expected.loadings_:
        np.testing.assert_array_equal(found.loadings_[name], expected.loadings_[name])
    pd.testing.assert_frame_equal(risks[0].covariance_frame(), risks[1].covariance_frame(), check_exact=True)


def test_a_block_is_fitted_from_what_the_panel_learned(data):
    returns, factors = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = sf.KalmanLoadings().fit(returns, factors)
        learned = sf.loadings.learn_panel(sf.KalmanLoadings(), returns, factors, block_assets=BLOCK)
        some = ["A60", "A03", "A66"]
        part = learned.fit(returns[some], factors)
    for name in whole.loadings_:
        np.testing.assert_array_equal(part.loadings_[name], whole.loadings_[name].sel(asset=some))
    assert learned.common_level.iloc[0] == 1.0
    assert learned.common_level.nunique() > 80
    with pytest.raises(sf.InputError, match="returns must have assets of the panel that was learned from, got 'new'"):
        learned.fit(returns[["A01"]].rename(columns={"A01": "new"}), factors)
    with pytest.raises(sf.InputError, match="must have the 90 dates"):
        learned.fit(returns[["A01"]].iloc[1:], factors)


def fit(data, folder, **options):
    returns, factors = data
    model = sf.KalmanLoadings(tuning="discount", discount_factor=0.99)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit_blocks(model, returns, factors, store=folder / "x.zarr", block_assets=BLOCK, **options)


def failing(error):
    """A `fit_block` that fails at the second block."""

    def fit_block(scratch, number, message):
        if number == 1:
            raise error
        worker.fit_block(scratch, number, message)

    return fit_block


def files_of(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(28, "No space left on device")])
def test_an_interrupted_fit_is_resumed_to_the_same_bytes(error, data, tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    whole = fit(data, tmp_path / "a")
    with monkeypatch.context() as changed:
        changed.setattr(fitting, "fit_block", failing(error))
        expected = {
            KeyboardInterrupt: pytest.raises(KeyboardInterrupt),
            MemoryError: pytest.raises(sf.WorkerError, match=r"too little memory during block 1 \('A64' to 'A69'\)"),
            OSError: pytest.raises(sf.OutputError, match=r"disk with room, got .*No space left.*resume=True"),
        }
        with expected[type(error)]:
            fit(data, tmp_path / "b")
        changed.setattr(fitting, "learn_shared", None)  # what was learned is kept
        store = sf.loadings.LoadingsStore.open(tmp_path / "b" / "x.zarr")
        assert store.done == {0}
        changed.undo()
    with pytest.raises(sf.OutputError, match=r"store must be a new folder where resume is False.*resume=True"):
        fit(data, tmp_path / "b")
    monkeypatch.setattr(fitting, "learn_shared", None)
    fit(data, tmp_path / "b", resume=True)
    once, again = files_of(whole.path), files_of(tmp_path / "b" / "x.zarr")
    assert once.keys() == again.keys()
    assert not [name for name in once if not filecmp.cmp(once[name], again[name], shallow=False)]


def test_another_fit_is_refused_by_name(data, tmp_path):
    returns, factors = data
    fit(data, tmp_path)
    changed = returns.copy()
    changed.iloc[5, 5] += 1e-9
    with pytest.raises(sf.OutputError, match="with other data"):
        fit((changed, factors), tmp_path, resume=True)
    with pytest.raises(sf.OutputError, match="with another tune_until"):
        fit(data, tmp_path, resume=True, tune_until=returns.index[50])


class Dying:
    """An executor whose pool breaks while it computes the first block."""

    def submit(self, function, folder, *arguments):
        (Path(folder) / "under-way-00001").touch()
        future = Future()
        future.set_exception(BrokenProcessPool("a child process terminated abruptly"))
        return future


def test_a_worker_that_dies_is_named_by_its_block(data, tmp_path):
    with pytest.raises(sf.WorkerError, match=r"died during block 1 \('A64' to 'A69'\).*resume=True"):
        fit(data, tmp_path, executor=Dying())


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"executor": 3}, TypeError, "executor must be None or have the method submit"),
        ({"block_assets": 100}, ValueError, "block_assets must be a multiple of 64, got 100"),
        ({"model": 3}, TypeError, "model must be a model of loadings, got 3"),
    ],
)
def test_bad_arguments(options, error, words, data, tmp_path):
    given = {"model": sf.StaticLoadings(), **options}
    with pytest.raises(error, match=words):
        fit_blocks(given.pop("model"), *data, store=tmp_path / "x", **given)


def test_too_small_a_disk_is_said_before_it_begins(data, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(sf.OutputError, match="store must fit on its disk"):
        fit(data, tmp_path)
    assert not (tmp_path / "x.zarr").exists()
