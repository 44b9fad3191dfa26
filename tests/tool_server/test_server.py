"""The tools through the SDK's client: in this process, and once over standard input and output."""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from mcp import Client, StdioServerParameters

import statefolio as sf
from statefolio.tool_server import answers
from statefolio.tool_server.allowed_folder import AllowedFolder
from statefolio.tool_server.server import make_server

STUDY = """
[study]
name = "tools"
[data]
source = "files"
returns = "{returns}"
factors = "factors.csv"
[portfolio.even]
objective = "equal_weight"
[portfolio.calm]
{portfolio}
[backtest]
start = 2019-06-03
benchmark = "even"
[validation]
look_ahead_cuts = 2
[validation.windows]
count = 2
embargo = 5
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a small panel and studies."""
    root = tmp_path_factory.mktemp("root")
    path = root / "data"
    path.mkdir()
    data = sf.load_demo()
    data.returns.loc["2019":"2020", ["AAPL", "JPM", "KO"]].to_csv(path / "returns.csv")
    data.factors.loc["2019":"2020", ["market", "value"]].to_csv(path / "factors.csv")
    sf.load_demo_prices().loc["2021":, ["CVX", "XOM"]].to_csv(path / "prices.csv")
    (root / "outside.csv").write_text("date,a\n2019-01-02,0.01\n")
    calm = 'objective = "inverse_volatility"'
    (path / "study.toml").write_text(STUDY.format(returns="returns.csv", portfolio=calm))
    (path / "leading_out.toml").write_text(STUDY.format(returns="../outside.csv", portfolio=calm))
    (path / "fetching.toml").write_text(
        STUDY.format(returns="returns.csv", portfolio=calm).replace('"factors.csv"', '"french:5-daily"')
    )
    plug_in = 'objective = "plug_in"\npolicy = "any"'
    (path / "other_code.toml").write_text(STUDY.format(returns="returns.csv", portfolio=plug_in))
    return path


def finished(coroutine):
    """Run a coroutine in a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(asyncio.run, coroutine).result()


def call(server, name, **arguments):
    """Call a tool through the client; return its text and whether it is an error."""

    async def run():
        async with Client(server) as client:
            result = await client.call_tool(name, arguments)
            return result.content[0].text, bool(result.is_error)

    return finished(run())


@pytest.fixture(scope="module")
def server(folder):
    return make_server(AllowedFolder.of(folder))


PANEL = {"returns": "returns.csv", "factors": "factors.csv"}


def test_tools_are_listed_as_read_only(server):
    async def run():
        async with Client(server) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in finished(run())}
    assert set(tools) == {"list_files", "fit", "show", "risk", "pairs_verdict", "run_study"}
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools.values())


def test_a_fit_through_the_client_is_the_library_s(server, folder):
    text, error = call(server, "fit", **PANEL, tune_until="2020-06-30", assets=["KO"])
    assert not error
    returns, factors = sf.read_returns(folder / "returns.csv"), sf.read_returns(folder / "factors.csv")
    model = sf.KalmanLoadings().fit(returns[["KO"]], factors, tune_until="2020-06-30")
    assert f"{float(model.next_['mean'].sel(asset='KO', factor='market')):.4f}" in text
    assert "AAPL" not in text.split("Loadings of the next date")[1]


def test_risk_through_the_client_is_the_library_s(server, folder):
    weights = {"AAPL": 0.5, "KO": 0.5}
    text, error = call(server, "risk", **PANEL, weights=weights)
    assert not error
    returns, factors = sf.read_returns(folder / "returns.csv"), sf.read_returns(folder / "factors.csv")
    risk = sf.FactorRisk(sf.KalmanLoadings().fit(returns, factors), prefit=True).fit(returns, factors)
    assert f"{risk.portfolio_volatility(weights):.4%}" in text


def test_the_verdict_on_a_basket(server):
    text, error = call(server, "pairs_verdict", prices="prices.csv", assets=["CVX", "XOM"], tuning="fixed", draws=19)
    assert not error
    assert "adf_held" in text
    text, error = call(server, "pairs_verdict", prices="prices.csv", assets=["CVX", "XOM"], draws=10**6)
    assert error
    assert "draws must be 19 to 499, got 1000000" in text


def test_a_read_only_study_writes_nothing(server, folder):
    before = sorted(folder.parent.rglob("*"))
    text, error = call(server, "run_study", study="study.toml")
    assert not error, text
    assert "calm" in text
    assert "trials are not on record" in text
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("study", "why"),
    [
        ("leading_out.toml", "data.returns must be a file of the allowed folder"),
        ("fetching.toml", "nothing is fetched here"),
        ("other_code.toml", "portfolio.calm.policy must not name code here"),
        ("../study.toml", "relative to the allowed folder"),
    ],
)
def test_a_study_that_leads_out_is_refused(server, study, why):
    text, error = call(server, "run_study", study=study)
    assert error
    assert why in text


def test_files_outside_and_writing_are_refused(server):
    for arguments in (
        {"returns": "../outside.csv", "factors": "factors.csv"},
        {"returns": "french:5-daily", "factors": "factors.csv"},
        {"returns": "returns.csv", "factors": "/etc/passwd"},
        {**PANEL, "save": "model.statefolio"},
    ):
        text, error = call(server, "fit", **arguments)
        assert error
        assert "path must be" in text


def test_a_model_is_saved_and_shown_where_writing_is_allowed(folder):
    writing = make_server(AllowedFolder.of(folder, write=True))
    text, error = call(writing, "fit", **PANEL, save="model.statefolio")
    assert not error, text
    text, error = call(writing, "show", model="model.statefolio", asset="KO")
    assert not error
    assert "standard_error" in text
    text, error = call(writing, "show", model="model.statefolio", asset="COKE")
    assert error
    assert "asset must be one of AAPL, JPM, KO, got 'COKE'" in text
    text, error = call(writing, "fit", **PANEL, save="model.statefolio")
    assert error
    assert "exists" in text
    (folder / "model.statefolio").unlink()


def test_answers_are_bounded(monkeypatch):
    monkeypatch.setattr(answers, "MOST_CHARACTERS", 10)
    assert answers.bounded("a" * 30) == "a" * 10 + "\n(cut: 20 more characters. Ask for fewer assets.)"


def test_the_command_serves_over_standard_streams(folder):
    parameters = StdioServerParameters(
        env=dict(os.environ), command=sys.executable, args=["-m", "statefolio", "mcp", "--folder", str(folder)]
    )
    text, error = call(parameters, "list_files")
    assert not error
    assert "returns.csv" in text
