"""A study from its file to a folder: written whole, reproducible, resumed after an interrupt, with its holdout."""

import numpy as np
import pandas as pd
import pytest
from small_study import SMALL, Recorded, contents, study_of

from statefolio.backtest.validation.combinatorial_selection import combinatorial_selection
from statefolio.commands.studies import reporting, walking
from statefolio.commands.studies.options import StudyOutput
from statefolio.commands.studies.parts.windows import make_windows
from statefolio.commands.studies.reading import parse_study
from statefolio.commands.studies.result_tables import FILES
from statefolio.commands.studies.run import after_interrupt, run_study
from statefolio.exceptions import FileFormatError, InputError, OutputError, UnknownNameError


def refused(text, folder, error=InputError, **options):
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(error) as raised:
        run_study(study_of(text, folder), StudyOutput(out=folder / "out"), Recorded(), **options)
    left = sorted(path.name for path in folder.iterdir())
    assert [name for name in left if not name.endswith("holdout.json")] == before
    return str(raised.value)


def test_everything_is_written(ran):
    home, _, recorded = ran
    assert set(contents(home / "out")) == FILES - {"holdout.csv"}
    assert sorted(path.name for path in home.iterdir()) == ["out", "out.holdout.json", "out.trials.parquet"]
    assert (home / "out" / "study.toml").read_text() == SMALL
    assert recorded.stages["writing"] == (3, 3)
    assert recorded.stages["walking"][0] == recorded.stages["walking"][1]


def test_accounts_add_up(ran):
    home, result, _ = ran
    value = pd.read_csv(home / "out" / "value.csv", index_col=0, parse_dates=True)
    ledger = pd.read_parquet(home / "out" / "ledger.parquet")
    assert set(ledger["portfolio"]) == {"budget", "kelly", "even"}
    for name in ("budget", "kelly", "even"):
        own = ledger[ledger["portfolio"] == name].set_index("date")
        np.testing.assert_allclose(own["value"], value[name], rtol=1e-12)
        costs = own[["trading_cost", "impact_cost", "borrow_fee", "financing_fee"]].sum(axis=1)
        change = own["profit"] - costs + own["cash_interest"]
        np.testing.assert_allclose(own["value"].diff()[1:], change[1:], atol=1e-4)
        assert (value[f"{name}, gross"].iloc[1:] >= value[name].iloc[1:] - 1e-6).all()
    weights = pd.read_parquet(home / "out" / "weights.parquet").set_index(["portfolio", "date"])
    assert weights.loc["kelly"].iloc[1:].max(axis=None) < 0.12
    shares = result.results["budget"].details["risk_contribution"]
    np.testing.assert_allclose(shares, 1 / 20, atol=1e-6)


def test_development_ends_before_the_holdout(ran):
    home, result, _ = ran
    value = pd.read_csv(home / "out" / "value.csv", index_col=0, parse_dates=True)
    assert value.index[-1] < result.holdout.start
    assert "sealed" in (home / "out" / "report.html").read_text(encoding="utf-8")
    assert result.holdout.times_opened == 0


def test_choices_by_each_measure_are_written_and_shown(ran):
    home, result, _ = ran
    returns = pd.DataFrame({name: each.returns for name, each in result.results.items()})
    cuts = make_windows(parse_study(SMALL, "small.toml"), returns.index)
    choices = pd.read_csv(home / "out" / "choices.csv", index_col=0)
    assert list(choices.columns) == ["sharpe", "sortino", "calmar", "drawdown"]
    for number, window in enumerate(cuts, start=1):
        train = returns.loc[window.train]
        assert choices.loc[number, "sharpe"] == (train.mean() / train.std()).idxmax()
        value = (1 + train).cumprod()
        depth = (value / value.cummax().clip(lower=1) - 1).min()
        assert choices.loc[number, "drawdown"] == depth.idxmax()
    earned = pd.read_csv(home / "out" / "chosen_by.csv", index_col=0)
    assert list(earned.index) == list(choices.columns)
    together = pd.concat([returns.loc[w.test, choices.loc[i, "calmar"]] for i, w in enumerate(cuts, start=1)])
    assert earned.loc["calmar", "sharpe"] == pytest.approx(together.mean() / together.std() * 252**0.5)
    assert (earned["volatility"] > 0).all()
    page = (home / "out" / "report.html").read_text(encoding="utf-8")
    for part in (
        "Selection by window",
        "Selection by other measures",
        "Results out of sample",
        "Paths of combinatorial cross-validation",
    ):
        assert part in page


def test_paths_of_combinatorial_cross_validation_have_every_date_once(ran):
    home, result, _ = ran
    paths = pd.read_csv(home / "out" / "paths.csv", index_col=0)
    assert len(paths) == 3
    assert {"sharpe", "sortino", "calmar", "drawdown", "return", "volatility"} <= set(paths.columns)
    returns = pd.DataFrame({name: each.returns for name, each in result.results.items()})
    strung = combinatorial_selection(returns, "sharpe", folds=4, test_folds=2, embargo=5)
    assert strung.notna().all(axis=None)
    np.testing.assert_allclose(paths["volatility"], strung.std() * 252**0.5)
    np.testing.assert_allclose(paths["sharpe"], strung.mean() / strung.std() * 252**0.5)


def test_every_policy_is_checked_for_looking_ahead(ran):
    home, _, _ = ran
    table = pd.read_csv(home / "out" / "look_ahead.csv", index_col=0)
    assert list(table.index) == ["budget", "kelly", "even"]
    assert (table["verdict"] == "causal").all()
    assert (table["cuts"] == 2).all()


def test_the_same_file_gives_the_same_bytes(ran):
    home, _, _ = ran
    before, record = contents(home / "out"), (home / "out.trials.parquet").read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        run_study(study_of(SMALL, home), StudyOutput(out=home / "out"), Recorded())
    run_study(study_of(SMALL, home), StudyOutput(out=home / "out", overwrite=True), Recorded())
    assert contents(home / "out") == before
    assert (home / "out.trials.parquet").read_bytes() == record


def test_a_resumed_run_gives_the_same_bytes(ran, tmp_path, monkeypatch):
    home, _, _ = ran
    monkeypatch.setattr(walking, "SECONDS", 0.0)
    output = StudyOutput(out=tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        run_study(study_of(SMALL, tmp_path), output, Recorded(interrupt_at=120))
    kept = [path.name for path in tmp_path.iterdir() if "holdout" not in path.name]
    assert kept == [".out.checkpoint"]
    assert "--resume continues" in after_interrupt(tmp_path / "out")
    assert "run it again" in after_interrupt(tmp_path / "elsewhere")
    changed = SMALL.replace("0.0005", "0.0006")
    with pytest.raises(InputError, match="belongs to another run"):
        run_study(study_of(changed, tmp_path), StudyOutput(out=tmp_path / "out", resume=True), Recorded())
    run_study(study_of(SMALL, tmp_path), StudyOutput(out=tmp_path / "out", resume=True), Recorded())
    assert contents(tmp_path / "out") == contents(home / "out")
    assert not (tmp_path / ".out.checkpoint").exists()
    with pytest.raises(FileFormatError, match="does not exist"):
        run_study(study_of(SMALL, tmp_path), StudyOutput(out=tmp_path / "out", overwrite=True, resume=True), Recorded())


def test_every_opening_is_recorded_and_reported(ran, tmp_path):
    opened = SMALL.replace('"small"', '"opened"')
    once = run_study(study_of(opened, tmp_path), StudyOutput(out=tmp_path / "out"), Recorded(), open_holdout=True)
    assert once.holdout.times_opened == 1
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "opened once" in page
    assert "opened 2 times" not in page
    table = pd.read_csv(tmp_path / "out" / "holdout.csv", index_col=0)
    assert list(table.columns) == ["budget", "kelly", "even"]
    first = once.opened.results["even"]
    assert first.returns.index[0] == once.holdout.start
    assert first.value.iloc[0] == first.capital
    output = StudyOutput(out=tmp_path / "out", overwrite=True)
    again = run_study(study_of(opened, tmp_path), output, Recorded(), open_holdout=True)
    assert again.holdout.times_opened == 2
    assert "opened 2 times" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_every_configuration_ever_run_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(reporting, "write_study_report", lambda path, *_: path.write_text("page"))
    text = SMALL.replace("[validation.holdout]\nshare = 0.2\n", "").replace('rebalance = "monthly"', "rebalance = 63")
    text = text.replace("look_ahead_cuts = 2\ncombinatorial", "look_ahead_cuts = 0\ntrials = 3\n# combinatorial")
    output = StudyOutput(out=tmp_path / "out", overwrite=True)
    first = run_study(study_of(text, tmp_path), output, Recorded())
    assert first.judgement.number == 2 + 3
    other = text.replace("upper = 0.1", "upper = 0.2")
    second = run_study(study_of(other, tmp_path), output, Recorded())
    assert second.judgement.number == 3 + 3
    table = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert len(table) == 3
    assert table["portfolio"].str.startswith("objective ").all()
    assert not (tmp_path / "out" / "paths.csv").exists()
    assert sum(name.startswith("kelly") for name in table["name"]) == 2
    renamed = text.replace("portfolio.kelly", "portfolio.growth")
    third = run_study(study_of(renamed, tmp_path), output, Recorded())
    assert third.judgement.number == 3 + 3
    elsewhere = text.replace('"small"', '"another"')
    assert run_study(study_of(elsewhere, tmp_path), output, Recorded()).judgement.number == 2 + 3


WRONG = {
    "no such asset in a budget": (
        SMALL.replace('"risk_budget"', '"risk_budget"\nbudget = { AAPL = 0.5, XON = 0.5 }'),
        ["portfolio.budget.budget must name assets of the data (AAPL", "got 'XON'", "Did you mean XOM?"],
    ),
    "a budget that does not add up": (
        SMALL.replace('"risk_budget"', '"risk_budget"\nbudget = { AAPL = 0.5, XOM = 0.4 }'),
        ["portfolio.budget.budget must add up to 1, got 0.9."],
    ),
    "no such asset in a box": (
        SMALL.replace("upper = 0.1", "upper = { APPL = 0.1 }"),
        ["portfolio.kelly.constraints.upper must name assets of the data", "got 'APPL'", "Did you mean AAPL?"],
    ),
    "no such factor": (
        SMALL.replace("upper = 0.1", "factor_limits = { marker = [0, 1] }"),
        ["portfolio.kelly.constraints.factor_limits must name factors of the data (market", "got 'marker'"],
    ),
    "boxes upside down": (
        SMALL.replace("upper = 0.1", "upper = 0.1\nlower = 0.2"),
        ["portfolio.kelly.constraints: lower must be at most upper, 0.1, got 0.2"],
    ),
    "options that exclude each other": (
        SMALL.replace('tuning = "fixed"', 'tuning = "pooled"'),
        ["loadings: state_variance must be None with tuning='pooled', got 0.001"],
    ),
    "sectors without groups": (
        SMALL.replace('"none"', '"sectors"'),
        ['risk.groups must give the sector of each asset where risk.residual_structure = "sectors"'],
    ),
    "impact without volumes": (SMALL.replace("[validation]", "impact = 1.0\n[validation]"), ["backtest.costs.impact"]),
    "costs of an unknown asset": (
        SMALL.replace("proportional = 0.0005", "proportional = { TSLA = 0.001 }"),
        ["backtest.costs.proportional must name assets", "got 'TSLA'"],
    ),
    "a start after the data": (
        SMALL.replace("start = 2019-01-02", "start = 2021-01-02"),
        ["backtest.start must leave two dates or more of 2018-01-02 to 2020-06-30, got 2021-01-02, which leaves 0"],
    ),
    "windows longer than the data": (
        SMALL.replace("embargo = 5", "embargo = 500"),
        ["validation.windows: ", "for 2 windows with"],
    ),
    "folds longer than the data": (
        SMALL.replace("folds = 4, test_folds = 2, embargo = 5", "folds = 4, test_folds = 2, embargo = 200"),
        ["validation.combinatorial: ", "got 200 dates"],
    ),
    "a sign of an unknown factor": (
        SMALL.replace('"risk_budget"', '"factor_risk_budget"\nbudget = { market = 1.0 }\nsigns = { marke = 1 }'),
        ["portfolio.budget.signs must name factors of the data", "got 'marke'", "Did you mean market?"],
    ),
    "a holdout after the data": (
        SMALL.replace("share = 0.2", "start = 2021-01-01"),
        ["validation.holdout: "],
    ),
    "no data between the dates": (
        SMALL.replace("from = 2018-01-02\nto = 2020-06-30", "from = 2030-01-01"),
        ["data.from 2030-01-01 must leave some of the bundled dates"],
    ),
    "a group for some": (
        SMALL.replace("upper = 0.1", 'groups = { AAPL = "tech" }'),
        ["portfolio.kelly.constraints.groups must give each asset a group, got none for 19 of 20 assets"],
    ),
}


@pytest.mark.parametrize("text_and_parts", WRONG.values(), ids=WRONG)
def test_errors_about_the_data_name_the_field(text_and_parts, tmp_path):
    text, parts = text_and_parts
    message = refused(text, tmp_path, (InputError, UnknownNameError))
    for part in parts:
        assert part in message


def test_an_opening_needs_a_holdout(tmp_path):
    text = SMALL.replace("[validation.holdout]\nshare = 0.2\n", "")
    assert "--open-holdout needs validation.holdout" in refused(text, tmp_path, open_holdout=True)


def test_a_moved_seal_is_refused(ran):
    home, _, _ = ran
    before = contents(home / "out")
    moved = SMALL.replace("share = 0.2", "share = 0.1")
    with pytest.raises(InputError, match=r"validation\.holdout: .*moving a seal"):
        run_study(study_of(moved, home), StudyOutput(out=home / "out", overwrite=True), Recorded())
    assert contents(home / "out") == before
