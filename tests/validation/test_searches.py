"""Searches: every configuration is scored out of sample and counted, on any executor, and a killed one continues."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.model_selection import ParameterSampler

import statefolio as sf
from statefolio.validation import search_runs

GRID = {"half_life": [10.0, 60.0, 250.0], "intercept": [True, False]}


@pytest.fixture(scope="module")
def panel():
    demo = sf.load_demo()
    returns = demo.returns.iloc[:300, :3].copy()
    returns.iloc[200:210, 0] = np.nan
    return returns, demo.factors[["market"]].iloc[:300]


def run(panel, space=GRID, **options):
    returns, factors = panel
    starts = [returns.index[150], returns.index[220]]
    return sf.validation.search(sf.ExponentialLoadings(), space, returns, factors, starts, **options)


def test_each_window_is_tuned_before_it(panel):
    returns, factors = panel
    found = run(panel)
    assert found.trials == 6
    expected = []
    for first, last in ((150, 220), (220, 300)):
        model = sf.ExponentialLoadings(half_life=10.0)
        model.fit(returns.iloc[:last], factors, tune_until=returns.index[first - 1])
        part = model.innovations_.isel(date=slice(first, None))
        v, S = part["innovation"], part["innovation_variance"]
        expected.append((-0.5 * (np.log(2 * np.pi * S) + v**2 / S)).mean("asset").to_numpy())
    np.testing.assert_allclose(found.scores[0], np.concatenate(expected), rtol=1e-12)
    table = found.table
    assert table["log_score"].is_monotonic_decreasing
    assert found.best_params == {name: table.iloc[0][name] for name in GRID}
    worst = table.index[-1]
    test = sf.validation.diebold_mariano((found.scores[table.index[0]] - found.scores[worst]).to_numpy())
    assert table.loc[worst, "behind_best"] == pytest.approx(test.difference)
    assert table.loc[worst, "standard_error"] == test.standard_error
    assert found.confidence_set()["included"].loc[table.index[0]]


def test_an_executor_gives_the_same(panel):
    alone = run(panel)
    with ThreadPoolExecutor(2) as pool:
        shared = run(panel, executor=pool)
    assert shared.table.equals(alone.table)
    assert shared.scores.equals(alone.scores)


def test_a_search_that_was_killed_continues_from_its_record(panel, tmp_path, monkeypatch):
    whole, record = run(panel), tmp_path / "search.record"
    score, ran = search_runs.score_configuration, []

    def stops(*args):
        if len(ran) == 3:
            raise KeyboardInterrupt
        ran.append(args[1])
        return score(*args)

    monkeypatch.setattr(search_runs, "score_configuration", stops)
    with pytest.raises(KeyboardInterrupt):
        run(panel, record=record)
    with record.open("ab") as file:
        file.write(b"0123456789abcdef {half a line")  # as a killed process leaves it
    monkeypatch.setattr(search_runs, "score_configuration", lambda *args: ran.append(args[1]) or score(*args))
    again = run(panel, record=record)
    assert len(ran) == 6
    assert again.table.equals(whole.table)
    other = run(panel, {"half_life": [33.0]}, record=record)  # another call counts the earlier trials
    assert other.trials == 7
    assert len(ran) == 7


def test_a_record_of_other_data_or_damaged_in_the_middle_is_refused(panel, tmp_path):
    returns, factors = panel
    run(panel, record=tmp_path / "a")
    with pytest.raises(sf.FileFormatError, match="its returns is"):
        run((returns * 2.0, factors), record=tmp_path / "a")
    lines = (tmp_path / "a").read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b"reason", b"Reason")
    (tmp_path / "a").write_bytes(b"\n".join(lines))
    with pytest.raises(sf.FileFormatError, match="damaged or changed"):
        run(panel, record=tmp_path / "a")
    (tmp_path / "b").write_text("something")
    with pytest.raises(sf.FileFormatError, match="another file"):
        run(panel, record=tmp_path / "b")


def test_samplers_and_failures(panel):
    found = run(panel, lambda rng: {"half_life": float(rng.uniform(5, 100))}, trials=4, seed=1)
    assert found.trials == 4
    assert found.table["half_life"].nunique() == 4
    sampled = run(panel, ParameterSampler(GRID, 2, random_state=0))
    assert sampled.trials == 2
    failed = run(panel, {"half_life": [10.0, -1.0]})
    assert failed.trials == 2
    assert "half_life must be" in failed.table["reason"].iloc[-1]
    assert np.isnan(failed.table["log_score"].iloc[-1])


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"half": [1.0]}, "parameters of ExponentialLoadings, got 'half'"),
        ([], "at least one configuration"),
        ("half_life", "a grid, configurations or a sampler"),
        ([3], "mappings of parameters, got 3"),
        (lambda _: {}, "trials must be given"),
        ({"half_life": [-1.0]}, "that can be scored"),
    ],
)
def test_what_cannot_be_searched_is_refused(panel, space, message):
    with pytest.raises((sf.InputError, sf.DataTypeError), match=message):
        run(panel, space)
