"""Warnings of a job are shown and kept for its report, each once."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from statefolio.commands.inputs import read_panel
from statefolio.commands.loadings.job import run_loadings
from statefolio.commands.loadings.options import LoadingsOptions
from statefolio.commands.noted_warnings import noted_warnings
from statefolio.commands.shared_options import Output, PanelFiles
from statefolio.exceptions import StatefolioWarning


def warned_twice():
    with noted_warnings() as notes:
        warnings.simplefilter("always")
        for _ in range(2):
            warnings.warn("odd data", StatefolioWarning, stacklevel=1)
    return notes


def test_warnings_are_kept_once_and_shown():
    with pytest.warns(StatefolioWarning, match="odd") as shown:
        notes = warned_twice()
    assert notes == ["odd data"]
    assert len(shown) == 2


def test_assets_that_the_model_leaves_out_are_in_the_report(files, tables, tmp_path, progress):
    returns, factors = tables
    returns = returns.assign(s0=0.0, s1=factors["market"])
    returns.to_csv(files[0])
    panel = read_panel(PanelFiles(returns=files[0], factors=[files[1]], risk_free="rf"))
    panel.returns["s0"] = np.where(panel.returns["s1"].notna(), 0.0, np.nan)
    options = LoadingsOptions(
        files=PanelFiles(returns=files[0], factors=[files[1]]), output=Output(out=tmp_path / "out")
    )
    with pytest.warns(StatefolioWarning) as warned:
        run_loadings(panel, options, progress)
    page = Path(tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    text = str(warned[0].message)
    assert "s0" in text
    assert text[:60] in page.replace("&#x27;", "'")
