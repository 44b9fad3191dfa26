"""Tests of a round's data: what is public, what its hash holds, and data replaced under a running round."""

import json

import numpy as np
import pandas as pd
import pytest
from small_round import VARIANCE

from statefolio.backtest.market import Market
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.public_files import write_public
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.exceptions import FileFormatError, InputError


def changed(market: Market, **tables) -> Market:
    given = {"returns": market.returns, "factors": market.factors, "cash_rate": market.cash_rate, **tables}
    return Market(given.pop("returns"), given.pop("factors"), **given)


def nudged(table: pd.DataFrame, row: int) -> pd.DataFrame:
    other = table.copy()
    other.iloc[row, 0] = np.nextafter(other.iloc[row, 0], 1.0)
    return other


def test_saved_data_are_the_same_bits(data, rules, submit, tmp_path):
    data.save(tmp_path / "data.npz")
    found = RoundData.load(tmp_path, data.hash)
    assert found.market.returns.to_numpy().tobytes() == data.market.returns.to_numpy().tobytes()
    assert found.market.dates.equals(data.market.dates)
    assert found.windows == data.windows
    assert found.universe == data.universe
    assert score(submit(VARIANCE), found, rules).value == score(submit(VARIANCE), data, rules).value
    assert (tmp_path / "data.npz").stat().st_mode & 0o777 == 0o600


def test_every_table_of_a_market_is_saved(data, rules, tmp_path):
    returns = data.market.returns
    drawn = np.random.default_rng(0).normal(0.0, 0.01, returns.shape)
    prices = (1.0 + returns.where(returns.notna(), drawn)).cumprod()
    prices.iloc[300:303, 1] = np.nan
    prices.iloc[-4:, 0] = np.nan
    market = Market.from_prices(
        prices,
        data.market.factors,
        cash_rate=data.market.cash_rate.reindex(prices.index[1:]),
        dollar_volumes=pd.DataFrame(1e6, index=prices.index[1:], columns=prices.columns),
        delistings={prices.columns[0]: prices.index[-5]},
        delisting_return=-0.3,
        delisted_after=30,
    )
    whole = RoundData.of(market, rules)
    whole.save(tmp_path / "data.npz")
    found = RoundData.load(tmp_path)
    assert found.hash == whole.hash
    first, second = found.market.tables, whole.market.tables
    for name in ("cash_rate", "last_dates", "delisting_return", "spans_gap"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert first.delisted_after == 30
    assert first.spans_gap is not None
    assert first.spans_gap.sum() == 1
    assert np.array_equal(first.dollar_volumes.values, second.dollar_volumes.values)


@pytest.mark.parametrize("row", [0, 500, -1])
@pytest.mark.parametrize("table", ["returns", "factors"])
def test_one_bit_of_data_replaced_under_a_running_round_is_refused(row, table, data, tmp_path):
    other = RoundData(changed(data.market, **{table: nudged(getattr(data.market, table), row)}), data.windows)
    other.save(tmp_path / "data.npz")
    with pytest.raises(InputError, match="the data were changed"):
        RoundData.load(tmp_path, data.hash)


def test_other_windows_have_another_hash(data, rules):
    other = RoundData.of(
        data.market, rules.model_copy(update={"windows": rules.windows.model_copy(update={"embargo": 20})})
    )
    assert other.hash != data.hash


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not data"])
def test_a_broken_file_is_named(content, tmp_path):
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"data\.npz must be the data of a challenge"):
        RoundData.load(tmp_path)


def test_a_file_with_code_in_it_is_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("code of the file was run",))

    np.savez(tmp_path / "data.npz", about=np.array([Bomb()], dtype=object), returns=np.zeros(1))
    with pytest.raises(FileFormatError):
        RoundData.load(tmp_path)


def test_assets_that_public_dates_do_not_know_take_no_part(data, rules):
    returns = data.market.returns.copy()
    returns["NEW"] = np.where(returns.index > data.windows.public_last, 0.01, np.nan)
    found = RoundData.of(changed(data.market, returns=returns), rules)
    assert found.left_out == ("NEW",)
    assert found.hash == data.hash


def test_public_files_hold_nothing_of_hidden_dates(data, rules, tmp_path):
    """The files are the same bytes if every hidden number is another one."""
    other = RoundData(data.market.perturbed_after(data.windows.public_last, seed=5), data.windows)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder, each in zip(folders, (data, other), strict=True):
        folder.mkdir()
        write_public(each, rules, folder)
    names = sorted(file.name for file in folders[0].iterdir())
    assert names == sorted(file.name for file in folders[1].iterdir())
    for name in names:
        first, second = ((folder / name).read_bytes() for folder in folders)
        assert first == second or name == "data.npz"
    first, second = (RoundData.load(folder) for folder in folders)
    assert first.hash == second.hash
    assert first.market.dates[-1] == data.windows.public_last
    described = json.loads((folders[0] / "rules.json").read_text())
    assert set(described) == {"rules", "universe", "windows", "data", "engine_version"}
    del described["rules"]["windows"]  # they begin where the organiser wrote that they do
    hidden = [date for date in data.market.dates if date > data.windows.public_last]
    assert not any(str(date.date()) in json.dumps(described) for date in hidden)


def test_public_csv_and_parquet_hold_the_same_numbers(data, rules, tmp_path):
    write_public(data, rules, tmp_path)
    for name in ("returns", "factors", "cash"):
        csv = pd.read_csv(tmp_path / f"{name}.csv", index_col=0, parse_dates=True)
        parquet = pd.read_parquet(tmp_path / f"{name}.parquet")
        pd.testing.assert_frame_equal(csv, parquet, check_exact=True, check_freq=False, check_index_type=False)


def test_later_dates_may_be_added_and_no_earlier_one_changed(data):
    more = pd.bdate_range(data.market.dates[-1] + pd.Timedelta(days=1), periods=5, name="date")
    market = data.market
    returns = pd.concat([market.returns, pd.DataFrame(0.01, index=more, columns=market.assets)])
    factors = pd.concat([market.factors, pd.DataFrame(0.01, index=more, columns=market.factors.columns)])
    longer = Market(returns, factors, cash_rate=0.00002)
    found = data.extended(longer)
    assert found.market.dates[-1] == more[-1]
    assert (found.hash, found.windows) == (data.hash, data.windows)
    with pytest.raises(InputError, match="must have a date after"):
        found.extended(longer)
    with pytest.raises(InputError, match="must be those that the round has"):
        data.extended(Market(nudged(returns, 10), factors, cash_rate=0.00002))
    with pytest.raises(InputError, match="must be those that the round has"):
        data.extended(Market(returns, factors, cash_rate=0.00003))


def test_a_market_without_factors_or_history_is_refused(market, rules):
    with pytest.raises(InputError, match="data must have factors"):
        RoundData.of(Market(market.returns), rules)
    returns = market.returns.copy()
    returns.iloc[: len(returns.loc[:"2018-11-01"]) - 1] = np.nan
    with pytest.raises(InputError, match="an asset with 126 returns"):
        RoundData.of(Market(returns, market.factors), rules)
