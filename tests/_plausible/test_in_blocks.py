import numpy as np
import pandas as pd
import pytest

from statefolio._plausible.finding import Numbers
from statefolio._plausible.in_blocks import Blocks, find_in_blocks, glance_at
from statefolio._plausible.table import find_in_table

DATES = pd.bdate_range("2020-01-01", periods=80)


def by_blocks(values, width):
    names = pd.Index([f"A{i}" for i in range(values.shape[1])])
    slices = [slice(k, min(k + width, len(names))) for k in range(0, len(names), width)]
    parts = [Numbers(np.ascontiguousarray(values[:, here]), DATES[: len(values)], names[here]) for here in slices]
    asked = []

    def rows(wanted):
        asked.append(wanted)
        return values[wanted]

    def again(contexts):
        return {n: glance_at(parts[n], still=True, context=context) for n, context in contexts.items()}

    blocks = Blocks(slices, rows, lambda wanted: values[:, wanted], again)
    glances = [glance_at(part, still=True) for part in parts]
    found = find_in_blocks(glances, blocks, DATES[: len(values)], names)
    whole = find_in_table(Numbers(values, DATES[: len(values)], names), "returns")
    assert sorted(map(repr, found)) == sorted(map(repr, whole))
    return {each.kind for each in found}, asked


def table(assets=12):
    return 0.01 * np.random.default_rng(0).standard_normal((80, assets))


def test_nothing_is_found_and_nothing_is_read_again():
    assert by_blocks(table(), 4) == (set(), [])


@pytest.mark.parametrize("width", [1, 5, 12])
def test_a_split_is_told_from_a_fall_of_the_market_by_all_assets(width):
    values = table()
    values[30, 2] = -0.5
    assert by_blocks(values, width) == ({"split"}, [[30]])
    values[30, 4:] = -0.2  # now the market fell too
    assert by_blocks(values, width)[0] == set()


@pytest.mark.parametrize("width", [3, 7])
def test_twins_in_different_blocks(width):
    values = table()
    values[:, 9], values[:, 11] = 1.00001 * values[:, 1], values[:, 10]
    assert by_blocks(values, width)[0] == {"near_duplicate"}


@pytest.mark.parametrize("width", [2, 5])
def test_percent_is_judged_by_half_of_all_columns(width):
    values = table()
    values[:, :7] *= 100.0
    values[40, 8] = -1.5  # percent too, because most columns are
    assert "percent" in by_blocks(values, width)[0]
    values[:, 3:7] /= 100.0  # now a return below -100 %, and codes beside it
    values[41, 9], values[50, 8] = -0.5, -0.5
    assert {"percent", "nonpositive_price"} <= by_blocks(values, width)[0]


def test_few_dates_are_judged_together():
    values = 100.0 * table()[:6]
    assert by_blocks(values, 4)[0] == {"percent"}


def test_rates_stretches_and_codes():
    values = table()
    values[:, 3] = 0.05 + 1e-4 * np.abs(table()[:, 3])
    values[20:60, 7], values[10, 5], values[5, 1] = 0.0, -0.9999, 30.0
    assert {"yearly_rate", "mostly_unchanged", "vendor_code", "extreme_move"} <= by_blocks(values, 5)[0]
