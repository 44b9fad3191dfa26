"""The answer on a basket: the verdict first, then what to hold today and how far the next trade is."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from statefolio.commands.pairs.hedge_options import next_tuning
from statefolio.commands.pairs.options import BasketFile, PairsOptions
from statefolio.commands.shared_options import Output
from statefolio.report.pairs.basket_answer import NO_PREDICTION, answer, headline, today_facts, today_table

TABLES = Path(__file__).parents[3] / "benchmarks" / "README.md"


def test_the_answer_begins_with_the_verdict(results):
    assert headline(results) == "Reverts in sample: the held value's calibrated p = .025."
    for outcome, says in (
        ("no evidence", "No evidence of reversion: "),
        ("fooled itself", "No evidence of reversion, and"),
    ):
        assert headline(replace(results, verdict=replace(results.verdict, outcome=outcome))).startswith(says)
    text = answer(results)
    assert text.startswith(headline(results))
    assert NO_PREDICTION in text
    bare = answer(replace(results, verdict=None))
    assert bare.startswith("No verdict (--draws 0)")
    assert NO_PREDICTION not in bare


def test_the_facts_of_today_are_those_of_the_targets(results):
    facts = today_facts(replace(results, next_tuning="first date from 2019-03-04 on"))
    last = results.targets.loc[results.today.date]
    assert list(facts) == [
        "Position", "Z-score", "Hedge ratio of TWO", "Hedge ratio of SIX", "Next level", "Next tuning"
    ]  # fmt: skip
    assert facts["Z-score"] == f"{results.today.z_score:+.2f}".replace("-", "\u2212")
    assert facts["Hedge ratio of TWO"].startswith(f"{last['ratio_TWO']:.4g} (")
    assert facts["Next tuning"] == "first date from 2019-03-04 on"
    table = today_table(results).set_index("asset")
    assert table["shares of one long unit"]["TWO"] == last["one_unit_TWO"]


@pytest.mark.parametrize(
    ("units", "z", "level"),
    [(0.0, -0.6, "long entry"), (0.0, 0.6, "short entry"), (1.0, -1.4, "long exit"), (-1.0, 0.2, "short exit")],
)
def test_the_next_level_is_the_nearest_one_that_changes_the_position(results, units, z, level):
    distances = results.today.distances.assign(deviations=results.today.distances["z_score"] - z)
    today = replace(results.today, units=units, z_score=z, distances=distances)
    assert today_facts(replace(results, today=today))["Next level"].startswith(level)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "first date from 2024-03-11 on"),
        ({"retune": "monthly"}, "first date from 2024-04-01 on"),
        ({"retune": 21}, "after 21 more dates"),
        ({"retune": None}, "none: --retune never"),
        ({"tuning": "fixed"}, "none: the parameters are given"),
        ({"tuning": "rolling"}, "none: the window moves every date"),
    ],
)
def test_the_next_tuning_is_the_schedule_s(options, says, tmp_path):
    files = BasketFile(prices=tmp_path / "prices.csv", assets=("A", "B"))
    made = PairsOptions(files=files, output=Output(out=tmp_path / "out"), **options)
    for date in ("2024-03-04", "2024-03-07", "2024-03-10"):  # Monday to Sunday
        assert next_tuning(made, pd.Timestamp(date)) == says


@pytest.mark.skipif(not TABLES.exists(), reason="the benchmarks are not part of the archive")
def test_what_the_answer_says_of_prediction_is_the_table_of_the_benchmark():
    text = TABLES.read_text(encoding="utf-8")
    table = text.split("## What predicts that a pair reverts")[1].split("**The verdict does not predict.**")[0]
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    head, _, *universes = rows
    called, rest = (head.index("calibrated: called") + place for place in (1, 2))
    shares = [sorted(float(row[place].removesuffix(" %")) for row in universes) for place in (called, rest)]
    pairs = sum(int(row[1].replace(",", "")) for row in universes)
    assert f"of {pairs:,} real pairs in four universes, {shares[0][0]} to {shares[0][-1]} % of those" in NO_PREDICTION
    assert f"and {shares[1][0]} to {shares[1][-1]} % of the others." in NO_PREDICTION
    assert len(universes) == 4
