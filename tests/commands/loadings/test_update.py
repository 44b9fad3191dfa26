"""The update of a model: new loadings, a report and a backup; the risk-free rate is remembered."""

import re

import numpy as np
import pandas as pd
import pytest

from statefolio.commands.loadings.update import companions, update_model
from statefolio.commands.shared_options import PanelFiles
from statefolio.exceptions import InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings


@pytest.fixture
def model(tables, tmp_path):
    returns, factors = tables
    fitted = KalmanLoadings(tuning="discount").fit(
        returns.iloc[:690].sub(factors["rf"].iloc[:690], axis=0), factors[["market", "value"]].iloc[:690]
    )
    fitted.notes_ = {"risk_free": "rf"}
    fitted.save(tmp_path / "m.statefolio")
    return tmp_path / "m.statefolio"


def test_new_loadings_a_report_and_a_backup_are_written(model, files, tables, progress):
    before = model.read_bytes()
    updated = update_model(model, PanelFiles(returns=files[0], factors=[files[1]]), progress)
    assert any("'rf'" in text for text in progress.said)
    places = companions(model)
    assert places["backup"].read_bytes() == before
    table = pd.read_parquet(places["loadings"])
    assert table["date"].nunique() == len(updated.dates) == 10
    returns, factors = tables
    whole = KalmanLoadings.load(places["backup"]).partial_fit(
        returns.iloc[690:].sub(factors["rf"].iloc[690:], axis=0), factors[["market", "value"]].iloc[690:]
    )
    again = KalmanLoadings.load(model)
    assert again.next_.equals(whole.next_)
    assert again.notes_ == {"risk_free": "rf"}
    last = table[(table["asset"] == "s0") & (table["factor"] == "market")]["filtered"].iloc[-1]
    wanted = float(whole.loadings_["filtered"].isel(date=-1).sel(asset="s0", factor="market"))
    assert last == pytest.approx(wanted, rel=2.0**-29, abs=0.0)
    text = places["report"].read_text(encoding="utf-8")
    plain = re.sub(r"<[^>]*>", "", text)
    assert re.search(r"10 new dates until 2020-09-04: \d+ of 18 loadings left", plain)


def test_another_risk_free_rate_and_percent_are_refused(model, files, tables, progress, tmp_path):
    with pytest.raises(InputError, match=r"'rf' was subtracted\), got 'value'"):
        update_model(model, PanelFiles(returns=files[0], factors=[files[1]], risk_free="value"), progress)
    (100 * tables[0]).to_csv(tmp_path / "percent.csv")
    given = PanelFiles(returns=tmp_path / "percent.csv", factors=[files[1]])
    before = model.read_bytes()
    with pytest.raises(InputError, match="--percent"):
        update_model(model, given, progress)
    assert model.read_bytes() == before
    assert not companions(model)["backup"].exists()


def test_no_new_dates_change_nothing(model, files, progress):
    given = PanelFiles(returns=files[0], factors=[files[1]])
    update_model(model, given, progress)
    before = model.read_bytes()
    assert not len(update_model(model, given, progress).dates)
    assert model.read_bytes() == before
    assert np.isfinite(KalmanLoadings.load(model).loadings_["filtered"]).all()
