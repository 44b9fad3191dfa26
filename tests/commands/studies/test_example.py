"""The example that `statefolio init` writes."""

import pytest

from statefolio.commands.studies.example import example_source, write_example
from statefolio.commands.studies.reading import open_study, parse_study
from statefolio.exceptions import OutputError


def test_it_is_a_study_on_bundled_data(tmp_path):
    file = write_example(tmp_path)
    assert file == tmp_path / "study.toml"
    study = open_study(file).study
    assert study.data.source == "demo"
    objectives = {name: table.objective for name, table in study.portfolio.items()}
    assert objectives == {"risk_budget": "risk_budget", "quarter_kelly": "kelly", "equal_weight": "equal_weight"}
    assert study.portfolio["quarter_kelly"].fraction == 0.25
    assert study.backtest.benchmark == "equal_weight"
    assert study.backtest.costs.proportional > 0
    assert study.validation.holdout is not None


def test_options_in_comments_are_valid_too():
    """Options shown as comments, one at a time, are accepted where they stand."""
    lines = example_source().splitlines()
    shown = [i for i, line in enumerate(lines) if line.startswith("# ") and " = " in line.split("#")[1]]
    assert len(shown) > 10
    for i in shown:
        if "source" in lines[i] or lines[i - 1].startswith("# source") or "prices" in lines[i]:
            continue
        text = lines[i].removeprefix("# ")
        if any(text.startswith(name) for name in ("factors", "risk_free", "dollar_volumes")):
            continue
        parse_study("\n".join([*lines[:i], text, *lines[i + 1 :]]), "example")


def test_own_files_as_the_example_shows_them():
    text = example_source()
    own = text[text.index("# source = ") : text.index("# ----", text.index("# source = "))]
    own = "\n".join(line.removeprefix("# ") for line in own.splitlines())
    study = parse_study(text.replace('source = "demo"\n', own), "example")
    assert study.data.source == "files"
    assert study.data.risk_free == "RF"


def test_an_existing_file_is_not_replaced(tmp_path):
    write_example(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_example(tmp_path / "mine.toml")
    assert (tmp_path / "mine.toml").read_text() == "mine"
    with pytest.raises(OutputError, match="cannot be written"):
        write_example(tmp_path / "nowhere" / "mine.toml")
