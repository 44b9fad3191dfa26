"""Every public result shows itself; figures are drawn without importing plotly before."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from sklearn.base import clone

import statefolio as sf
from statefolio._display.shown import Shown, ShownModel
from statefolio.factors.showing import ShownRanking

SOURCE = Path(sf.__file__).parent
NAMESPACES = ("loadings", "factors", "risk", "diagnostics", "validation", "portfolio", "backtest", "pairs", "report")
INPUTS = {  # what a caller makes or writes, and protocols
    "AlignedHistory",
    "AsymmetricAlpha",
    "Bands",
    "BuyAndHold",
    "Chapter",
    "Drift",
    "DynamicCorrelation",
    "DynamicResiduals",
    "EqualWeight",
    "Exhibit",
    "FactorPremia",
    "FactorRiskBudget",
    "GivenCovariance",
    "GivenViews",
    "GivenWeights",
    "History",
    "Holdings",
    "Holdout",
    "InverseVolatility",
    "KalmanMean",
    "Light",
    "Linear",
    "LearnedPanel",
    "Live",
    "MinimumVariance",
    "ModelWalk",
    "ParameterCount",
    "Policy",
    "Problem",
    "ResidualFactors",
    "SectorBlocks",
    "ShrunkCorrelation",
    "ShrunkResiduals",
    "SkfolioPolicy",
    "Study",
    "Utility",
    "View",
    "Walk",
    "Windows",
}


def public_classes():
    found = {}
    for namespace in NAMESPACES:
        module = import_module(f"statefolio.{namespace}")
        found |= {name: getattr(module, name) for name in module.__all__ if inspect.isclass(getattr(module, name))}
    found |= {name: value for name in sf.__all__ if inspect.isclass(value := getattr(sf, name))}
    return {name: value for name, value in found.items() if not issubclass(value, BaseException)}


def shown_classes():
    def below(kind):
        return {kind, *(each for child in kind.__subclasses__() for each in below(child))}

    public_classes()
    return {
        each
        for each in below(Shown) | below(ShownRanking)
        if each.__module__.startswith("statefolio.")
        and "showing" not in each.__module__
        and "_display" not in each.__module__
    }


def test_the_classes_that_do_not_show_themselves_are_known():
    unshown = {name for name, each in public_classes().items() if not issubclass(each, Shown | ShownRanking)}
    settings = {
        "Constraints",
        "FractionalKelly",
        "MaximumSharpe",
        "ModelPolicy",
        "RiskBudget",
        "TradingCosts",
    }
    assert unshown - INPUTS - settings == set()


@pytest.mark.parametrize(
    "kind", sorted(shown_classes(), key=lambda each: each.__name__), ids=lambda each: each.__name__
)
def test_methods_are_found_by_completion_and_documented(kind):
    for name in ("to_frame", *(each for each in dir(kind) if each.startswith("plot_"))):
        method = getattr(kind, name)
        assert name in dir(kind)
        assert "DataFrame" in str(inspect.signature(method)) or "Figure" in str(inspect.signature(method))
        assert inspect.getdoc(method)
        parameters = [each for each in inspect.signature(method).parameters if each != "self"]
        assert all(each in inspect.getdoc(method) for each in parameters), (name, parameters)


def test_only_the_folder_of_reports_imports_plotly_or_is_imported_by_name():
    allowed = {SOURCE / "_display" / "drawing.py"}
    folders = ("report", "commands", "challenge")
    below = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in folders]
    assert len(below) > 100
    for path in set(below) - allowed:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.startswith(("plotly", "statefolio.report")) for name in names), path


def test_every_figure_of_a_method_exists():
    for path in SOURCE.rglob("*showing.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            drawn = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "draw"
            if drawn and isinstance(node.args[0], ast.Constant):
                module, _, name = node.args[0].value.rpartition(".")
                assert callable(getattr(import_module(f"statefolio.report.{module}"), name))


def test_the_text_of_a_model_is_short_and_says_its_options(factors):
    returns = pd.DataFrame({"A": factors["market"] + 0.01, "B": factors["size"] - factors["market"]})
    returns += 0.003 * factors["size"].to_numpy()[::-1, None]
    model = sf.KalmanLoadings(tuning="discount", state_variance=pd.DataFrame({"market": range(500)}))
    assert repr(model) == "KalmanLoadings(tuning='discount', state_variance=a DataFrame)"
    fitted = sf.RollingLoadings(window=60).fit(returns, factors)
    assert repr(fitted) == "<RollingLoadings(window=60): 2 assets, 3 loadings each, 260 dates to 2010-12-31>"
    assert repr(clone(fitted)) == "RollingLoadings(window=60)"
    assert set(fitted._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert issubclass(sf.RollingLoadings, ShownModel)


def test_a_covariance_is_short_in_a_notebook():
    import numpy as np

    rng = np.random.default_rng(0)
    sigma = sf.risk.LowRankCovariance(rng.normal(size=(500, 6)), np.eye(6), np.ones(500))
    assert repr(sigma) == "<LowRankCovariance: covariance of 500 assets, 6 factors>"
    assert len(sigma._repr_html_()) < 2_000
    assert sigma.to_frame().shape == (500, 500)
