"""Figures as files, and reports on any result."""

import builtins

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import statefolio as sf
from statefolio.exceptions import DataTypeError, InputError, OutputError
from statefolio.report import save_figure, style, write


@pytest.fixture(scope="module")
def figure():
    return go.Figure(go.Scatter(y=[1, 3, 2], line=style.line(0))).update_layout(style.layout(title="A title"))


def test_html_holds_everything_and_the_download_button(figure, tmp_path):
    page = save_figure(figure, tmp_path / "figure.html", theme="dark").read_text(encoding="utf-8")
    assert "toImageButtonOptions" in page
    assert '"displaylogo": false' in page
    assert "cdn.plot.ly" not in page.split("<script")[1]
    assert "#14191f" in page


def test_images(figure, tmp_path):
    pytest.importorskip("kaleido")
    svg = save_figure(figure, tmp_path / "figure.svg", width=640).read_text(encoding="utf-8")
    assert 'width="640"' in svg
    assert ">A title<" in svg
    assert save_figure(figure, tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")


def test_what_cannot_be_saved_is_said(figure, tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"path must end in \.html, \.svg, \.png or \.pdf, got"):
        save_figure(figure, tmp_path / "figure.jpg")
    with pytest.raises(DataTypeError, match="figure must be a plotly Figure, got 'x'"):
        save_figure("x", tmp_path / "figure.html")
    with pytest.raises(InputError, match="width must be a whole number of at least 320, got 10"):
        save_figure(figure, tmp_path / "figure.html", width=10)
    real = builtins.__import__
    missing = lambda name, *rest: (_ for _ in ()).throw(ImportError) if name == "kaleido" else real(name, *rest)  # noqa: E731
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(OutputError, match=r"pip install 'statefolio\[figures\]'"):
        save_figure(figure, tmp_path / "figure.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_report_on_any_result(figure, tmp_path):
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:300, :4], demo.factors.iloc[:300, :2]
    model = sf.RollingLoadings(60).fit(returns, factors)
    risk = sf.FactorRisk(sf.RollingLoadings(60), residual_structure=None).fit(returns, factors)
    held = pd.Series(0.25, returns.columns)
    trials = sf.backtest.Trials()
    trials.add("one", returns.iloc[:, 0])
    results = {
        "model": (model, "Loadings"),
        "series": (returns.iloc[:, 0], "Worst drawdowns"),
        "figure": (figure, "chapter_1_1"),
        "risk": (risk, "forecast correlations of the factors"),
        "attribution": (sf.attribute_risk(risk, held), "Risk by asset"),
        "return": (sf.risk.attribute_return(model, held, returns, factors), "Return by factor"),
        "several": ({"first": trials, "second": risk.covariance_}, "<h2>second</h2>"),
        "decision": (sf.portfolio.Decision(held), "25.0%"),
    }
    for name, (result, said) in results.items():
        assert said in write(result, tmp_path / f"{name}.html").read_text(encoding="utf-8"), name


@pytest.mark.parametrize("result", [3, "text", None, {}, np.ones(3), []])
def test_what_is_no_result_is_refused(result, tmp_path):
    with pytest.raises((DataTypeError, InputError), match="must be"):
        write(result, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
