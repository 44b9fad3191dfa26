import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, FileFormatError, InputError, NotFittedError, OutputError
from statefolio.loadings import storage
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings

MODELS = [StaticLoadings(), ExponentialLoadings(17.3), RollingLoadings(60, min_observations=np.int64(20))]


@pytest.fixture
def path(tmp_path, returns, factors):
    StaticLoadings().fit(returns[:200], factors[:200]).save(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_loaded_models_predict_and_continue(model, tmp_path, returns, factors):
    model.fit(returns[:200], factors[:200], tune_until="2010-06-30")
    model.save(tmp_path / "model")
    again = type(model).load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    assert again.next_.identical(model.next_)
    pd.testing.assert_frame_equal(again.parameters_, model.parameters_)
    for name in ("loadings_", "innovations_"):
        assert getattr(again, name).equals(getattr(model, name).isel(date=[-1]))
    with pytest.raises(NotFittedError, match="no likelihood"):
        _ = again.log_likelihood_
    for each in (model, again):
        each.partial_fit(returns[200:], factors[200:])
    assert again.loadings_.identical(model.loadings_)
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_names_and_dates_of_any_kind(tmp_path, returns, factors):
    model = StaticLoadings().fit(returns.set_axis(range(40), axis=1), factors)
    model.save(tmp_path / "m")
    again = StaticLoadings.load(tmp_path / "m")
    pd.testing.assert_index_equal(again.assets_, model.assets_, exact=False)
    assert again.last_date_ == model.last_date_


def test_no_data_in_the_file(path, returns):
    with zipfile.ZipFile(path) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    assert sizes["state/Y.npy"] < 200
    assert sum(sizes.values()) < returns.size * 8


def test_truncated_foreign_and_broken_files(path, tmp_path):
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 0xFF
    for content in (whole[:-30], whole[: len(whole) // 2], b"", b"date,A\n1,2\n", bytes(broken)):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(FileFormatError, match="truncated or not a model"):
            StaticLoadings.load(tmp_path / "bad")
    with pytest.raises(FileFormatError, match="cannot be read"):
        StaticLoadings.load(tmp_path / "absent")
    with pytest.raises(FileFormatError, match="cannot be read"):
        StaticLoadings.load(tmp_path)


def rewritten(path, *, members=None, **changes):
    """Change a file and give it the checksum of its new content; a member that is None is dropped."""
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    description = {**json.loads(found["model.json"]), **changes}
    found = {**found, "model.json": json.dumps(description), **(members or {})}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in found.items():
            if data is not None:
                archive.writestr(name, data)
    path.write_bytes(storage.first_line(buffer.getvalue()) + buffer.getvalue())


def test_newer_and_other_files(path):
    with pytest.raises(FileFormatError, match="must be a file of RollingLoadings, got one of 'StaticLoadings'"):
        RollingLoadings.load(path)
    rewritten(path, version=99)
    with pytest.raises(FileFormatError, match=r"version 3 or lower, got 99\. Upgrade"):
        StaticLoadings.load(path)
    rewritten(path, format="something", version=3)
    with pytest.raises(FileFormatError, match="must be a model file"):
        StaticLoadings.load(path)


def test_files_are_whole_or_not_at_all(path, monkeypatch, returns, factors):
    model, before = StaticLoadings().fit(returns, factors), path.read_bytes()

    def stop(_handle):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        model.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["model"]

    def fail(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OutputError, match="No space left"):
        model.save(path)
    assert path.read_bytes() == before


def test_no_folder(path, tmp_path):
    with pytest.raises(OutputError, match=r"absent.*cannot be written"):
        StaticLoadings.load(path).save(tmp_path / "absent" / "model")


def test_options_of_every_kind(tmp_path):
    frame = pd.DataFrame({"alpha": [1e-5, np.nan], "f": [0.1, 2.0]}, index=["A", "B"])
    options = {
        "frame": frame,
        "series": frame["f"],
        "mapping": {"alpha": np.float64(0.1), "f": np.inf},
        "start": (np.zeros(2), np.eye(2)),
        "list": [1, "x", None, True],
        "date": pd.Timestamp("2015-12-31 10:00"),
        "function": print,
    }
    names, date = pd.Index(["A"]), pd.Timestamp("2015-12-31")
    contents = {"model": "M", "options": options, "assets": names, "factors": names}
    contents |= dict.fromkeys(("first_date", "last_date", "tuned_until"), date)
    storage.write(tmp_path / "m", contents, {})
    again = storage.read(tmp_path / "m", lambda *_: None)[0]["options"]
    pd.testing.assert_frame_equal(again["frame"], frame)
    pd.testing.assert_series_equal(again["series"], frame["f"], check_names=False)
    assert again["mapping"] == options["mapping"]
    assert isinstance(again["start"], tuple)
    np.testing.assert_array_equal(again["start"][1], np.eye(2))
    assert again["list"] == options["list"]
    assert again["date"] == options["date"]
    assert again["function"] is None
    with pytest.raises(InputError, match="to be saved, got a object"):
        storage.write(tmp_path / "n", {"options": object()}, {})
    assert not (tmp_path / "n").exists()


def test_a_file_with_a_changed_byte_is_refused(path, tmp_path):
    whole, bad = path.read_bytes(), tmp_path / "bad"
    rng = np.random.default_rng(3)
    places = {*range(110), *rng.integers(len(whole), size=300).tolist(), *range(len(whole) - 60, len(whole))}
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        bad.write_bytes(changed)
        with pytest.raises(FileFormatError, match=r"not a model file|must have format version 3 or lower"):
            StaticLoadings.load(bad)


def test_files_of_the_first_version_have_no_checksum(path):
    model = StaticLoadings.load(path)
    rewritten(path, version=1)
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    assert StaticLoadings.load(path).next_.identical(model.next_)
    rewritten(path, version=2)
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    with pytest.raises(FileFormatError, match="its checksum is missing"):
        StaticLoadings.load(path)


def array(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def header(shape, dtype="<f8"):
    """An array whose header claims a shape, and that has no values."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


BAD_MEMBERS = {
    "missing": {"next/mean.npy": None},
    "state missing": {"state/sums.npy": None},
    "renamed": {"next/mean.npy": None, "next/mittel.npy": array(np.zeros((30, 6)))},
    "unknown": {"state/more.npy": array(np.zeros(3))},
    "other shape": {"next/observation_variance.npy": array(np.zeros(3))},
    "other type": {"state/sums.npy": array(np.array(["a"]))},
    "a million million": {"next/mean.npy": header((10**6, 10**6))},
    "beyond 64 bits": {"next/mean.npy": header((10**30,))},
    "objects": {"next/mean.npy": header((3,), "|O")},
    "no header": {"next/mean.npy": b"NUMPY"},
    "a program": {"code.py": b"import os"},
    "bomb": {"next/mean.npy": header((10**8,), "|u1") + bytes(10**8)},
}


@pytest.mark.parametrize("members", BAD_MEMBERS.values(), ids=BAD_MEMBERS)
def test_other_members_are_refused_before_they_are_read(path, members, monkeypatch):
    rewritten(path, members=members)

    def never(*_, **__):
        raise AssertionError("an array was read")

    monkeypatch.setattr(np.lib.format, "read_array", never)
    with pytest.raises(FileFormatError, match="not a model file"):
        StaticLoadings.load(path)


BAD_DESCRIPTIONS = {
    "options": {"options": {"mapping": [["window", 3]]}},
    "a value of options": {"options": {"mapping": [["intercept", "perhaps"], ["more", 1]]}},
    "a list for options": {"options": [1]},
    "names": {"assets": "AAPL"},
    "no names": {"assets": {"index": [[], None, "object"]}},
    "repeated names": {"assets": {"index": [["a", "a"], None, "object"]}},
    "a huge type": {"assets": {"index": [["a"], None, "S1000000000"]}},
    "a huge shape": {"options": {"mapping": [["start", {"array": [[10**12], "float64", []]}]]}},
    "a date": {"last_date": 3},
    "no date": {"last_date": {"timestamp": ["NaT", "s"]}},
    "a date of now": {"last_date": {"timestamp": ["now", "s"]}},
    "a unit": {"last_date": {"timestamp": ["2020-01-01", "week"]}},
    "an unknown kind": {"options": {"pickle": ["x"]}},
    "two kinds": {"options": {"tuple": [], "list": []}},
    "a name of a class": {"model": ["StaticLoadings"]},
    "no version": {"version": None},
    "text": {"version": "2"},
}


@pytest.mark.parametrize("changes", BAD_DESCRIPTIONS.values(), ids=BAD_DESCRIPTIONS)
def test_other_descriptions_are_refused(path, changes):
    rewritten(path, **changes)
    with pytest.raises(FileFormatError, match=r"not a model file|must be a file of StaticLoadings"):
        StaticLoadings.load(path)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"version": 1' + "0" * 5000 + "}", "[]", "3", "", "\xff", "NaN"]
)
def test_descriptions_that_are_no_objects(path, text):
    rewritten(path, members={"model.json": text})
    with pytest.raises(FileFormatError, match="model file"):
        StaticLoadings.load(path)


def test_save_without_a_path(path):
    for place in (None, 3, [path]):
        with pytest.raises(DataTypeError, match="path must be the path of a file"):
            StaticLoadings.load(path).save(place)
        with pytest.raises(DataTypeError, match="path must be the path of a file"):
            StaticLoadings.load(place)
    with pytest.raises(FileFormatError, match="cannot be read"):
        StaticLoadings.load("nul\x00")


def test_a_kalman_model_with_other_arrays_is_refused(tmp_path, returns, factors):
    model = KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(returns[:100], factors[:100])
    for name, values in (
        ("state/learned_phi.npy", np.ones((2, 3))),
        ("state/law_noise.npy", np.ones(2)),
        ("state/filter_stage.npy", np.zeros(64)),
        ("state/watch_first.npy", np.zeros(3)),
    ):
        model.save(tmp_path / "m")
        rewritten(tmp_path / "m", members={name: array(values)})
        with pytest.raises(FileFormatError, match=f"the array {name.removesuffix('.npy')} has the type"):
            KalmanLoadings.load(tmp_path / "m")


def test_notes_are_kept_and_a_new_fit_drops_them(path, returns, factors):
    model = StaticLoadings.load(path)
    model.notes_ = {"risk_free": "RF"}
    model.save(path)
    assert StaticLoadings.load(path).notes_ == {"risk_free": "RF"}
    assert not hasattr(model.fit(returns[:200], factors[:200]), "notes_")
    rewritten(path, notes={"mapping": [["risk_free", 3]]})
    with pytest.raises(FileFormatError, match="notes has another type"):
        StaticLoadings.load(path)
