"""The job of `risk`: a portfolio's risk by factor, the four failures, the validation, and one folder."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from statefolio.commands.inputs import PanelInputs, read_panel
from statefolio.commands.loadings.job import split
from statefolio.commands.noted_warnings import noted_warnings
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.progress import Progress
from statefolio.commands.risk.checks import ROLLING_WINDOW, Checks, check_model
from statefolio.commands.risk.options import RiskOptions
from statefolio.commands.risk.portfolio_inputs import (
    PortfolioInputs,
    check_assets,
    check_groups,
    check_numbers,
    read_portfolio,
)
from statefolio.commands.risk.tables import write_tables
from statefolio.commands.warming.ahead import compiling_ahead
from statefolio.kalman.tuned_before import remembering_tunings
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings
from statefolio.report import write_report
from statefolio.report.loadings_overview import data_light
from statefolio.report.ranking_chapter import ranking_chapter
from statefolio.report.risk_chapters import risk_chapters
from statefolio.report.risk_overview import risk_answer, risk_lights, risk_tiles
from statefolio.report.risk_results import ActiveRisk, PortfolioRisk
from statefolio.risk.active import active_risk
from statefolio.risk.attribution import attribute_return, attribute_risk
from statefolio.risk.factor_risk import FactorRisk

FILES = frozenset(
    {
        "active_risk.csv",
        "asset_risk.csv",
        "covariance.parquet",
        "exposures.csv",
        "factor_covariance.csv",
        "failures.csv",
        "model-new-loadings.parquet",
        "model-update.html",
        "model.statefolio",
        "model.statefolio.backup",
        "portfolio_risk.csv",
        "report.html",
        "return_attribution.csv",
        "stress.csv",
        "summary.json",
        "validation.csv",
        "value_at_risk.csv",
    }
)
TITLE = "Factor risk"


@dataclass(frozen=True)
class RiskInputs:
    """Returns and factors, and the portfolio."""

    panel: PanelInputs
    portfolio: PortfolioInputs


@dataclass(frozen=True)
class RiskResult:
    """A portfolio's risk and the checks of the model, with the folder they were written to."""

    folder: Path
    found: PortfolioRisk
    checks: Checks
    test_from: pd.Timestamp


def read_risk_inputs(options: RiskOptions) -> RiskInputs:
    """Read the files."""
    portfolio = read_portfolio(options)
    return RiskInputs(read_panel(options.files), portfolio)


def run_risk(inputs: RiskInputs, options: RiskOptions, progress: Progress) -> RiskResult:
    """Fit, attribute, diagnose, validate, and write the folder whole or not at all."""
    returns, factors, weights = inputs.panel.returns, inputs.panel.factors, inputs.portfolio.weights
    output = options.output
    check_assets(weights, pd.Index(returns.columns))
    if inputs.portfolio.benchmark is not None:
        check_assets(inputs.portfolio.benchmark, pd.Index(returns.columns), "--benchmark")
    check_numbers(inputs.portfolio, options.weights_sum, factors.columns)
    if inputs.portfolio.groups is not None:
        check_groups(inputs.portfolio.groups, pd.Index(returns.columns))
    with (
        whole_folder(output.out, FILES, overwrite=output.overwrite) as folder,
        compiling_ahead(progress, "filter", "risk"),
        remembering_tunings(),
        noted_warnings() as warned,
    ):
        tune_until, test_from = split(pd.DatetimeIndex(returns.index), options.dates)
        loadings = KalmanLoadings(tuning=options.tuning, progress=progress)
        risk = FactorRisk(loadings, groups=inputs.portfolio.groups).fit(returns, factors, tune_until=tune_until)
        risk.model_.set_params(progress=None)
        risk.model_.notes_ = {"risk_free": options.files.risk_free or ""}
        for asset, reason in risk.excluded_["reason"].items():
            progress.say(f"  excluded: {asset}: {reason}")
        found = measure(risk, inputs, options.weights_sum)
        checks = Checks()
        if not options.quick:
            checks = check_model(risk, (returns, factors), weights, options, test_from, progress)
        progress("writing", 0, 2)
        write_tables(folder, found, checks, dense=options.dense)
        progress("writing", 1, 2)
        chapters = risk_chapters(found, checks.diagnoses, checks.validation, checks.forecasts, checks.rivals)
        if not options.quick:
            chapters.append(ranking_chapter(returns, factors, test_from))
        lights = risk_lights(found, checks.diagnoses, checks.validation, checks.forecasts)
        write_report(
            folder / "report.html",
            None if options.quick else risk.model_,
            other=None if options.quick else RollingLoadings(window=ROLLING_WINDOW).fit(returns, factors),
            other_name=f"rolling OLS, {ROLLING_WINDOW} dates",
            reading=_facts(inputs, options, warned),
            options={
                "tuned until": tune_until,
                **({} if options.quick else {"test from": test_from, "dates between forecasts": options.refit_every}),
            },
            suspicious=inputs.panel.suspicious,
            lead=risk_answer(found),
            tiles=risk_tiles(found),
            lights=[*lights, data_light(inputs.panel.suspicious)],
            chapters=chapters,
            title=f"{TITLE}: {found.name}",
        )
        progress("writing", 2, 2)
    return RiskResult(output.out, found, checks, test_from)


def measure(risk: FactorRisk, inputs: RiskInputs, weights_sum: float | None = None) -> PortfolioRisk:
    """Measure the portfolio's risk with a fitted model."""
    portfolio, weights = inputs.portfolio, inputs.portfolio.weights
    returns, factors = inputs.panel.returns, inputs.panel.factors
    attribution = attribute_risk(risk, weights, weights_sum)
    active = None
    if portfolio.benchmark is not None:
        active = ActiveRisk(portfolio.benchmark_name, active_risk(risk, weights, portfolio.benchmark))
    return PortfolioRisk(
        name=portfolio.name,
        value=portfolio.value,
        risk=risk,
        attribution=attribution,
        earned=attribute_return(risk.model_, _weights_where_observed(weights, returns), returns, factors),
        tails=risk.value_at_risk(weights),
        stress=risk.stress(weights),
        episodes=risk.episodes(weights, factors, window=min(21, len(factors))),
        scenarios=risk.stress(weights, portfolio.scenarios) if portfolio.scenarios else None,
        active=active,
    )


def _weights_where_observed(weights: "pd.Series[float]", returns: pd.DataFrame) -> pd.DataFrame:
    """The weights by date, zero where an asset's return is missing."""
    given = weights.reindex(returns.columns, fill_value=0.0)
    return returns.notna().astype(float) * given


def _facts(inputs: RiskInputs, options: RiskOptions, warned: list[str]) -> dict[str, object]:
    groups = "none" if options.groups is None else options.groups.name
    notes = " ".join([*inputs.panel.notes, *warned])
    benchmark = options.portfolio.benchmark
    facts = {"weights": options.weights.name, "benchmark": "none" if benchmark is None else benchmark.name}
    return {**inputs.panel.facts, **facts, "groups": groups, "notes": notes}
