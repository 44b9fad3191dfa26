"""Scores covariance forecasts: bias statistic, QLIKE, coverage and probability integral transforms."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._display.summary import SummaryTable
from statefolio._options import Number, check
from statefolio.exceptions import InputError
from statefolio.validation.covariance_forecast import Covariance, CovarianceForecast, read_forecasts
from statefolio.validation.equal_accuracy import standard_error, warn_if_few
from statefolio.validation.portfolios import MINIMUM, gather_portfolios
from statefolio.validation.probability import LEVELS, coverage_by_column, probabilities, uniformity
from statefolio.validation.showing import ShownCovarianceScores


@dataclass(frozen=True, eq=False, repr=False)
class CovarianceScores(ShownCovarianceScores):
    """Scores of covariance forecasts against realised returns.

    Attributes
    ----------
    by_date : DataFrame
        Number of `assets` scored; `qlike` = (log det S + r' S^-1 r) / N of returns in decimals; `distance` =
        r' S^-1 r / N, with mean 1 for a correct forecast.
    standardised, probability : DataFrame (date x portfolio)
        Portfolio returns over their forecast volatility, and their probability integral transforms.
    standardised_assets : DataFrame (date x asset)
        Returns of single assets over their forecast volatility.
    portfolios, assets : DataFrame
        One row per portfolio or asset: `kind`, `dates`, `bias` (standard deviation of the standardised returns), its
        `standard_error` (robust to fat tails and clustering), `lower` and `upper`, which contain 95 % of the biases
        of a correct Gaussian forecast (1 -+ root of 2/T), `inside`, and coverage of the central 90, 95 and 99 %
        intervals.
    uniformity : DataFrame
        Tests of the portfolios' integral transforms, from `uniformity`.
    degrees_of_freedom : float
        Of the distribution of intervals and transforms; infinite is Gaussian.
    volatility : DataFrame (date x portfolio)
        Forecast volatility; times `standardised` it is the return of the assets observed.

    References
    ----------
    Menchero, Morozov and Pasqua (2013), on the bias statistic, in The Barra US Equity Model (USE4), appendix;
    Patton (2011), Journal of Econometrics 160, on QLIKE.
    """

    by_date: pd.DataFrame
    standardised: pd.DataFrame
    probability: pd.DataFrame
    standardised_assets: pd.DataFrame
    portfolios: pd.DataFrame
    assets: pd.DataFrame
    uniformity: pd.DataFrame
    degrees_of_freedom: float
    volatility: pd.DataFrame

    def summary(self) -> SummaryTable:
        """Return one row per kind of portfolio and one for single assets: mean scores, and the QLIKE of all assets."""
        found = {str(kind): _means(part) for kind, part in self.portfolios.groupby("kind", sort=False)}
        found["single assets"] = _means(self.assets.dropna(subset="bias"))
        table = pd.DataFrame(found).T.rename_axis("kind")
        table = table.assign(qlike=self.by_date["qlike"].mean(), distance=self.by_date["distance"].mean())
        notes = ["Bias is realised over forecast volatility: above 1, risk was underestimated."]
        facts = {"Dates": f"{len(self.by_date):,}"}
        formats = {"bias": ",.2f", "largest_bias": ",.2f", "least_bias": ",.2f", "count": ",.0f"}
        return SummaryTable(table, "Covariance forecasts against realised returns", facts, notes, formats)


def score_covariances(
    forecasts: Any,
    returns: Any,
    portfolios: Any = None,
    random_portfolios: int = 100,
    degrees_of_freedom: float = np.inf,
    seed: int = 0,
) -> CovarianceScores:
    """Score a sequence of covariance forecasts against realised returns.

    Parameters
    ----------
    forecasts : mapping from date to DataFrame (asset x asset) or CovarianceForecast
        A forecast is for its date and later dates until the next forecast. To be out of sample, it may use data before
        its date only.
    returns : DataFrame (T dates, N assets)
        If returns are missing on a date, the forecast of the other assets is scored. Assets without a forecast are
        not scored.
    portfolios : DataFrame (portfolio x asset) or mapping from name to Series, optional
        Portfolios to score in addition to equal weights, random portfolios, and the forecast's unconstrained
        minimum-variance portfolio, which is most sensitive to errors of the forecast.
    random_portfolios : int
        Number of random portfolios of each of two kinds, long-only and long-short.
    degrees_of_freedom : float
        Of a Student-t distribution of the standardised returns; default Gaussian.
    seed : int
        Seed of the random portfolios.

    Returns
    -------
    CovarianceScores

    Raises
    ------
    InputError
        If a forecast is not positive definite, or none is for a date of the returns.

    Examples
    --------
    The covariance of 2014 and 2015 underestimates the volatility of 2020:

    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> forecast = {"2020-01-02": demo.returns.loc["2014":"2015"].cov()}
    >>> scores = sf.validation.score_covariances(forecast, demo.returns.loc["2020"], random_portfolios=10)
    >>> print(f"{scores.portfolios.loc['equal weight', 'bias']:.2f}")  # 1 is right
    2.57
    >>> print(f"{scores.summary().loc['single assets', 'coverage_95%']:.0%}")
    78%
    """
    check("degrees_of_freedom", degrees_of_freedom, Number(above=2.0, infinite=True, example=5.0))
    dated = read_forecasts(forecasts)
    values, dates, assets = read_values(returns, "returns")
    weights, kinds = gather_portfolios(portfolios, assets, random_portfolios, seed)
    by_date = np.full((len(dates), 3), np.nan)
    z, volatility = (np.full((len(dates), len(weights) + 1), np.nan) for _ in range(2))
    z_assets = np.full(values.shape, np.nan)
    for first, last, forecast in _forecast_rows(dated, dates):
        places = assets.get_indexer(forecast.assets)
        known = places >= 0
        covariance = forecast.covariance if known.all() else forecast.covariance.select(known)
        _score_block(
            first, last, places[known], covariance, values, weights.to_numpy(), (by_date, z, z_assets, volatility)
        )
    scored = np.isfinite(by_date[:, 1])
    if not scored.any():
        raise InputError(
            f"forecasts must be for dates and assets of returns, got none (forecasts from {show(next(iter(dated)))}, "
            f"returns until {show(dates[-1])}). Check dates and names."
        )
    warn_if_few(int(np.count_nonzero(scored)), "forecasts")
    kinds = pd.concat([kinds, pd.Series([MINIMUM], index=[MINIMUM])])
    at = dates[scored].rename("date")
    daily = pd.DataFrame(by_date[scored], index=at, columns=["assets", "qlike", "distance"]).astype({"assets": int})
    standardised = pd.DataFrame(z[scored], index=at, columns=kinds.index)
    of_assets = pd.DataFrame(z_assets[scored], index=at, columns=assets)
    ahead = pd.DataFrame(volatility[scored], index=at, columns=kinds.index)
    return _scores(daily, standardised, of_assets, kinds, float(degrees_of_freedom), ahead)


def _forecast_rows(
    dated: dict[pd.Timestamp, CovarianceForecast], dates: pd.DatetimeIndex
) -> Iterator[tuple[int, int, CovarianceForecast]]:
    """Yield the rows [first, last) of each forecast."""
    starts = [*dates.searchsorted(pd.DatetimeIndex(list(dated))), len(dates)]
    for place, forecast in enumerate(dated.values()):
        if starts[place] < starts[place + 1]:
            yield int(starts[place]), int(starts[place + 1]), forecast


def _score_block(
    first: int,
    last: int,
    places: Any,
    covariance: Covariance,
    values: Array,
    weights: Array,
    into: tuple[Array, Array, Array, Array],
) -> None:
    """Score the dates of one forecast, grouped by the assets observed."""
    by_date, z, z_assets, volatility = into
    block = values[first:last][:, places]
    observed = np.isfinite(block)
    patterns, which = np.unique(observed, axis=0, return_inverse=True)
    for number, seen in enumerate(patterns):
        count = int(seen.sum())
        if count == 0:
            continue
        rows = first + np.flatnonzero(which.ravel() == number)
        margin = covariance if seen.all() else covariance.select(seen)
        r = values[np.ix_(rows, places[seen])]
        w = np.vstack([weights[:, places[seen]], margin.solve(np.ones(count))])
        distance = (r * margin.solve(r)).sum(axis=1) / count
        by_date[rows, 0] = count
        by_date[rows, 1] = margin.log_determinant / count + distance
        by_date[rows, 2] = distance
        with np.errstate(invalid="ignore"):
            volatility[rows] = np.sqrt(np.where(np.any(w != 0.0, axis=1), margin.variance(w), np.nan))
            z[rows] = (r @ w.T) / volatility[rows]
        z_assets[np.ix_(rows, places[seen])] = r / np.sqrt(margin.asset_variance)


def _scores(
    daily: pd.DataFrame, z: pd.DataFrame, z_assets: pd.DataFrame, kinds: pd.Series, nu: float, volatility: pd.DataFrame
) -> CovarianceScores:
    one = np.ones(())
    u = pd.DataFrame(probabilities(z.to_numpy(), one, nu), index=z.index, columns=z.columns)
    u_assets = probabilities(z_assets.to_numpy(), one, nu)
    portfolios = _bias_table(z.to_numpy(), u.to_numpy(), z.columns)
    portfolios.insert(0, "kind", kinds)
    return CovarianceScores(
        by_date=daily,
        standardised=z,
        probability=u,
        standardised_assets=z_assets,
        portfolios=portfolios.rename_axis("portfolio"),
        assets=_bias_table(z_assets.to_numpy(), u_assets, z_assets.columns).rename_axis("asset"),
        uniformity=uniformity(u),
        degrees_of_freedom=nu,
        volatility=volatility,
    )


def bias_statistic(standardised: Any) -> tuple[float, float, float]:
    """Compute the bias statistic, its robust standard error, and half the width of Barra's interval.

    Parameters
    ----------
    standardised : array (T,)
        Returns over their forecast volatility; NaN are left out.

    Returns
    -------
    bias, standard_error, half_width : float
        Standard deviation of the standardised returns; its standard error by the delta method from that of the mean
        squared deviation (Bartlett); and the root of 2/T, for Gaussian returns. NaN for fewer than two returns.
    """
    z = np.asarray(standardised, dtype=np.float64)
    z = z[np.isfinite(z)]
    if len(z) < 2:
        return np.nan, np.nan, np.nan
    bias = float(z.std(ddof=1))
    error = standard_error((z - z.mean()) ** 2) / (2.0 * bias) if bias > 0.0 else np.nan
    return bias, error, float(np.sqrt(2.0 / len(z)))


def _bias_table(z: Array, probability: Array, names: pd.Index) -> pd.DataFrame:
    found = np.array([bias_statistic(column) for column in z.T]).reshape(-1, 3)
    bias, half = found[:, 0], found[:, 2]
    table = pd.DataFrame({"dates": np.isfinite(z).sum(axis=0), "bias": bias}, index=names)
    table["standard_error"] = found[:, 1]
    table["lower"], table["upper"] = 1.0 - half, 1.0 + half
    table["inside"] = pd.array(np.abs(bias - 1.0) <= half, dtype="boolean")
    table.loc[np.isnan(bias), "inside"] = pd.NA
    for level, covered in zip(LEVELS, coverage_by_column(probability), strict=True):
        table[f"coverage_{level:.0%}"] = covered
    return table


def _means(table: pd.DataFrame) -> pd.Series:
    columns = ["bias", *[name for name in table.columns if str(name).startswith("coverage")]]
    found = table[columns].astype(np.float64).mean()
    found["largest_bias"], found["least_bias"] = table["bias"].max(), table["bias"].min()
    found["share_inside"] = table["inside"].astype(np.float64).mean()
    found["count"] = len(table)
    return found
