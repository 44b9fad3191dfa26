"""Builds the chapters on one portfolio's risk: its parts, its tails, scenarios, and the risk against a benchmark."""

import re
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import counted
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.risk_figures import asset_risk_figure, factor_correlation_figure, factor_risk_figure
from statefolio.report.risk_overview import TAILS, money
from statefolio.report.risk_results import PortfolioRisk

MOST_WEIGHTS = 10
"""Weights shown; the others are folded."""
NO_EXPOSURE = "\u2013: residuals and loading uncertainty have no exposure."


def portfolio_chapters(found: PortfolioRisk) -> list[Chapter]:
    """Return the chapters on the portfolio: risk, value at risk, stress, and active risk if there is a benchmark."""
    chapters = [portfolio_chapter(found), tail_chapter(found), stress_chapter(found)]
    return chapters if found.active is None else [*chapters, active_chapter(found)]


def portfolio_chapter(found: PortfolioRisk) -> Chapter:
    """Return the chapter on contributions by factor and asset, exposures and weights."""
    folded = found.folded()
    exhibits = [
        Exhibit(
            "Risk by factor",
            "Contributions to the volatility with 95 % bands; they sum to it.",
            factor_risk_figure(folded),
        ),
        Exhibit("Risk by asset", "The largest contributions of the assets held.", asset_risk_figure(folded)),
        _factor_table(found),
        *_weights(found),
        Exhibit(
            "Factor correlations",
            "Forecast for the next date.",
            factor_correlation_figure(found.risk.factor_covariance_),
        ),
    ]
    out = found.risk.excluded_
    if len(out):
        exhibits.append(Exhibit("Excluded assets", "Assets without a covariance.", table=out.reset_index(), wide=True))
    lead = (
        f"For the first date after {found.risk.last_date_:%Y-%m-%d}: predicted loadings, the forecast covariance of "
        "the factors, idiosyncratic variances and the uncertainty of the loadings. Bands are 95 %, from the covariance "
        f"of the loadings. A year has {found.year:.4g} dates."
    )
    weights = found.held
    tiles = {} if found.value is None else {"Value": f"{found.value:,.0f}"}
    tiles |= {
        "Net weight": f"{weights.sum():.1%}".replace("-", "\u2212"),
        "Gross weight": f"{weights.abs().sum():.1%}",
        "Assets held": f"{len(weights):,}",
        "Assets in the covariance": f"{len(found.risk.assets_):,}",
    }
    return Chapter("Risk", lead, tuple(exhibits), tiles)


def tail_chapter(found: PortfolioRisk) -> Chapter:
    """Return the chapter on value at risk and expected shortfall."""
    table = found.tails.reset_index()
    table["distribution"] = [str(name)[:1].upper() + str(name)[1:] for name in table["distribution"]]
    shares = {name: _words(name) for name in table.columns[1:]}
    shown = table.rename(columns={"distribution": "Distribution", **shares})
    formats = dict.fromkeys(shares.values(), ".2%")
    if found.value is not None:
        for name in shares.values():
            shown[f"{name}, currency"] = shown[name] * found.value
            formats[f"{name}, currency"] = ",.0f"
    nu, draws = found.tails.attrs["degrees_of_freedom"], found.tails.attrs["draws"]
    freedom = (
        f"{nu:.1f} degrees of freedom" if np.isfinite(nu) else "no finite degrees of freedom: the model is Gaussian"
    )
    note = (
        f"Losses on the next date, positive. Expected shortfall is the mean loss beyond the value at risk. Student-t: "
        f"{freedom}. Simulated: {draws:,} draws of factors, residuals and uncertain loadings."
    )
    loss, shortfall = (
        float(found.tails.loc["simulated", f"{name}_99%"]) for name in ("value_at_risk", "expected_shortfall")
    )
    lead = (
        f"On one date in a hundred the loss exceeds {loss:.2%}{money(loss, found.value)}; it is then "
        f"{shortfall:.2%}{money(shortfall, found.value)} on average (simulated)."
    )
    return Chapter(TAILS, lead, (Exhibit("", note, table=shown, formats=formats, wide=True),))


def stress_chapter(found: PortfolioRisk) -> Chapter:
    """Return the chapter on scenarios and past episodes."""
    exhibits = []
    if found.scenarios is not None:
        exhibits.append(_scenarios("Scenarios given", found.scenarios, found.value))
    exhibits.append(_scenarios("Each factor alone", found.stress, found.value, folded=True))
    if len(found.episodes):
        exhibits.append(_episodes(found))
    worst = found.stress["return_conditional"].idxmin()
    loss = float(found.stress.loc[worst, "return_conditional"])
    lead = (
        "Returns with the current exposures; residuals are zero. Others unmoved: the other factors stay at zero. "
        "Others as expected: they move as their forecast covariance with the shocked factors implies. The worst shock "
        f"to one factor is {_minus(worst)}, with a return of {_signed(loss)}{_minus(money(loss, found.value))}."
    )
    return Chapter("Stress", lead, tuple(exhibits))


def active_chapter(found: PortfolioRisk) -> Chapter:
    """Return the chapter on the risk against the benchmark."""
    if found.active is None:
        raise ValueError("active_chapter needs a benchmark")
    active, yearly = found.active.found, np.sqrt(found.year)
    part = PortfolioRisk(found.name, None, found.risk, active, found.earned, found.tails, found.stress, found.episodes)
    folded = part.folded()
    exhibits = (
        Exhibit("Active risk by factor", "Contributions to the tracking error.", factor_risk_figure(folded)),
        Exhibit("Active risk by asset", "The largest contributions.", asset_risk_figure(folded)),
        _factor_table(part, "Active exposures and contributions"),
    )
    tiles = {
        "Tracking error a year": f"{float(active['volatility']) * yearly:.1%}",
        "Beta": f"{float(active['beta']):.2f}",
        "Volatility of the benchmark a year": f"{float(active['benchmark_volatility']) * yearly:.1%}",
        "Active share": f"{0.5 * float(np.abs(active['weight']).sum()):.0%}",
    }
    lead = (
        f"The portfolio less {found.active.benchmark}: the volatility of the difference of their returns, and what "
        "contributes to it."
    )
    return Chapter("Active risk", lead, exhibits, tiles)


def _factor_table(found: PortfolioRisk, title: str = "Exposures and contributions by factor") -> Exhibit:
    table = _readable(found.by_factor(), found.year)
    own = list(found.risk.residual_loadings_.columns)
    folded = None
    if own:
        rows = found.attribution[["contribution", "share"]].to_dataframe()[["contribution", "share"]].loc[own]
        rows["contribution"] *= 100.0 * np.sqrt(found.year)
        parts = rows.rename(columns={"contribution": "Contribution, % a year", "share": "Share of variance"})
        folded = Exhibit(
            f"{counted(len(own), 'residual factor')}, one by one",
            "Statistical factors of the residuals.",
            table=parts.rename_axis("Residual factor").reset_index(),
            formats={"Contribution, % a year": ".2f", "Share of variance": ".1%"},
        )
    formats = {"Exposure": ".2f", "Contribution, % a year": ".2f", "Share of variance": ".1%"}
    formats |= dict.fromkeys(("Its 95 % band", "95 % band of the contribution"), ">")
    note = "Contributions sum to the volatility, shares to 100 %."
    return Exhibit(title, note, table=table, formats=formats, wide=True, why_missing=NO_EXPOSURE, folded=folded)


def _readable(table: pd.DataFrame, year: float) -> pd.DataFrame:
    scale = 100.0 * np.sqrt(year)
    return pd.DataFrame(
        {
            "Factor": [str(name) for name in table.index],
            "Exposure": table["exposure"].to_numpy(),
            "Its 95 % band": _bands(table, "exposure", 1.0),
            "Contribution, % a year": scale * table["contribution"].to_numpy(),
            "95 % band of the contribution": _bands(table, "contribution", scale),
            "Share of variance": table["share"].to_numpy(),
        }
    )


def _weights(found: PortfolioRisk) -> list[Exhibit]:
    weights = found.held
    share = found.attribution["asset_share"].to_series().loc[weights.index]
    table = pd.DataFrame({"Asset": [str(name) for name in weights.index], "Weight": weights.to_numpy()})
    if found.value is not None:
        table["Value, currency"] = weights.to_numpy() * found.value
    table["Share of variance"] = share.to_numpy()
    formats = {"Weight": ".2%", "Value, currency": ",.0f", "Share of variance": ".1%"}
    rest = table.iloc[MOST_WEIGHTS:]
    folded = None
    if len(rest):
        title = f"{counted(len(rest), 'smaller weight')}, {_signed(float(rest['Weight'].sum()))} together"
        folded = Exhibit(title, table=rest, formats=formats)
    note = "The largest weights; assets without weight are left out."
    return [Exhibit("Weights", note, table=table.head(MOST_WEIGHTS), formats=formats, folded=folded)]


def _scenarios(title: str, table: pd.DataFrame, value: float | None, *, folded: bool = False) -> Exhibit:
    shown = pd.DataFrame(
        {
            "Scenario": [_minus(name) for name in table.index],
            "Shocks": [_minus(text) for text in table["shocks"]],
            "Return, others unmoved": table["return"].to_numpy(),
            "Return, others as expected": table["return_conditional"].to_numpy(),
            "Its 95 % band": _bands(table, "return_conditional", 100.0, " %"),
        }
    )
    formats = {"Return, others unmoved": "+.2%", "Return, others as expected": "+.2%", "Its 95 % band": ">"}
    if value is not None:
        shown["Others as expected, currency"] = value * table["return_conditional"].to_numpy()
        formats["Others as expected, currency"] = "+,.0f"
    small = table.index.str.contains(r" -1 standard deviation$") if folded else np.zeros(len(table), dtype=bool)
    rest = Exhibit("Shocks of one standard deviation", table=shown[small], formats=formats) if small.any() else None
    return Exhibit(title, table=shown[~small], formats=formats, wide=True, folded=rest)


def _episodes(found: PortfolioRisk) -> Exhibit:
    table, factors = found.episodes, list(found.risk.factors_)
    shown = pd.DataFrame(
        {
            "From": table["first"].to_numpy(),
            "To": table["last"].to_numpy(),
            "Return": table["return"].to_numpy(),
            "Its 95 % band": _bands(table, "return", 100.0, " %"),
        }
    )
    formats: dict[str, str] = {"Return": "+.1%", "Its 95 % band": ">"}
    if found.value is not None:
        shown["Return, currency"] = found.value * table["return"].to_numpy()
        formats["Return, currency"] = "+,.0f"
    for factor in factors:
        shown[f"{factor} factor"] = table[factor].to_numpy()
        formats[f"{factor} factor"] = "+.1%"
    note = (
        "The past weeks of the factors in which the current exposures would have lost most; factor returns compounded."
    )
    return Exhibit("Historical episodes", note, table=shown, formats=formats, wide=True)


def _bands(table: pd.DataFrame, name: str, scale: float, unit: str = "") -> list[str | None]:
    ends = (scale * table[[f"{name}_lower", f"{name}_upper"]]).to_numpy()
    return [None if np.isnan(low) else f"{low:.2f} to {high:.2f}{unit}".replace("-", "\u2212") for low, high in ends]


def _minus(text: Any) -> str:
    """Return a text in which the sign of a number is a minus."""
    return re.sub(r"(?<![\w])-(?=\d)", "\u2212", str(text))


def _signed(value: float) -> str:
    return f"{value:.2%}".replace("-", "\u2212")


def _words(name: Any) -> str:
    return (
        str(name)
        .replace("value_at_risk_", "Value at risk ")
        .replace("expected_shortfall_", "Expected shortfall ")
        .replace("%", " %")
    )
