import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import FileFormatError, InputError, NotFittedError, OutputError
from statefolio.loadings import storage
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
    with pytest.raises(NotFittedError, match="loaded from a file"):
        _ = again.loadings_
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


def rewritten(path, **changes):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    description = {**json.loads(members["model.json"]), **changes}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**members, "model.json": json.dumps(description)}.items():
            archive.writestr(name, data)


def test_newer_and_other_files(path):
    with pytest.raises(FileFormatError, match=r"Use statefolio\.StaticLoadings\.load"):
        RollingLoadings.load(path)
    rewritten(path, version=99)
    with pytest.raises(FileFormatError, match=r"version 1 or lower, got 99\. Upgrade"):
        StaticLoadings.load(path)
    rewritten(path, format="something", version=1)
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
    contents = dict.fromkeys(("model", "assets", "factors", "first_date", "last_date", "tuned_until")) | {
        "options": options
    }
    storage.write(tmp_path / "m", contents, {})
    again = storage.read(tmp_path / "m")[0]["options"]
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
