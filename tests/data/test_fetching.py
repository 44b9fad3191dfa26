"""Fetching from publishers, here a server on this machine."""

import gzip
import http.server
import io
import threading
import zipfile

import numpy as np
import pandas as pd
import pytest

from statefolio.data import fetch_fred, fetch_french, read_french
from statefolio.exceptions import FetchError, InputError

FIVE = "prose of the publisher\n\n,Mkt-RF,SMB,HML,RMW,CMA,RF\n20200102,1.0,0.1,0.2,0.3,0.4,0.006\n"
FIVE += "20200103,-1.0,0.2,0.1,0.1,-99.99,0.006\n"
MOMENTUM = "prose\n\n,Mom\n20200102,0.5\n20200103,0.6\n"
THREE = ",Mkt-RF,SMB,HML,RF\n20200102,1.0,0.1,0.2,0.006\n20200103,-1.0,0.2,0.1,0.006\n"
INDUSTRIES = "Average Value Weighted Returns -- Daily\n,Food,Beer\n20200102,1.0,2.0\n20200103,3.0,4.0\n"


def packed(text):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("file.csv", text)
    return held.getvalue()


class Publisher(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["User-Agent"]))
        status, content = self.server.answers.get(self.path, (404, b""))
        if status == "flaky":
            status = 503 if len(self.server.asked) < 2 else 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    monkeypatch.setenv("STATEFOLIO_CACHE_DIR", str(tmp_path / "cache"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    server.answers, server.asked = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}/"
    for name, text in {
        "F-F_Research_Data_5_Factors_2x3_daily": FIVE,
        "F-F_Momentum_Factor_daily": MOMENTUM,
        "F-F_Research_Data_Factors_daily": THREE,
        "12_Industry_Portfolios_daily": INDUSTRIES,
    }.items():
        server.answers[f"/{name}_CSV.zip"] = (200, packed(text))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_factors_are_joined_in_decimals(publisher):
    table = fetch_french("5-daily+momentum", base_url=publisher.url)
    assert list(table) == ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF", "Mom"]
    np.testing.assert_allclose(table.iloc[0], [0.01, 0.001, 0.002, 0.003, 0.004, 0.00006, 0.005], rtol=1e-12)
    assert np.isnan(table["CMA"].iloc[1])
    assert len(table.attrs["sources"]) == 2
    assert all("statefolio/" in agent for _, agent in publisher.asked)


def test_a_file_is_fetched_once(publisher):
    first = fetch_french("5-daily", base_url=publisher.url)
    again = fetch_french("5-daily", base_url=publisher.url, offline=True)
    pd.testing.assert_frame_equal(first, again)
    assert len(publisher.asked) == 1
    fetch_french("5-daily", base_url=publisher.url, refresh=True)
    assert len(publisher.asked) == 2


def test_portfolios_lose_the_risk_free_rate_once(publisher):
    raw = fetch_french("12-industries-daily", base_url=publisher.url)
    excess = fetch_french("12-industries-daily", base_url=publisher.url, excess=True)
    np.testing.assert_allclose(excess, raw - 0.00006, atol=1e-15)
    assert list(fetch_french("5-daily", base_url=publisher.url, excess=True)) == ["Mkt-RF", "SMB", "HML", "RMW", "CMA"]


def test_a_changed_file_is_refused(publisher, tmp_path):
    fetch_french("5-daily", base_url=publisher.url)
    (path,) = (tmp_path / "cache" / "fetched").glob("*.zip")
    path.write_bytes(packed(FIVE.replace("0.1", "0.2")))
    with pytest.raises(FetchError, match="changed since it was fetched"):
        fetch_french("5-daily", base_url=publisher.url)
    assert len(fetch_french("5-daily", base_url=publisher.url, refresh=True)) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 429])
def test_refusals_are_said_and_not_tried_again(publisher, status):
    publisher.answers["/F-F_Momentum_Factor_daily_CSV.zip"] = (status, b"")
    with pytest.raises(FetchError, match=rf"refused .* \(HTTP status {status}\)\. Get the file in a browser"):
        fetch_french("momentum-daily", base_url=publisher.url)
    assert len(publisher.asked) == 1


def test_a_busy_publisher_is_tried_again(publisher):
    publisher.answers["/F-F_Momentum_Factor_daily_CSV.zip"] = ("flaky", packed(MOMENTUM))
    assert len(fetch_french("momentum-daily", base_url=publisher.url)) == 2


def test_nobody_answers(publisher):
    url = publisher.url
    publisher.shutdown()
    publisher.server_close()
    with pytest.raises(FetchError, match="does not answer"):
        fetch_french("5-daily", base_url=url)
    with pytest.raises(FetchError, match="was not fetched before"):
        fetch_french("5-daily", base_url=url, offline=True)


@pytest.mark.parametrize("name", ["", "5", "seven-daily", "../etc/passwd", "5-hourly", "a b"])
def test_unknown_names(name):
    with pytest.raises(InputError, match="name must be a set"):
        fetch_french(name)


def test_the_same_column_twice(publisher):
    with pytest.raises(InputError, match="'Mkt-RF' twice"):
        fetch_french("5-daily+3", base_url=publisher.url)


def test_series_of_fred(publisher):
    publisher.answers["/fredgraph.csv?id=DGS10"] = (200, b"observation_date,DGS10\n2020-01-01,.\n2020-01-02,1.88\n")
    publisher.answers["/fredgraph.csv?id=DGS2"] = (200, b"observation_date,DGS2\n2020-01-02,1.58\n2020-01-03,1.53\n")
    table = fetch_fred(["DGS10", "DGS2"], base_url=publisher.url)
    assert table["DGS10"].dropna().tolist() == [1.88]
    assert table["DGS2"].dropna().tolist() == [1.58, 1.53]
    with pytest.raises(InputError, match="identifiers"):
        fetch_fred("DGS10&x=1")


def test_the_publishers_own_files(publisher, shared):
    raw = shared / "raw" / "F-F_Research_Data_5_Factors_2x3_daily.CSV.gz"
    text = gzip.decompress(raw.read_bytes()).decode()
    publisher.answers["/F-F_Research_Data_5_Factors_2x3_daily_CSV.zip"] = (200, packed(text))
    table = fetch_french("5-daily", base_url=publisher.url)
    pd.testing.assert_frame_equal(table, read_french(raw), check_freq=False)


def test_from_the_command_line(publisher, monkeypatch):
    from pathlib import Path

    from statefolio.commands.file_forms import read_factors, typed_for_factors
    from statefolio.commands.shared_options import FileForm

    fetch_french("5-daily+momentum", base_url=publisher.url)
    monkeypatch.setattr("statefolio.data.fetching.FRENCH", "http://127.0.0.1:9/")
    table = read_factors(Path("/somewhere/french:5-daily+momentum"), FileForm(), typed_for_factors)
    assert table.shape == (2, 7)


@pytest.mark.parametrize("note", ["", "[]", "{", '{"sha256": 5}'])
def test_a_damaged_note_is_a_changed_file(publisher, tmp_path, note):
    fetch_french("5-daily", base_url=publisher.url)
    (path,) = (tmp_path / "cache" / "fetched").glob("*.json")
    path.write_text(note)
    with pytest.raises(FetchError, match="changed since it was fetched"):
        fetch_french("5-daily", base_url=publisher.url)


def test_a_folder_that_cannot_be_made_is_named(publisher, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("STATEFOLIO_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"cannot be made .* Set STATEFOLIO_CACHE_DIR"):
        fetch_french("5-daily", base_url=publisher.url)


@pytest.mark.parametrize("series", [3, None, [], ["DGS10", "a b"], "DGS10&x=1"])
def test_series_that_are_no_identifiers(series, publisher):
    with pytest.raises((InputError, FetchError)):
        fetch_fred(series, base_url=publisher.url)
