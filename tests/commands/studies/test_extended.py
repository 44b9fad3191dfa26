"""A study with its own views, covariances, policy and an optimiser of skfolio, without factors; and with components."""

import sys

import pandas as pd
import pytest
from small_study import Recorded, study_of

import statefolio as sf
from statefolio.commands.studies.building import build_study
from statefolio.commands.studies.options import StudyOutput
from statefolio.commands.studies.run import run_study
from statefolio.commands.studies.update import update_study
from statefolio.exceptions import FileFormatError, InputError, StatefolioError, StatefolioWarning, UnknownNameError
from statefolio.portfolio import BuyAndHold, GivenWeights
from statefolio.risk import CovarianceCombination, SectorBlocks, ShrunkCorrelation

OWN = """
[study]
name = "extended"
[data]
source = "files"
returns = "returns.csv"
[factors]
kind = "none"
[risk]
kind = "file"
file = "covariance.csv"
[views]
kind = "file"
file = "views.csv"
error = 0.0005
[portfolio.kelly]
objective = "kelly"
[portfolio.kelly.constraints]
net = [0, 1]
[portfolio.mine]
policy = "winners_of_mine:Winners"
options = { count = 2 }
[portfolio.parity]
optimiser = "HierarchicalRiskParity"
options = { risk_measure = "CVaR" }
[portfolio.even]
objective = "equal_weight"
[backtest]
start = 2018-07-02
benchmark = "even"
[validation]
look_ahead_cuts = 1
[validation.windows]
count = 2
embargo = 5
"""
POLICY = """
class Winners:
    def __init__(self, count=1):
        self.count = count
    def decide(self, history, holdings):
        best = history.returns[history.active].iloc[-63:].sum().nlargest(self.count).index
        return {asset: 1.0 / self.count for asset in best}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extended")
    returns = sf.load_demo().returns.loc["2018":"2019-06", ["AAPL", "BAC", "KO"]]
    returns.to_csv(folder / "returns.csv")
    known = returns.index[60::21]
    views = returns.rolling(60).mean().loc[known].stack().rename("value").rename_axis(["date", "asset"]).reset_index()
    views.to_csv(folder / "views.csv", index=False)
    rows = [
        (day.date(), a, b, returns.loc[:day].cov().loc[a, b])
        for day in known
        for a in returns
        for b in returns
        if a <= b
    ]
    pd.DataFrame(rows, columns=["date", "asset", "other", "covariance"]).to_csv(folder / "covariance.csv", index=False)
    (folder / "winners_of_mine.py").write_text(POLICY)
    path = [*sys.path]
    yield folder
    sys.path[:] = path
    sys.modules.pop("winners_of_mine", None)


def test_it_runs_and_looks_at_nothing_too_early(home):
    result = run_study(study_of(OWN, home), StudyOutput(out=home / "out"), Recorded())
    assert {name: each.causality.verdict for name, each in result.results.items()} == dict.fromkeys(
        ["kelly", "mine", "parity", "even"], "causal"
    )
    assert not any(len(each.fallbacks) for each in result.results.values())
    held = result.results["mine"].decisions
    assert ((held > 0).sum(axis=1) == 2).all()
    assert "HierarchicalRiskParity" in (home / "out" / "trials.csv").read_text()


def test_its_orders_are_decided_too(home):
    progress = Recorded()
    updated = update_study(study_of(OWN, home), progress)
    assert progress.said[0] == "portfolio.mine.policy runs code: winners_of_mine:Winners."
    assert sum("runs code" in each for each in progress.said) == 1
    assert set(updated.instructions) == {"kelly", "mine", "parity", "even"}
    wanted = updated.instructions["mine"].decision.weights
    assert wanted[wanted > 0].tolist() == [0.5, 0.5]


def test_reading_and_checking_runs_no_code(home, tmp_path):
    (tmp_path / "spoilt_of_mine.py").write_text("raise SystemExit('it ran')\n")
    file = study_of(OWN.replace("winners_of_mine:Winners", "spoilt_of_mine:Winners"), tmp_path)
    assert file.study.portfolio["mine"].policy == "spoilt_of_mine:Winners"
    assert "spoilt_of_mine" not in sys.modules


@pytest.mark.parametrize(
    ("old", "new", "error", "text"),
    [
        ("winners_of_mine:Winners", "winners_of_mine:Winer", UnknownNameError, "Did you mean Winners?"),
        ("count = 2 }", "cuont = 2 }", UnknownNameError, "Did you mean count?"),
        ("HierarchicalRiskParity", "HierarchicalRiskPartiy", UnknownNameError, "Did you mean HierarchicalRiskParity?"),
        ("risk_measure =", "risk_mesure =", UnknownNameError, "Did you mean risk_measure?"),
        ('"views.csv"', '"view.csv"', FileFormatError, "views.file: "),
        ('"covariance.csv"', '"views.csv"', StatefolioError, "risk.file: "),
        ('kind = "file"\nfile = "covariance.csv"', "", InputError, "risk.kind must be"),
        (
            'kind = "file"\nfile = "covariance.csv"',
            'kind = "own"\nmodel = "winners_of_mine:Winners"',
            StatefolioError,
            "fit",
        ),
        ('[factors]\nkind = "none"', "", InputError, 'or [factors] kind = "statistical"'),
        (
            'objective = "kelly"',
            'objective = "kelly"\nviews = { kind = "factor_premia" }',
            InputError,
            "has no loadings",
        ),
    ],
)
def test_wrong_fields_are_named(home, old, new, error, text):
    assert old in OWN
    with pytest.raises(error) as raised:
        build_study(study_of(OWN.replace(old, new), home))
    assert text in str(raised.value)


def test_views_of_unknown_assets_and_of_other_units_are_noticed(home):
    table = pd.read_csv(home / "views.csv")
    table.replace({"asset": {"KO": "COKE"}}).to_csv(home / "unknown.csv", index=False)
    with pytest.raises(UnknownNameError, match="file must name assets of the data"):
        build_study(study_of(OWN.replace('"views.csv"', '"unknown.csv"'), home))
    table.assign(value=table["value"] * 252).to_csv(home / "yearly.csv", index=False)
    yearly = OWN.replace('"views.csv"', '"yearly.csv"')
    with pytest.warns(StatefolioWarning, match=r"over views.horizon = 1 dates, got .* Set horizon, e.g. 252"):
        build_study(study_of(yearly, home))
    build_study(study_of(yearly.replace("error =", "horizon = 252\nerror ="), home))


def test_times_of_day_are_noticed(home):
    """A view of the evening is not known at the close of its day."""
    text = (home / "views.csv").read_text()
    (home / "times.csv").write_text(text.replace(",AAPL", " 18:30,AAPL"))
    with pytest.warns(StatefolioWarning, match=r"views.file must have days, got times of day \(first: 18:30\)"):
        build_study(study_of(OWN.replace('"views.csv"', '"times.csv"'), home))


def built(home, *changes):
    text = OWN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return build_study(study_of(text, home))


def test_factors_by_principal_components_do_not_see_the_future(home):
    components = ('kind = "none"', 'kind = "statistical"\nn_factors = 2\nmin_dates = 60\nmin_history = 40')
    shrunk = ('kind = "file"\nfile = "covariance.csv"', 'kind = "factors"\nresidual_structure = "none"')
    whole = built(home, components, shrunk).market
    assert list(whole.factors.columns) == ["PC1", "PC2"]
    short = built(home, components, shrunk, ('"returns.csv"\n', '"returns.csv"\nto = 2018-12-31\n')).market
    pd.testing.assert_frame_equal(short.factors, whole.factors.loc[: short.dates[-1]], check_freq=False)
    assert whole.factors.iloc[:59].isna().all(axis=None)


def test_other_models_and_portfolios_reach_the_library(home):
    returns = sf.load_demo().returns.loc["2018":"2019-06", ["AAPL", "BAC", "KO"]]
    pd.DataFrame({"KO": [1.0, 0.5]}, returns.index[[50, 90]]).rename_axis("date").to_csv(home / "weights.csv")
    risk = ('kind = "file"\nfile = "covariance.csv"', 'kind = "shrunk"\nmin_observations = 40')
    given = ('objective = "equal_weight"', 'objective = "given_weights"\nfile = "weights.csv"')
    held = (
        'policy = "winners_of_mine:Winners"\noptions = { count = 2 }',
        'objective = "buy_and_hold"\nfirst = { KO = 1.0 }',
    )
    policies = built(home, risk, given, held).policies
    assert isinstance(policies["kelly"].risk, ShrunkCorrelation)
    assert policies["kelly"].risk.min_observations == 40
    assert isinstance(policies["even"], GivenWeights)
    assert policies["even"].weights["KO"].tolist() == [1.0, 0.5]
    assert isinstance(policies["mine"], BuyAndHold)
    components = ('kind = "none"', 'kind = "statistical"\nn_factors = 1\nmin_dates = 63')
    combined = (
        risk[0],
        'kind = "combination"\nlearn = false\n[risk.factors]\nhorizon = 5\nresidual_structure = "sectors"\n'
        'residual_options = { half_life = 100 }\ngroups = { AAPL = "x", BAC = "y", KO = "y" }',
    )
    found = built(home, components, combined).policies["kelly"].risk
    assert isinstance(found, CovarianceCombination)
    assert isinstance(found.risk.residual_structure, SectorBlocks)
    assert (found.learn, found.risk.horizon, found.risk.residual_structure.half_life) == (False, 5, 100)
