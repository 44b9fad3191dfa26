"""Non-stationarity: which loadings move, when they break, whether the model still predicts."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.panel import Panel, make_panel
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.diagnostics.change.break_findings import break_findings
from statefolio.diagnostics.change.cusum import Cusum, cusum, cusum_of_squares
from statefolio.diagnostics.change.discoveries import add_q_values, discovery_finding
from statefolio.diagnostics.change.stability import (
    Stability,
    TestOptions,
    assess_stability,
    exclusion_reasons,
    noise_deviation,
)
from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.diagnostics.fitted_panel import check_count, check_level, ensure_fitted
from statefolio.exceptions import InputError
from statefolio.loadings.alignment import in_order, places
from statefolio.loadings.base import LoadingsModel

VOLATILITY = ("local", "constant", "model")


def diagnose_change(
    model: LoadingsModel,
    returns: Any,
    factors: Any,
    level: float = 0.05,
    *,
    volatility: str = "local",
    block: int = 50,
    least: int = 250,
    breaks: int = 3,
    draws: int = 1000,
    panels: int = 600,
    seed: int = 0,
) -> Diagnosis:
    """Test whether loadings are constant, find where they break, and whether the model's predictions drift.

    Parameters
    ----------
    model : LoadingsModel
        Its innovations are cumulated, its intercept and factors are those of the tests. One that is not fitted is
        cloned and fitted here.
    returns, factors : DataFrame
        Dates and assets that the model's results hold, all or some of them.
    level : float
        Of each test, and of the false discovery rate.
    volatility : {"local", "constant", "model"}
        What returns are divided by before loadings are tested: residual volatility around each date
        (`local_volatility.py`), nothing, or the model's predicted standard deviation. Tests that take changing
        volatility for constant reject far too often.
    block : int
        Dates that are condensed into one step of a walk; breaks are found between blocks, then dated to the day.
    least : int
        Returns an asset needs.
    breaks : int
        Most breaks that are looked for in an asset.
    draws, panels : int
        Draws of each simulated law; assets in the panels drawn for the likelihood ratio.
    seed : int

    Returns
    -------
    Diagnosis
        Of "non-stationarity", with these findings; p-values of a panel are Simes', the least
        Benjamini-Hochberg value, and reject a panel of constant loadings in `level` of cases.

        * "moving loadings": likelihood ratio, asset and factor (`moving.py`). Table: asset, factor,
          likelihood_ratio, p_value, q_value (Benjamini-Hochberg), q_value_any (Benjamini-Yekutieli: assets may depend
          on each other in any way), state_variance (of the loading's step a date), moves.
        * "unstable loadings": Nyblom's test, asset and factor. Table: likewise.
        * "unstable assets": Nyblom's test of all loadings of an asset. Table: an asset a row.
        * "breaks": sup-Wald, an asset a row.
        * "what moved": loadings on both sides of every break, with robust standard errors. After a search: t
          statistics compare factors, they are no tests.
        * "breaks by month": how many assets broke in each.
        * "cusum", "cusum of squares": of standardised innovations, an asset a row.

    Raises
    ------
    InputError
        If an option cannot be used, a factor is constant, or no asset can be tested.
    """
    level = check_level(level)
    _check_options(volatility, block, least, breaks, draws, panels)
    seed = check_count(seed, "seed", 0)
    model = ensure_fitted(model, returns, factors)
    panel = in_order(make_panel(returns, factors, model.intercept), model.factors_)
    z, deviation = _standardised(model, panel)
    X, Y = panel.regressors, panel.returns
    sigma = deviation if volatility == "model" else noise_deviation(X, Y, volatility)
    reasons = exclusion_reasons(X, Y, sigma, block, least)
    kept = np.flatnonzero(reasons == "")
    if kept.size == 0:
        raise InputError(
            f"none of the {len(reasons)} assets can be tested ({reasons[0]}); at least one was expected. Pass longer "
            "histories, or lower least and block."
        )
    assets = panel.assets[kept]
    plan = TestOptions(block, draws, panels, breaks, seed)
    found = assess_stability(X, np.ascontiguousarray(Y[:, kept]), np.ascontiguousarray(sigma[:, kept]), plan)
    findings = (
        *_loading_findings(found, assets, panel.factors, level),
        *break_findings(found, assets, panel, level, breaks),
        _cusum_finding("cusum", cusum(z[:, kept]), assets, panel.dates, level),
        _cusum_finding("cusum of squares", cusum_of_squares(z[:, kept]), assets, panel.dates, level),
    )
    left_out = np.flatnonzero(reasons != "")
    excluded = pd.DataFrame({"reason": reasons[left_out]}, index=panel.assets[left_out].rename("asset"), dtype=str)
    return Diagnosis("non-stationarity", findings, excluded)


def _check_options(volatility: Any, block: Any, least: Any, breaks: Any, draws: Any, panels: Any) -> None:
    if volatility not in VOLATILITY:
        raise InputError(
            f"volatility={volatility!r}; one of {listed(list(VOLATILITY))} was expected. Pass one of them."
        )
    whole = {"block": (block, 2), "least": (least, 30), "breaks": (breaks, 1), "draws": (draws, 200)}
    for name, (value, smallest) in (whole | {"panels": (panels, 200)}).items():
        if not is_whole(value) or value < smallest:
            raise InputError(f"{name}={value!r}; a whole number of at least {smallest} was expected.")


def _standardised(model: LoadingsModel, panel: Panel) -> tuple[Array, Array]:
    """The model's standardised innovations and their standard deviations, on the panel's dates and assets."""
    found = model.innovations_
    rows, columns = places(model.dates_, panel.dates, "date"), places(model.assets_, panel.assets, "asset")
    deviation = np.sqrt(found["innovation_variance"].to_numpy()[np.ix_(rows, columns)])
    innovation = found["innovation"].to_numpy()[np.ix_(rows, columns)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isnan(panel.returns), np.nan, innovation / deviation), deviation


def _loading_findings(found: Stability, assets: pd.Index, factors: pd.Index, level: float) -> tuple[Finding, ...]:
    moving = found.moving
    ratio = _pairs(assets, factors, {"likelihood_ratio": moving.ratio, "p_value": moving.p_value})
    ratio = add_q_values(ratio, level).assign(
        state_variance=moving.state_variance.T.ravel(), converged=np.repeat(moving.converged, len(factors))
    )
    single = _pairs(assets, factors, {"nyblom": found.nyblom.single, "p_value": found.nyblom_p_value})
    joint = pd.DataFrame({"asset": assets, "nyblom": found.nyblom.joint, "p_value": found.joint_p_value})
    return (
        discovery_finding("moving loadings", ratio, "loadings move (likelihood ratio)", level),
        discovery_finding("unstable loadings", add_q_values(single, level), "loadings move (Nyblom)", level),
        discovery_finding(
            "unstable assets", add_q_values(joint, level), "assets have loadings that move (Nyblom)", level
        ),
    )


def _cusum_finding(name: str, found: Cusum, assets: pd.Index, dates: pd.DatetimeIndex, level: float) -> Finding:
    table = pd.DataFrame(
        {
            "asset": assets,
            "innovations": found.innovations.astype(int),
            "statistic": found.statistic,
            "p_value": found.p_value,
            "date": dates[found.worst],
        }
    )
    what = "the level" if name == "cusum" else "the spread"
    return discovery_finding(name, add_q_values(table, level), f"assets have innovations of which {what} drifts", level)


def _pairs(assets: pd.Index, factors: pd.Index, values: dict[str, Array]) -> pd.DataFrame:
    """A row an asset and factor of arrays (K, N)."""
    names = {"asset": np.repeat(assets.to_numpy(), len(factors)), "factor": np.tile(factors.to_numpy(), len(assets))}
    return pd.DataFrame(names | {name: array.T.ravel() for name, array in values.items()})
