"""Diagnoses non-stationarity: loadings that move or break, and predictions that drift."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.panel import Panel
from statefolio._arrays.types import Array
from statefolio._options import OneOf, Whole, check_options
from statefolio._plausible.reading import read_panel
from statefolio._plausible.warn import warned_once
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
from statefolio.diagnostics.fitted_panel import ensure_fitted, warn_of_excluded
from statefolio.diagnostics.options import LEVEL, SEED
from statefolio.exceptions import InputError
from statefolio.loadings.alignment import find_positions, order_factors
from statefolio.loadings.base import LoadingsModel

RULES = {
    "level": LEVEL,
    "volatility": OneOf("local", "constant", "model"),
    "block": Whole(at_least=2, example=50),
    "least": Whole(at_least=30, example=250),
    "breaks": Whole(at_least=1, example=3),
    "draws": Whole(at_least=200, example=1000),
    "panels": Whole(at_least=200, example=600),
    "seed": SEED,
}


@warned_once()
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
    """Test whether loadings are constant, date their breaks, and test whether the model's predictions drift.

    Parameters
    ----------
    model : LoadingsModel
        Its innovations are cumulated, and its intercept and factors are used by all tests. An unfitted model is
        cloned and fitted.
    returns, factors : DataFrame
        All or some of the dates and assets of the model's results.
    level : float
        Level of each test, and false discovery rate.
    volatility : {"local", "constant", "model"}
        Scale by which returns are divided before loadings are tested: residual volatility around each date
        (`local_volatility.py`), a constant, or the model's predicted standard deviation. With "constant", tests
        reject far too often if volatility changes.
    block : int
        Dates that are condensed into one step of a random walk. Breaks are searched between blocks, then dated to the
        day.
    least : int
        Least number of returns of an asset.
    breaks : int
        Most breaks of an asset.
    draws, panels : int
        Draws of each simulated null distribution; assets in the panels simulated for the likelihood ratio.
    seed : int
        Seed of all random numbers.

    Returns
    -------
    Diagnosis
        Of "non-stationarity", with the findings below. The p-value of a panel is Simes', the smallest
        Benjamini-Hochberg value; a panel of constant loadings is rejected with probability `level`.

        * "moving loadings": likelihood ratio by asset and factor (`likelihood_ratio.py`). Table: asset, factor,
          likelihood_ratio, p_value, q_value (Benjamini-Hochberg), q_value_any (Benjamini-Yekutieli, for any
          dependence between assets), state_variance (of the loading's step per date), moves.
        * "unstable loadings": Nyblom's test by asset and factor. Table: similar.
        * "unstable assets": Nyblom's test of all loadings of an asset. Table: one row per asset.
        * "breaks": sup-Wald test. Table: one row per asset.
        * "what moved": loadings before and after each break, with robust standard errors. The break was searched for,
          so t statistics only compare factors; they are not tests.
        * "breaks by month": number of assets that break in each month.
        * "cusum", "cusum of squares": of standardised innovations. Tables: one row per asset.

    Raises
    ------
    InputError
        If an option is invalid, a factor is constant, or no asset can be tested.

    Examples
    --------
    The loading of one of four simulated assets doubles in the middle of the sample:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> rng, dates = np.random.default_rng(0), pd.bdate_range("2020-01-01", periods=600)
    >>> factors = pd.DataFrame({"market": rng.normal(0, 0.01, 600)}, index=dates)
    >>> beta = np.ones((600, 4))
    >>> beta[300:, 0] = 2.0
    >>> returns = pd.DataFrame(beta * factors.to_numpy() + rng.normal(0, 0.01, (600, 4)), dates, list("ABCD"))
    >>> diagnosis = sf.diagnostics.diagnose_change(
    ...     sf.RollingLoadings(60), returns, factors, draws=200, panels=200)
    >>> moving = diagnosis["moving loadings"].table
    >>> moving.query("moves")[["asset", "factor"]].to_numpy().tolist()
    [['A', 'market']]
    >>> changed = diagnosis["what moved"].table.query("asset == 'A' and factor == 'market'").iloc[0]
    >>> print(f"{changed['before']:.1f} to {changed['after']:.1f} in {changed['date']:%Y-%m}")
    1.0 to 1.9 in 2021-02
    """
    options = {"level": level, "volatility": volatility, "block": block, "least": least, "breaks": breaks}
    check_options(options | {"draws": draws, "panels": panels, "seed": seed}, RULES)
    model = ensure_fitted(model, returns, factors)
    panel = order_factors(read_panel(returns, factors, model.intercept), model.factors_)
    z, deviation = _standardised(model, panel)
    X, Y = panel.regressors, panel.returns
    sigma = deviation if volatility == "model" else noise_deviation(X, Y, volatility)
    reasons = exclusion_reasons(X, Y, sigma, block, least)
    kept = np.flatnonzero(reasons == "")
    if kept.size == 0:
        raise InputError(
            f"returns must have at least one asset that can be tested, got {len(reasons)} that cannot (first: "
            f"{panel.assets[0]!r}, {reasons[0]}). Pass more dates, or lower least and block."
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
    warn_of_excluded(excluded)
    return Diagnosis("non-stationarity", findings, excluded)


def _standardised(model: LoadingsModel, panel: Panel) -> tuple[Array, Array]:
    """The model's standardised innovations and their standard deviations, on the panel's dates and assets."""
    found = model.innovations_
    rows = find_positions(model.dates_, panel.dates, "date")
    columns = find_positions(model.assets_, panel.assets, "asset")
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
    """Return one row per asset and factor, from arrays (K, N)."""
    names = {"asset": np.repeat(assets.to_numpy(), len(factors)), "factor": np.tile(factors.to_numpy(), len(assets))}
    return pd.DataFrame(names | {name: array.T.ravel() for name, array in values.items()})
