"""A participant's folder, and the public files of a small challenge."""

import warnings

import pytest

import statefolio as sf
from statefolio.challenge.rules.settings import example_rules, parse_rules
from statefolio.challenge.scoring.public_files import write_public
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.starter.archive import write_starter


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("STATEFOLIO_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def rules():
    return parse_rules(example_rules(), "challenge.toml")


@pytest.fixture(scope="session")
def public(tmp_path_factory, rules):
    """The public folder of a challenge on 14 bundled stocks and two and a half years."""
    folder = tmp_path_factory.mktemp("public")
    demo = sf.load_demo()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = RoundData.of(sf.Market(demo.returns.iloc[-640:, :14], demo.factors.iloc[-640:]), rules)
    write_public(data, rules, folder)
    write_starter(folder, rules)
    return folder
