"""A study from its file to a folder: whole, the same bytes again, continued after an interrupt, opened once."""

import numpy as np
import pandas as pd
import pytest
from small_study import SMALL, Heard, contents, study_of

from statefolio.backtest.validation.combinatorial_selection import combinatorial_selection
from statefolio.commands.studies import run as study_run
from statefolio.commands.studies import walking
from statefolio.commands.studies.judging import make_windows
from statefolio.commands.studies.reading import parse_study
from statefolio.commands.studies.run import StudyPlan, after_interrupt, run_study
from statefolio.commands.studies.tables import FILES
from statefolio.exceptions import FileFormatError, InputError, OutputError, UnknownNameError


def refused(text, folder, error=InputError, **plan):
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(error) as told:
        run_study(study_of(text, folder), StudyPlan(folder / "out", **plan), Heard())
    left = sorted(path.name for path in folder.iterdir())
    assert [name for name in left if not name.endswith("holdout.json")] == before
    return str(told.value)


def test_everything_is_written(ran):
    home, _, heard = ran
    assert set(contents(home / "out")) == FILES - {"holdout.csv"}
    assert sorted(path.name for path in home.iterdir()) == ["out", "out.holdout.json", "out.trials.parquet"]
    assert (home / "out" / "study.toml").read_text() == SMALL
    assert heard.stages["writing"] == (3, 3)
    assert heard.stages["walking"][0] == heard.stages["walking"][1]


def test_what_is_written_adds_up(ran):
    home, outcome, _ = ran
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
    shares = outcome.results["budget"].details["risk_contribution"]
    np.testing.assert_allclose(shares, 1 / 20, atol=1e-6)


def test_development_ends_before_the_holdout(ran):
    home, outcome, _ = ran
    value = pd.read_csv(home / "out" / "value.csv", index_col=0, parse_dates=True)
    assert value.index[-1] < outcome.holdout.start
    assert "sealed" in (home / "out" / "report.html").read_text(encoding="utf-8")
    assert outcome.holdout.times_opened == 0


def test_what_each_measure_would_have_chosen_is_written_and_shown(ran):
    home, outcome, _ = ran
    returns = pd.DataFrame({name: result.returns for name, result in outcome.results.items()})
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
    for part in ("Choosing", "Which measure chooses what", "What that earned", "Had history come in another order"):
        assert part in page


def test_paths_of_combinatorial_cross_validation_hold_every_date_once(ran):
    home, outcome, _ = ran
    paths = pd.read_csv(home / "out" / "paths.csv", index_col=0)
    assert len(paths) == 3
    assert {"sharpe", "sortino", "calmar", "drawdown", "return", "volatility"} <= set(paths.columns)
    returns = pd.DataFrame({name: result.returns for name, result in outcome.results.items()})
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
        run_study(study_of(SMALL, home), StudyPlan(home / "out"), Heard())
    run_study(study_of(SMALL, home), StudyPlan(home / "out", overwrite=True), Heard())
    assert contents(home / "out") == before
    assert (home / "out.trials.parquet").read_bytes() == record


def test_an_interrupted_run_goes_on_to_the_same_bytes(ran, tmp_path, monkeypatch):
    home, _, _ = ran
    monkeypatch.setattr(walking, "SECONDS", 0.0)
    plan = StudyPlan(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        run_study(study_of(SMALL, tmp_path), plan, Heard(interrupt_at=120))
    kept = [path.name for path in tmp_path.iterdir() if "holdout" not in path.name]
    assert kept == [".out.checkpoint"]
    assert "--resume goes on" in after_interrupt(plan)
    assert "run it again" in after_interrupt(StudyPlan(tmp_path / "elsewhere"))
    changed = SMALL.replace("0.0005", "0.0006")
    with pytest.raises(InputError, match="of another run"):
        run_study(study_of(changed, tmp_path), StudyPlan(tmp_path / "out", resume=True), Heard())
    heard = Heard()
    run_study(study_of(SMALL, tmp_path), StudyPlan(tmp_path / "out", resume=True), heard)
    assert contents(tmp_path / "out") == contents(home / "out")
    assert not (tmp_path / ".out.checkpoint").exists()
    with pytest.raises(FileFormatError, match="is not there"):
        run_study(study_of(SMALL, tmp_path), StudyPlan(tmp_path / "out", overwrite=True, resume=True), Heard())


def test_an_opening_is_written_down_and_a_second_one_said(ran, tmp_path):
    opened = SMALL.replace('"small"', '"opened"')
    once = run_study(study_of(opened, tmp_path), StudyPlan(tmp_path / "out", open_holdout=True), Heard())
    assert once.holdout.times_opened == 1
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "opened once" in page
    assert "opened 2 times" not in page
    table = pd.read_csv(tmp_path / "out" / "holdout.csv", index_col=0)
    assert list(table.columns) == ["budget", "kelly", "even"]
    first = once.opened.results["even"]
    assert first.returns.index[0] == once.holdout.start
    assert first.value.iloc[0] == first.capital
    again = run_study(
        study_of(opened, tmp_path), StudyPlan(tmp_path / "out", overwrite=True, open_holdout=True), Heard()
    )
    assert again.holdout.times_opened == 2
    assert "opened 2 times" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_every_configuration_ever_run_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(study_run, "write_study_report", lambda path, *_: path.write_text("page"))
    text = SMALL.replace("[validation.holdout]\nshare = 0.2\n", "").replace('rebalance = "monthly"', "rebalance = 63")
    text = text.replace("look_ahead_cuts = 2\ncombinatorial", "look_ahead_cuts = 0\ntrials = 3\n# combinatorial")
    plan = StudyPlan(tmp_path / "out", overwrite=True)
    first = run_study(study_of(text, tmp_path), plan, Heard())
    assert first.judgement.number == 2 + 3
    other = text.replace("upper = 0.1", "upper = 0.2")
    second = run_study(study_of(other, tmp_path), plan, Heard())
    assert second.judgement.number == 3 + 3
    table = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert len(table) == 3
    assert table["portfolio"].str.startswith("objective ").all()
    assert not (tmp_path / "out" / "paths.csv").exists()
    assert sum(name.startswith("kelly") for name in table["name"]) == 2
    renamed = text.replace("portfolio.kelly", "portfolio.growth")
    third = run_study(study_of(renamed, tmp_path), plan, Heard())
    assert third.judgement.number == 3 + 3
    elsewhere = text.replace('"small"', '"another"')
    assert run_study(study_of(elsewhere, tmp_path), plan, Heard()).judgement.number == 2 + 3


WRONG = {
    "no such asset in a budget": (
        SMALL.replace('"risk_budget"', '"risk_budget"\nbudget = { AAPL = 0.5, XON = 0.5 }'),
        ["portfolio.budget.budget names 'XON', which is none of the 20 assets: AAPL", "Did you mean XOM?"],
    ),
    "a budget that does not add up": (
        SMALL.replace('"risk_budget"', '"risk_budget"\nbudget = { AAPL = 0.5, XOM = 0.4 }'),
        ["portfolio.budget.budget adds up to 0.9; 1 was expected."],
    ),
    "no such asset in a box": (
        SMALL.replace("upper = 0.1", "upper = { APPL = 0.1 }"),
        ["portfolio.kelly.constraints.upper names 'APPL'", "Did you mean AAPL?"],
    ),
    "no such factor": (
        SMALL.replace("upper = 0.1", "factor_limits = { marker = [0, 1] }"),
        ["portfolio.kelly.constraints.factor_limits names 'marker', which is none of the 6 factors: market"],
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
        ['risk.residual_structure = "sectors" came without risk.groups'],
    ),
    "impact without volumes": (SMALL.replace("[validation]", "impact = 1.0\n[validation]"), ["backtest.costs.impact"]),
    "costs of an asset nobody has": (
        SMALL.replace("proportional = 0.0005", "proportional = { TSLA = 0.001 }"),
        ["backtest.costs.proportional names 'TSLA'"],
    ),
    "a start after the data": (
        SMALL.replace("start = 2019-01-02", "start = 2021-01-02"),
        ["backtest.start = 2021-01-02 leaves 0 dates of 2018-01-02 to 2020-06-30"],
    ),
    "windows longer than the data": (
        SMALL.replace("embargo = 5", "embargo = 500"),
        ["validation.windows: ", "for 2 windows with"],
    ),
    "folds longer than the data": (
        SMALL.replace("folds = 4, test_folds = 2, embargo = 5", "folds = 4, test_folds = 2, embargo = 200"),
        ["validation.combinatorial: ", "got 200 dates"],
    ),
    "a sign of a factor nobody has": (
        SMALL.replace('"risk_budget"', '"factor_risk_budget"\nbudget = { market = 1.0 }\nsigns = { marke = 1 }'),
        ["portfolio.budget.signs names 'marke', which is none of the 6 factors", "Did you mean market?"],
    ),
    "a holdout after the data": (
        SMALL.replace("share = 0.2", "start = 2021-01-01"),
        ["validation.holdout: "],
    ),
    "no data between the dates": (
        SMALL.replace("from = 2018-01-02\nto = 2020-06-30", "from = 2030-01-01"),
        ["data.from and data.to leave none of the bundled dates"],
    ),
    "a group for some": (
        SMALL.replace("upper = 0.1", 'groups = { AAPL = "tech" }'),
        ["portfolio.kelly.constraints.groups has no group for 19 of 20 assets"],
    ),
}


@pytest.mark.parametrize("text_and_parts", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_the_data_names_the_field(text_and_parts, tmp_path):
    text, parts = text_and_parts
    message = refused(text, tmp_path, (InputError, UnknownNameError))
    for part in parts:
        assert part in message


def test_an_opening_needs_a_holdout(tmp_path):
    text = SMALL.replace("[validation.holdout]\nshare = 0.2\n", "")
    assert "validation.holdout is not in the file" in refused(text, tmp_path, open_holdout=True)


def test_a_moved_seal_is_refused(ran):
    home, _, _ = ran
    before = contents(home / "out")
    moved = SMALL.replace("share = 0.2", "share = 0.1")
    with pytest.raises(InputError, match=r"validation\.holdout: .*moving a seal"):
        run_study(study_of(moved, home), StudyPlan(home / "out", overwrite=True), Heard())
    assert contents(home / "out") == before
