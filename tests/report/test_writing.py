import re

import pandas as pd
import pytest

from statefolio.exceptions import OutputError
from statefolio.report import write_report


def test_the_page_is_self_contained(model, rolling, tmp_path):
    comparison = pd.DataFrame({"log_score": [1.0]}, index=pd.Index(["Kalman"], name="model"))
    day = pd.Timestamp("2015-02-03")
    suspicious = pd.DataFrame({"asset": ["asset 1"], "date": [day], "kind": ["undone_move"]})
    path = write_report(
        tmp_path / "report.html",
        model,
        other=rolling,
        comparison=comparison,
        reading={"returns": "r.csv"},
        options={"tuning": "pooled"},
        suspicious=suspicious,
        title="A <title>",
    )
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    assert "@import" not in text
    assert 'name="viewport"' in text
    for part in ("A &lt;title&gt;", "r.csv", "pooled", "undone move", "2016-06-30", "Kalman", "in sample"):
        assert part in text
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_five_hundred_assets_stay_under_twelve_megabytes(make_model, tmp_path):
    model, other = (make_model(n_dates=2520, n_assets=500, n_factors=6, seed=seed) for seed in (0, 1))
    path = write_report(tmp_path / "report.html", model, other=other)
    assert path.stat().st_size < 12e6


def test_a_file_that_cannot_be_written_leaves_nothing(model, tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(tmp_path / "missing" / "report.html", model)
    (tmp_path / "report.html").mkdir()
    (tmp_path / "report.html" / "full").touch()
    with pytest.raises(OutputError, match=r"must be a file, got .* which is a folder"):
        write_report(tmp_path / "report.html", model)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_run_that_fails_half_way_leaves_the_former_page(model, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("former")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_report(path, model)
    assert path.read_text() == "former"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
