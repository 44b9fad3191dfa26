"""The record of trials is read as it was written, or refused."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from statefolio.commands.studies.records.trials_file import COLUMNS, read_trials, write_trials
from statefolio.exceptions import FileFormatError


@pytest.fixture
def record():
    dates = pd.bdate_range("2020-01-01", periods=50)
    rng = np.random.default_rng(1)
    parts = [
        pd.DataFrame(
            {
                "study": "s",
                "content": c,
                "name": "n",
                "parameters": '{"a": 1}',
                "date": dates,
                "returns": rng.normal(size=50),
            }
        )
        for c in ("x", "y")
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def path(tmp_path, record):
    write_trials(tmp_path / "trials.parquet", record)
    return tmp_path / "trials.parquet"


def test_what_was_written_is_read(path, record):
    pd.testing.assert_frame_equal(read_trials(path), record, check_dtype=False)
    write_trials(path, read_trials(path))
    pd.testing.assert_frame_equal(read_trials(path), record, check_dtype=False)


def test_a_record_of_an_earlier_release_is_read(path, record):
    record.to_parquet(path, index=False)
    pd.testing.assert_frame_equal(read_trials(path), record, check_dtype=False)


def test_before_the_first_trial(tmp_path):
    empty = read_trials(tmp_path / "none")
    assert list(empty.columns) == list(COLUMNS)
    write_trials(tmp_path / "none", empty)
    assert read_trials(tmp_path / "none").empty


def test_damaged_bytes_never_give_other_numbers(path, record):
    whole, rng = path.read_bytes(), np.random.default_rng(2)
    refused = 0
    for place in [*rng.integers(len(whole), size=300), *range(len(whole) - 300, len(whole))]:
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        try:
            found = read_trials(path)
        except FileFormatError:
            refused += 1
        else:
            pd.testing.assert_frame_equal(found, record, check_dtype=False)
    assert refused > 150


@pytest.mark.parametrize(
    "metadata", [b"", b"{", b"[" * 100_000, b'{"index_columns": 3}', b'{"columns": [{"name": 1}]}']
)
def test_damaged_notes_of_pandas_do_not_matter(path, record, metadata):
    table = pa.Table.from_pandas(record, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({b"pandas": metadata}), path)
    pd.testing.assert_frame_equal(read_trials(path), record, check_dtype=False)


def test_tables_that_are_no_record(path, record):
    for table, message in (
        (record.assign(returns="much"), "columns of other types"),
        (record.assign(date="2020"), "columns of other types"),
        (record.assign(study=1), "columns of other types"),
        (record.drop(columns="name"), "must be a record of trials, got the columns"),
        (record.assign(returns=np.inf), "has missing values"),
        (record.assign(name=None).astype({"name": "string"}), "has missing values"),
        (record.assign(parameters="[" * 100_000), "parameters are no table"),
        (record.assign(parameters="3"), "parameters are no table"),
        (record.assign(parameters="{"), "damaged"),
    ):
        table.to_parquet(path, index=False)
        with pytest.raises(FileFormatError, match=message):
            read_trials(path)


def test_too_many_rows_are_refused_before_they_are_read(path, monkeypatch):
    content = io.BytesIO()
    rows = 3_000_000
    table = pa.table(
        {
            name: pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), ["{}"]).cast("string")
            for name in COLUMNS[:4]
        }
        | {"date": pa.array(np.zeros(rows, "datetime64[us]")), "returns": np.zeros(rows)}
    )
    pq.write_table(table, content, compression="zstd")
    path.write_bytes(content.getvalue())
    with pytest.raises(FileFormatError, match="3,000,000 rows"):
        read_trials(path)


def test_a_newer_record_is_named(path, record):
    table = pa.Table.from_pandas(record, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({b"statefolio.version": b"9"}), path)
    with pytest.raises(FileFormatError, match="version 1 or lower, got 9"):
        read_trials(path)


def test_other_files(path):
    for content in (b"", b"PAR1", b"PAR1" * 10, path.read_bytes()[:-9], b"date,A\n"):
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match="not a record of trials"):
            read_trials(path)
