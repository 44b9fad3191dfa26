"""Tests of forward files: in before their first date, and bounded."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from statefolio.challenge.rules.forward_files import InvalidForwardFile, read_forward
from statefolio.challenge.rules.settings import GatesTable
from statefolio.challenge.rules.strict_json import BodyTooLarge

LAST = pd.Timestamp("2029-12-28")
NOW = dt.datetime(2029, 12, 30, 12, tzinfo=dt.UTC)
GATES = GatesTable(weight=0.6, holdings=2)
DATES = pd.DatetimeIndex(["2029-12-31", "2030-01-01", "2030-01-02"], name="date")
WEIGHTS = pd.DataFrame(0.5, index=DATES, columns=["AAPL", "KO"])
FORECASTS = pd.DataFrame(
    {f"{asset} {what}": 0.01 for asset in ("AAPL", "KO", "XOM") for what in ("mean", "volatility")}, index=DATES
)


def parquet(table) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content) if isinstance(table, pd.DataFrame) else pq.write_table(table, content)
    return content.getvalue()


def csv(table) -> bytes:
    return table.to_csv().encode()


@pytest.mark.parametrize("write", [csv, parquet])
def test_weights_and_forecasts_are_told_apart_by_their_columns(write, universe):
    weights = read_forward(write(WEIGHTS), universe, GATES, LAST, NOW)
    assert weights.kind == "weights"
    assert weights.table.columns.tolist() == ["AAPL", "KO", "XOM"]
    assert weights.table.loc[DATES[0]].tolist() == [0.5, 0.5, 0.0]
    forecasts = read_forward(write(FORECASTS.iloc[:, ::-1]), universe, GATES, LAST, NOW)
    assert forecasts.kind == "forecasts"
    assert forecasts.table["KO"].columns.tolist() == ["mean", "volatility"]


def test_both_formats_hold_the_same_numbers(universe):
    drawn = WEIGHTS + 0.01 * np.random.default_rng(0).normal(size=WEIGHTS.shape)
    first, second = (read_forward(write(drawn), universe, GATES, LAST, NOW) for write in (csv, parquet))
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=True, check_index_type=False)
    assert first.hash != second.hash


def test_the_file_must_arrive_before_its_first_date_to_the_second(universe):
    midnight = dt.datetime(2029, 12, 31, tzinfo=dt.UTC)
    read_forward(csv(WEIGHTS), universe, GATES, LAST, midnight - dt.timedelta(seconds=1))
    with pytest.raises(InvalidForwardFile, match="got it at 2029-12-31 00:00:00 UTC"):
        read_forward(csv(WEIGHTS), universe, GATES, LAST, midnight)


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (b"", "first column must be date"),
        (b"day,AAPL\n2029-12-31,1\n", "first column must be date"),
        (b"date,AAPL\n", "1 to 260 dates"),
        (b"date\n2029-12-31\n", "1 to 260 dates"),
        (b"date,AAPL,AAPL\n2029-12-31,0.5,0.5\n", "each column once"),
        (b"date,AAPL,TSLA\n2029-12-31,0.5,0.5\n", 'unknown column "TSLA"'),
        (b"date,AAPL mean\n2029-12-31,0.5\n", "some assets' columns alone"),
        (b"date,AAPL,KO\n2029-12-31,0.5\n", "row 1 must have 3 values"),
        (b"date,AAPL,KO\n2029-12-31,0.5,half\n", "row 1 must have numbers"),
        (b"date,AAPL,KO\n2029-12-31,0.5,\n", "row 1 must have numbers"),
        (b"date,AAPL,KO\n2029-12-31,0.5,nan\n", "missing or infinite"),
        (b"date,AAPL,KO\n2029-12-31,0.5,1e999\n", "missing or infinite"),
        (b"date,AAPL,KO\n2029-12-31,0.3,0.7\n", "at most 0.6"),
        (b"date,AAPL,KO\n2029-12-31,0.5,0\n", "2 assets or more"),
        (b"date,AAPL,KO\n31.12.2029,0.5,0.5\n", "dates must be such as"),
        (b"date,AAPL,KO\n2029-13-31,0.5,0.5\n", "dates must exist"),
        (b"date,AAPL,KO\n9999-12-31,0.5,0.5\n", "within 400 days"),
        (b"date,AAPL,KO\n2029-12-28,0.5,0.5\n", "dates must be after 2029-12-28"),
        (b"date,AAPL,KO\n2030-01-02,0.5,0.5\n2030-01-01,0.5,0.5\n", "dates must increase"),
        (b"date,AAPL,KO\n2030-01-02,0.5,0.5\n2030-01-02,0.5,0.5\n", "dates must increase"),
        (b"date,AAPL,KO\n2030-01-02,0.5,0.5\n2032-01-02,0.5,0.5\n", "within 400 days"),
        (b"\xff\xfe", "UTF-8"),
        (b"PAR1", "must be Parquet"),
        (b"PAR1" + b"\x00" * 100 + b"PAR1", "must be Parquet"),
        (csv(FORECASTS.replace(0.01, 2.0)), "between -1 and 1"),
        (csv(FORECASTS.assign(**{"KO volatility": 0.0})), "volatilities must be"),
    ],
)
def test_every_fault_says_what_to_change(raw, part, universe):
    with pytest.raises(InvalidForwardFile, match=part):
        read_forward(raw, universe, GATES, LAST, NOW)


def test_size_is_checked_first(universe):
    with pytest.raises(BodyTooLarge):
        read_forward(b"x" * 1_048_577, universe, GATES, LAST, NOW)


def test_parquet_that_would_expand_is_refused_by_its_footer(universe, monkeypatch):
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_, **__: pytest.fail("the content was read"))
    many = pa.table({"date": pa.array([dt.date(2030, 1, 1)] * 200_000), "AAPL": pa.array(np.zeros(200_000))})
    assert len(parquet(many)) < 20_000
    with pytest.raises(InvalidForwardFile, match="1 to 260 dates"):
        read_forward(parquet(many), universe, GATES, LAST, NOW)
    text = pa.table({"date": [dt.date(2030, 1, 1)] * 200, "AAPL": ["x" * 100_000] * 200})
    assert len(parquet(text)) < 20_000
    with pytest.raises(InvalidForwardFile, match="columns of numbers"):
        read_forward(parquet(text), universe, GATES, LAST, NOW)
