import json

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest.validation import holdout as module
from statefolio.backtest.validation.holdout import Holdout
from statefolio.exceptions import DataTypeError, FileFormatError, InputError, OutputError


class Market:
    """As much of a market as a holdout knows of."""

    def __init__(self, returns, factors=None):
        self.returns, self.factors = returns, factors
        self.dates = returns.index

    def until(self, date):
        return Market(self.returns.loc[:date], self.factors.loc[:date])


@pytest.fixture
def demo():
    data = sf.load_demo()
    return Market(data.returns.iloc[:, :4], data.factors)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "holdout.json"


def mean_after(data, start):
    return {"mean": float(data.returns.loc[start:].to_numpy().mean()), "dates": len(data.returns.loc[start:])}


def test_development_sees_only_the_rest(demo, path):
    sealed = Holdout.seal(demo, share=0.2, record=path)
    assert len(sealed.development.dates) == len(demo.dates) - round(0.2 * len(demo.dates))
    assert sealed.development.dates[-1] < sealed.start <= demo.dates[-1]
    assert sealed.development.factors.index[-1] < sealed.start
    assert sealed.times_opened == 0
    assert "not opened yet" in sealed.describe()


def test_by_date_and_frames(demo, path):
    frames = {"returns": demo.returns, "factors": demo.factors}
    sealed = Holdout.seal(frames, start="2022-01-01", record=path)
    assert sealed.start == pd.Timestamp("2022-01-03")
    assert sealed.development["returns"].index[-1] == pd.Timestamp("2021-12-31")
    one = Holdout.seal(demo.returns, record=path.with_name("other.json"))
    assert len(one.development) == len(demo.dates) - round(0.2 * len(demo.dates))


def test_an_opening_scores_once_and_is_written_down(demo, path):
    sealed = Holdout.seal(demo, record=path)
    calls = []

    def score(data, start):
        calls.append(json.loads(path.read_text())["openings"])
        return mean_after(data, start)

    result = sealed.open(score, "the mean")
    assert len(calls) == 1
    assert calls[0][0]["result"] is None  # written down before anything was seen
    written = json.loads(path.read_text())["openings"]
    assert written[0]["what"] == "the mean"
    assert written[0]["result"] == result
    assert pd.Timestamp(written[0]["opened"]).tz is not None
    assert "opened once" in sealed.describe()
    sealed.open(score, "the mean, again")
    assert sealed.times_opened == 2
    assert "opened 2 times: only the first counts" in sealed.describe()
    assert list(sealed.openings["what"]) == ["the mean", "the mean, again"]
    assert sealed.openings.loc[1, "dates"] == result["dates"]


def test_an_opening_that_fails_stays_written_down(demo, path):
    sealed = Holdout.seal(demo, record=path)

    def score(data, start):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sealed.open(score, "broken")
    assert sealed.times_opened == 1


def test_sealing_again_changes_nothing(demo, path, monkeypatch):
    Holdout.seal(demo, record=path).open(mean_after, "it")
    before = path.read_bytes()
    monkeypatch.setattr(module, "_now", lambda: "another day")
    again = Holdout.seal(demo, share=0.2, record=path)
    assert again.times_opened == 1
    assert path.read_bytes() == before
    with pytest.raises(InputError, match="moving a seal opens it"):
        Holdout.seal(demo, share=0.3, record=path)


def test_new_dates_may_follow_the_sealed_ones(demo, path):
    short = demo.until("2021-12-31")
    sealed = Holdout.seal(short, record=path)
    longer = Holdout.seal(demo, record=path)
    assert (longer.start, longer.end) == (sealed.start, sealed.end)
    assert longer.open(mean_after, "it") == mean_after(short, sealed.start)


def test_changed_data_are_refused(demo, path):
    sealed = Holdout.seal(demo, record=path)
    returns = demo.returns.copy()
    returns.iloc[-3, 2] += 1e-12
    with pytest.raises(InputError, match="was sealed in"):
        Holdout.seal(Market(returns, demo.factors), record=path)
    with pytest.raises(InputError, match="was sealed in"):
        Holdout.seal(Market(demo.returns, demo.factors * 1.1), record=path)
    with pytest.raises(InputError, match="was sealed in"):
        Holdout.seal(demo.until(demo.dates[-2]), record=path)
    early = demo.returns.copy()
    early.iloc[3, 2] += 1e-3  # what is not sealed may be corrected
    Holdout.seal(Market(early, demo.factors), record=path)
    assert sealed.times_opened == 0


def test_results_are_written_as_numbers(demo, path):
    sealed = Holdout.seal(demo, record=path)
    sealed.open(lambda data, start: pd.Series({"sharpe": np.float64(1.5), "calmar": np.nan}), "a series")
    sealed.open(lambda data, start: 0.25, "a number")
    assert sealed.record["openings"][0]["result"] == {"sharpe": 1.5, "calmar": "nan"}
    assert sealed.openings.loc[2, "result"] == 0.25


def test_the_record_is_whole_or_not_there(demo, path, monkeypatch):
    sealed = Holdout.seal(demo, record=path)
    before = path.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OutputError, match="No space left"):
        sealed.open(mean_after, "it")
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"share": 0.0}, "share must be .* above 0 and below 1, got 0.0"),
        ({"share": 0.2, "start": "2020-01-01"}, "must not both be given"),
        ({"start": "2030-01-01"}, "0 sealed"),
        ({"start": "2000-01-01"}, ": 0 dates to develop on"),
    ],
)
def test_bad_input_is_rejected(demo, path, options, words):
    with pytest.raises(InputError, match=words):
        Holdout.seal(demo, record=path, **options)
    assert not path.exists()


def test_what_is_no_data_or_no_record(demo, path):
    with pytest.raises(DataTypeError, match="a Market, a DataFrame by date"):
        Holdout.seal([1, 2], record=path)
    with pytest.raises(InputError, match="increasing dates"):
        Holdout.seal(demo.returns.iloc[::-1], record=path)
    path.write_text("{}")
    with pytest.raises(FileFormatError, match="must be a statefolio holdout record, but it is another file"):
        Holdout.seal(demo, record=path)
    path.write_text("{")
    with pytest.raises(FileFormatError, match="cannot be read"):
        Holdout.seal(demo, record=path)
    with pytest.raises(OutputError, match="cannot be written"):
        Holdout.seal(demo, record=path.parent / "absent" / "holdout.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("asked", 3),
        ("start", 2020),
        ("start", "someday"),
        ("end", None),
        ("dates", "many"),
        ("dates", True),
        ("sha256", 0),
        ("sealed", {}),
        ("openings", 3),
        ("openings", [3]),
        ("openings", ["opened"]),
        ("openings", [{"opened": 1}]),
    ],
)
def test_fields_of_other_types_are_refused(demo, path, field, value):
    Holdout.seal(demo, record=path)
    record = {name: part for name, part in json.loads(path.read_text()).items() if name not in ("version", "checksum")}
    path.write_text(json.dumps({**record, field: value}))
    with pytest.raises(FileFormatError, match=r"has another type|must have dates and openings"):
        Holdout.seal(demo, record=path)


def test_a_record_that_was_edited_is_refused_and_one_of_an_earlier_release_is_read(demo, path):
    sealed = Holdout.seal(demo, record=path)
    sealed.open(mean_after, "equal weights")
    text = path.read_text()
    path.write_text(text.replace("equal weights", "other weights"))
    with pytest.raises(FileFormatError, match="its checksum is another"):
        Holdout.seal(demo, record=path)
    record = json.loads(text)
    del record["version"], record["checksum"]
    path.write_text(json.dumps(record))
    assert Holdout.seal(demo, record=path).times_opened == 1
    path.write_text(json.dumps({**record, "version": 2, "checksum": ""}))
    with pytest.raises(FileFormatError, match="version 1 or lower, got 2"):
        Holdout.seal(demo, record=path)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"kind": ' + "9" * 5_000 + "}", "\xff", "", "null"]
)
def test_records_that_are_no_objects(demo, path, text):
    path.write_text(text)
    with pytest.raises(FileFormatError, match="must be a statefolio holdout record"):
        Holdout.seal(demo, record=path)


def test_record_without_a_path(demo):
    with pytest.raises(DataTypeError, match="record must be the path of a file"):
        Holdout.seal(demo, record=None)
    with pytest.raises(OutputError, match="record must be the path of a file"):
        Holdout.seal(demo, record="nul\x00")
