"""`pairs update` day by day equals `pairs` on all dates; wrong input and interrupts leave the state as it was."""

import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from statefolio.commands.command_line import app
from statefolio.commands.pairs import update_job
from statefolio.pairs.following.state_file import load_basket

DRAW = np.random.default_rng(2)
DATES = 160


def run(*words):
    return CliRunner().invoke(app, ["pairs", *(str(word) for word in words)])


def plain(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


@pytest.fixture(scope="module")
def panel():
    walk = 30.0 + np.cumsum(DRAW.normal(scale=0.3, size=DATES))
    spread = np.zeros(DATES)
    for t in range(1, DATES):
        spread[t] = 0.8 * spread[t - 1] + DRAW.normal(scale=0.4)
    dates = pd.bdate_range("2020-01-01", periods=DATES, name="date")
    return pd.DataFrame({"ONE": 5.0 + walk + spread, "TWO": walk}, dates).round(4)


def begin(panel, count, folder, out):
    file = folder / f"{count}.csv"
    panel.iloc[:count].to_csv(file)
    asked = [
        "--assets",
        "ONE,TWO",
        "--draws",
        "19",
        "--tuning",
        "rolling",
        "--start",
        "2020-05-01",
        "--capital",
        "50000",
    ]
    return run("--prices", file, "--out", out, *asked)


@pytest.fixture(scope="module")
def saved(panel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    assert begin(panel, 156, folder, folder / "early").exit_code == 0
    return (folder / "early" / "basket.state").read_bytes()


@pytest.fixture
def state(saved, tmp_path):
    (tmp_path / "early").mkdir()
    file = tmp_path / "early" / "basket.state"
    file.write_bytes(saved)
    return file


def test_days_one_by_one_equal_all_at_once(panel, state, tmp_path):
    for count in range(157, DATES + 1):
        panel.iloc[count - 3 : count].to_csv(tmp_path / "new.csv")
        done = run("update", state.parent, "--prices", tmp_path / "new.csv")
        assert done.exit_code == 0, done.output
    assert begin(panel, DATES, tmp_path, tmp_path / "late").exit_code == 0
    found, expected = load_basket(state), load_basket(tmp_path / "late" / "basket.state")
    pd.testing.assert_series_equal(found.z, expected.z, check_exact=True)
    pd.testing.assert_series_equal(found.shares, expected.shares, check_exact=True)
    assert found.basket.dates.equals(expected.basket.dates)
    weights = pd.read_csv(tmp_path / "late" / "weights.csv").query("hedge == 'rolling'")
    np.testing.assert_allclose(found.weights, weights[["ONE", "TWO"]].iloc[-1], rtol=1e-10, atol=1e-14)
    orders = pd.read_csv(state.with_name("orders.csv"), index_col="asset")
    np.testing.assert_array_equal(orders["target"], found.shares.round())
    shown = plain(done.stdout)
    assert "Next tuning: none: the window moves every date" in shown
    assert f"after the close of {panel.index[-1]:%Y-%m-%d}" in shown
    assert "rifting: the held value's calibrated p" in shown


def test_orders_turn_what_is_held_into_the_target(panel, state, tmp_path):
    panel.to_csv(tmp_path / "all.csv")
    (tmp_path / "held.csv").write_text("asset,shares\nTWO,100\nOIL,7\n")
    done = run(
        "update", state, "--prices", tmp_path / "all.csv", "--holdings", tmp_path / "held.csv", "--capital", 9000
    )
    assert done.exit_code == 0, done.output
    orders, now = pd.read_csv(state.with_name("orders.csv"), index_col="asset"), load_basket(state)
    assert orders["held"].to_dict() == {"ONE": 0.0, "TWO": 100.0}
    np.testing.assert_array_equal(orders["held"] + orders["order"], orders["target"])
    np.testing.assert_allclose(orders["currency"], orders["order"] * panel.iloc[-1])
    assert now.capital == 9000.0
    assert "Not of this basket, left alone: OIL." in plain(done.stdout)
    assert "New dates: 4;" in plain(done.stdout)


def test_new_prices_that_look_like_a_split_are_refused_unless_forced(panel, state, tmp_path):
    split, before = panel.copy(), state.read_bytes()
    split.iloc[158:, 0] /= 4.0
    split.to_csv(tmp_path / "split.csv")
    refused = run("update", state.parent, "--prices", tmp_path / "split.csv")
    assert refused.exit_code == 2
    assert f"got ONE on {panel.index[158]:%Y-%m-%d}, {split.iloc[158, 0]:g}, " in plain(refused.output)
    assert "or pass --force if the price is right" in plain(refused.output)
    assert state.read_bytes() == before
    assert not state.with_name("orders.csv").exists()
    split.iloc[:159].to_csv(tmp_path / "first.csv")
    done = run("update", state.parent, "--prices", tmp_path / "first.csv", "--force")
    assert done.exit_code == 0, done.output
    done = run("update", state.parent, "--prices", tmp_path / "split.csv")  # what was accepted is not asked again
    assert done.exit_code == 0, done.output
    assert load_basket(state).date == panel.index[-1]


def test_wrong_input_and_an_interrupt_leave_the_state_as_it_was(panel, state, tmp_path, monkeypatch):
    before = state.read_bytes()
    revised = panel.copy()
    revised.iloc[30, 0] += 0.5
    new = tmp_path / "new.csv"
    for table, message in (
        (panel.iloc[:156], "prices must have a new date with all prices after"),
        (panel.iloc[158:], "prices must overlap with those of the basket"),
        (revised, "the history was revised"),
        (panel[["ONE"]], "--prices must have all assets of the basket, ONE, TWO, got none for TWO"),
    ):
        table.to_csv(new)
        refused = run("update", state.parent, "--prices", new)
        assert refused.exit_code == 2, refused.output
        assert message in plain(refused.output)
        assert state.read_bytes() == before
    empty = run("update", tmp_path, "--prices", new)
    assert empty.exit_code == 2
    assert "Name the folder of its results" in plain(empty.output)

    def killed(*_):
        raise KeyboardInterrupt

    panel.to_csv(new)
    with monkeypatch.context() as patch:
        patch.setattr(update_job, "save_basket", killed)
        assert run("update", state.parent, "--prices", new).exit_code == 130
    assert state.read_bytes() == before
    orders = state.with_name("orders.csv").read_bytes()
    assert run("update", state.parent, "--prices", new).exit_code == 0
    assert state.with_name("orders.csv").read_bytes() == orders
    assert sorted(path.name for path in state.parent.iterdir()) == ["basket.state", "orders.csv"]
