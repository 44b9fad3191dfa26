"""Studies on prices with gaps, factors that lag or lack dates, and data that are not daily."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from small_study import SMALL, Recorded, study_of
from typer.testing import CliRunner

from statefolio.commands.command_line import app
from statefolio.commands.studies import reporting
from statefolio.commands.studies.building import build_study
from statefolio.commands.studies.options import StudyOutput
from statefolio.commands.studies.records.configuration import configuration, fingerprint
from statefolio.commands.studies.run import run_study
from statefolio.commands.studies.terminal_output import show_study
from statefolio.commands.studies.update import update_study
from statefolio.commands.terminal import Terminal
from statefolio.exceptions import InputError, StatefolioWarning

STUDY = """
[study]
name = "own"
[data]
source = "files"
prices = "prices.csv"
factors = "factors.csv"
[loadings]
tuning = "fixed"
state_variance = 1e-3
[risk]
residual_structure = "none"
[portfolio.hold]
objective = "equal_weight"
[backtest]
start = 2023-03-01
capital = 100
benchmark = "hold"
[validation]
look_ahead_cuts = 0
[validation.windows]
count = 2
"""
MODEL = '[portfolio.model]\nobjective = "minimum_variance"\n[backtest]'


def made_up(n_dates=300, n_assets=3, freq="B", seed=3):
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2023-01-02", periods=n_dates, freq=freq, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (n_dates, 2)), dates, ["MKT", "HML"])
    loadings = np.stack([np.linspace(0.5, 1.5, n_assets), np.linspace(-0.5, 0.5, n_assets)])
    returns = factors.to_numpy() @ loadings + rng.normal(0, 0.01, (n_dates, n_assets))
    return 100 * (1 + pd.DataFrame(returns, dates, [f"S{i}" for i in range(n_assets)])).cumprod(), factors


def written(folder, prices, factors, text=STUDY):
    folder.mkdir(exist_ok=True)
    prices.to_csv(folder / "prices.csv")
    factors.to_csv(folder / "factors.csv")
    (folder / "study.toml").write_text(text)
    return study_of(text, folder)


def run(folder, *files):
    recorded = Recorded()
    result = run_study(written(folder, *files), StudyOutput(out=folder / "out", overwrite=True), recorded)
    return result, recorded


@pytest.fixture
def no_report(monkeypatch):
    monkeypatch.setattr(reporting, "write_study_report", lambda path, *_: path.write_text("page"))


def test_a_stock_held_through_missing_prices_ends_with_its_ratio_of_prices(tmp_path):
    prices, factors = made_up(n_assets=1)
    gaps = prices.mask(np.arange(300)[:, None] % 20 == 10)
    result, recorded = run(tmp_path, gaps, factors)
    known = gaps["S0"].ffill()
    assert result.results["hold"].value.iloc[-1] == pytest.approx(100 * known.iloc[-1] / known["2023-03-01"])
    events = pd.read_csv(tmp_path / "out" / "events.csv", keep_default_na=False)
    found = events[events["kind"] == "missing price"]["detail"].item()
    assert "15 gaps in the prices of 1 assets (first: S0), which end 2023-01-17 to 2024-02-13" in found
    assert found in recorded.said
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("15 gaps in the prices of 1 assets") >= 2
    assert "The total leaves out" in page


def test_dates_without_factors_stay_in_the_account(tmp_path, no_report):
    prices, factors = made_up()
    whole, _ = run(tmp_path / "whole", prices, factors)
    text = STUDY.replace("[backtest]", MODEL)
    with pytest.warns(StatefolioWarning, match=r"got 3 of 299 dates without \(first 2023-06-30, last 2023-07-04\)"):
        cut, _ = run(tmp_path / "cut", prices, factors.drop(factors.index[129:132]), text)
    pd.testing.assert_series_equal(cut.results["hold"].value, whole.results["hold"].value, check_freq=False)
    assert cut.results["model"].fallbacks["decisions"].sum() == 1  # the first one, with few dates
    events = pd.read_csv(tmp_path / "cut" / "out" / "events.csv", keep_default_na=False)
    found = events[(events["portfolio"] == "") & (events["kind"] == "factors missing")]["detail"].item()
    assert found.startswith("3 dates without factors, 2023-06-30 to 2023-07-04. Models do not see them, accounts do")
    assert not (tmp_path / "whole" / "out" / "events.csv").read_text().count("missing")


def test_the_cash_rate_of_a_date_without_factors_is_that_of_the_date_before(tmp_path):
    prices, factors = made_up()
    rate = pd.Series(np.linspace(1e-5, 3e-5, 300), factors.index)
    text = STUDY.replace('factors = "factors.csv"', 'factors = "factors.csv"\nrisk_free = "RF"')
    file = written(tmp_path, prices, factors.assign(RF=rate).drop(factors.index[100]), text)
    with pytest.warns(StatefolioWarning, match="factors must be known"):
        data = build_study(file).data
    assert data.market.cash_rate.iloc[99] == pytest.approx(rate.iloc[99])
    assert data.market.cash_rate.iloc[100] == pytest.approx(rate.iloc[101])
    assert any("RF is not known on 1 dates" in note for note in data.inputs.notes)


def test_a_price_file_that_lacks_dates_of_the_factors_is_reported(tmp_path):
    prices, factors = made_up()
    missing = build_study(written(tmp_path, prices.drop(prices.index[50:52]), factors)).data.missing
    assert missing["kind"].tolist() == ["date missing"]
    assert "2 dates that only the factors have, 2023-03-13 to 2023-03-14" in missing["detail"].item()


def test_orders_use_the_last_prices_and_say_what_the_models_have_not_seen(tmp_path):
    prices, factors = made_up()
    text = STUDY.replace("[backtest]", MODEL).replace("capital = 100", "capital = 1e6")
    with pytest.warns(StatefolioWarning, match="factors must be known"):
        updated = update_study(written(tmp_path, prices, factors.iloc[:-4], text), Recorded())
    assert updated.date == prices.index[-1]
    assert (updated.seen_until, updated.unseen) == (factors.index[-5], 4)
    orders = updated.instructions["model"].orders
    np.testing.assert_allclose(orders["price"], prices.iloc[-1][orders.index])


def update(folder, *options):
    done = CliRunner().invoke(app, ["update", str(folder / "study.toml"), *options])
    return done.exit_code, " ".join(done.output.split())


def test_old_factors_and_old_prices_need_force(tmp_path):
    prices, factors = made_up()
    with_model = STUDY.replace("[backtest]", MODEL)
    written(tmp_path, prices, factors.iloc[:-17], with_model)
    code, printed = update(tmp_path, "--as-of", "2024-02-26", "--orders", str(tmp_path / "orders.csv"))
    assert code == 2
    assert "the models have seen no date after 2024-01-31, 17 business days before the orders" in printed
    assert not (tmp_path / "orders.csv").exists()
    code, printed = update(tmp_path, "--as-of", "2024-02-26", "--force")
    assert code == 0
    assert "The models have seen no date after 2024-01-31: the last 17 dates have no factors" in printed
    written(tmp_path, prices, factors.iloc[:-17])  # a portfolio without a model does not need factors
    assert update(tmp_path, "--as-of", "2024-02-26")[0] == 0
    for options in ((), ("--as-of", "2024-03-11")):
        code, printed = update(tmp_path, *options)
        assert code == 2
        assert "the last date of the data, 2024-02-23, is" in printed
        assert "--force" in printed
    prices.iloc[-8:, 1] = np.nan
    written(tmp_path, prices, factors, STUDY.replace("capital = 100", "capital = 1e6"))
    code, printed = update(tmp_path, "--as-of", "2024-02-26")
    assert code == 2
    assert "the last prices of S1 (2024-02-13) are older than 5 business days" in printed


def test_dates_per_year_follow_the_data(tmp_path, no_report, capsys):
    prices, factors = made_up(140, freq="W-FRI")
    result, _ = run(tmp_path, prices, factors)
    assert result.results["hold"].periods_per_year == 52.0
    excess = result.results["hold"].returns
    assert result.judgement.scores.loc["hold", "sharpe"] == pytest.approx(52**0.5 * excess.mean() / excess.std())
    show_study(Terminal(), result)
    assert "Annual numbers take 52 dates per year, as the data have." in capsys.readouterr().out


def test_trials_on_record_keep_their_hashes(tmp_path):
    """With the former default of 252 dates per year, business days have the same configuration."""
    built = build_study(study_of(SMALL, tmp_path))
    before = study_of(SMALL.replace("[backtest]", "[backtest]\nperiods_per_year = 252.0"), tmp_path)
    assert [fingerprint(configuration(built.study, name)) for name in ("budget", "kelly")] == [
        fingerprint(configuration(before.study, name)) for name in ("budget", "kelly")
    ]


def test_fallbacks_and_notes_are_reported_once(tmp_path, capsys):
    prices, factors = made_up()
    text = STUDY.replace("[backtest]", '[portfolio.calm]\nobjective = "inverse_volatility"\nwindow = 500\n[backtest]')
    result, _ = run(tmp_path, prices, factors, text)
    fell_back = result.results["calm"].fallbacks
    assert fell_back["share"].sum() == 1.0
    show_study(Terminal(), result)
    printed = " ".join(capsys.readouterr().out.split())
    count = result.results["calm"].decision_count
    sentence = f"calm: {count} of {count} decisions (100%) fell back"
    assert printed.count(sentence) == 1
    assert fell_back.index[0][:20] in printed
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    first_screen = page[page.index("<header>") : page.index("</header>")]
    assert "calm 100%" in first_screen
    assert "Up to 100% of a portfolio&#x27;s decisions fell back." in first_screen
    assert page.count(sentence) == 1
    checked = dataclasses.replace(result.results["calm"], events=result.results["calm"].events.assign(kind="note"))
    from statefolio.report.backtest.sentences import note_sentences

    assert note_sentences({"calm": checked})[0].startswith(f"calm: {fell_back.index[0][:20]}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count = 2", "count = 500", r"validation\.windows: .* for 500 windows"),
        ("count = 2", "count = 12", r"validation\.windows: .* and at least 12 and 5 are needed"),
        ("start = 2023-03-01", "start = 2013-03-01", r"backtest: start must not be before the market's first date"),
    ],
)
def test_windows_and_starts_that_cannot_work_are_refused_before_the_walk(old, new, message, tmp_path):
    file, recorded = written(tmp_path, *made_up(), STUDY.replace(old, new)), Recorded()
    with pytest.raises(InputError, match=message):
        run_study(file, StudyOutput(out=tmp_path / "out"), recorded)
    assert "walking" not in recorded.stages
