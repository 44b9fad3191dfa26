"""Tests one basket for cointegration, with statsmodels and arch.

| test | null | source |
| --- | --- | --- |
| Johansen | at most r stationary combinations | Johansen 1991, Econometrica 59 |
| Engle-Granger | the residual of x_1 on the others has a unit root | Engle and Granger 1987, Econometrica 55 |
| augmented Dickey-Fuller | a unit root | Said and Dickey 1984, Biometrika 71 |
| KPSS | stationary | Kwiatkowski and others 1992, Journal of Econometrics 54 |
| variance ratio | a random walk | Lo and MacKinlay 1988, Review of Financial Studies 1 |

A basket that is not cointegrated is a result, not an error. So is one of assets whose prices are so much alike that
the tests of Johansen and Engle and Granger are rounding error: their outcome is "cannot be told apart", their numbers
are NaN, and a warning has the condition number.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._options import Flag, OneOf, Whole, check_options, is_whole
from statefolio._plausible.warn import warn_caller
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.cointegration.mackinnon import MOST_SERIES
from statefolio.pairs.cointegration.results import CointegrationTests, EngleGrangerTest, JohansenTest, SeriesTest
from statefolio.pairs.cointegration.unit_root import half_life
from statefolio.pairs.johansen import Johansen, johansen, usual_units
from statefolio.pairs.prices import MOST_ALIKE, Basket, check_testable, condition_number, read_basket

Gaps = Literal["refuse", "drop"]

HORIZONS = (2, 5, 10, 20)
RULES = {"lags": Whole(at_least=0, example=1), "logs": Flag(), "gaps": OneOf("refuse", "drop")}
_CRITICAL = (10, 5, 1)


def cointegration_tests(
    prices: Any,
    assets: Sequence[Any] | None = None,
    *,
    lags: int = 1,
    horizons: Sequence[int] = HORIZONS,
    logs: bool = False,
    gaps: Gaps = "refuse",
) -> CointegrationTests:
    """Run the usual tests of cointegration, unit roots and mean reversion on one basket.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        The others hedge the first asset.
    assets : sequence of names, optional
        The basket, if `prices` has more columns: two to six names, the hedged asset first.
    lags : int
        Lagged differences in Johansen's model. The other tests choose their lags from the data.
    horizons : sequence of int
        Horizons of the variance ratio in dates, each at least 2.
    logs : bool
        Test the logarithms of the prices.
    gaps : {"refuse", "drop"}
        Treatment of dates on which an asset has no price: raise an error, or leave the date out and count it in
        `dropped`. Gaps are never filled.

    Returns
    -------
    CointegrationTests
        Its `johansen.outcome` and `engle_granger.outcome` say what the tests find. For prices that are equal but for a
        little noise they are "cannot be told apart", with a warning.

    Raises
    ------
    InputError
        For constant or collinear prices, too few dates, or gaps without `gaps="drop"`.
    UnknownNameError
        For assets that are not in `prices`.

    Examples
    --------
    The prices of Chevron and Exxon move together, but no test finds a stationary combination of them:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> tests = sf.pairs.cointegration_tests(prices)
    >>> tests.johansen.rank
    0
    >>> f"Engle-Granger p = {tests.engle_granger.p_value:.2f}"
    'Engle-Granger p = 0.20'
    >>> f"half-life of the spread: {tests.half_life.table.loc['spread', 'half_life']:.0f} dates"
    'half-life of the spread: 75 dates'
    """
    check_options({"lags": lags, "logs": logs, "gaps": gaps}, RULES)
    horizons = _checked_horizons(horizons)
    basket, dropped = _read(prices, assets, logs, gaps)
    _check_size(basket, lags, max(horizons))
    johansen = _johansen(basket, lags)
    spread = pd.Series(basket.values @ johansen.eigenvectors[0].to_numpy(), index=basket.dates, name="spread")
    series = {str(name): basket.values[:, j] for j, name in enumerate(basket.assets)}
    series["spread"] = spread.to_numpy()
    return CointegrationTests(
        johansen=johansen,
        engle_granger=_engle_granger(basket),
        adf=SeriesTest("Augmented Dickey-Fuller", "a unit root", _each(series, _adf)),
        kpss=SeriesTest("KPSS", "stationary", _each(series, _kpss)),
        variance_ratio=SeriesTest("Variance ratio", "a random walk", _variance_ratios(series, horizons)),
        half_life=SeriesTest("Half-life", "none: an Ornstein-Uhlenbeck fit, in dates", _each(series, _reversion)),
        spread=spread,
        dates=len(basket.dates),
        dropped=dropped,
    )


def johansen_test(prices: Any, *, lags: int = 1, logs: bool = False, gaps: Gaps = "refuse") -> JohansenTest:
    """Run Johansen's test of two to twelve assets, with a constant; see `cointegration_tests` for the options."""
    check_options({"lags": lags, "logs": logs, "gaps": gaps}, RULES)
    basket, _ = _read(prices, None, logs, gaps, most=12)
    _check_size(basket, lags, 0)
    return _johansen(basket, lags)


def engle_granger_test(prices: Any, *, logs: bool = False, gaps: Gaps = "refuse") -> EngleGrangerTest:
    """Run Engle and Granger's test with each asset hedged in turn; see `cointegration_tests` for the options."""
    check_options({"lags": 0, "logs": logs, "gaps": gaps}, RULES)
    basket, _ = _read(prices, None, logs, gaps)
    _check_size(basket, 0, 0)
    return _engle_granger(basket)


def _read(
    prices: Any, assets: Sequence[Any] | None, logs: bool, gaps: Gaps, most: int = MOST_SERIES
) -> tuple[Basket, int]:
    """Return the basket on its complete dates, and the number of incomplete ones."""
    if isinstance(assets, str):
        raise DataTypeError(f"assets must be a list of names, got {shown(assets)}. Pass assets=[{assets!r}, ...].")
    basket = read_basket(
        prices, logs=logs, known=None if assets is None else pd.Index(list(assets), tupleize_cols=False)
    )
    if len(basket.assets) > most:
        raise InputError(
            f"prices must have at most {most} assets, for which there are critical values, got {len(basket.assets)}. "
            "Select fewer columns."
        )
    known: NDArray[np.bool_] = np.asarray(np.isfinite(basket.values).all(axis=1))
    missing = int(np.count_nonzero(~known))
    if missing and gaps == "refuse":
        raise InputError(
            f"prices must have a price of every asset on every date, got {missing} of {len(known)} dates without one "
            f"(first: {show(basket.dates[~known][0])}). Pass gaps='drop' to leave these dates out."
        )
    check_testable(basket)
    return Basket(basket.values[known], basket.dates[known], basket.assets), missing


def _checked_horizons(horizons: Sequence[int]) -> list[int]:
    found = list(horizons)
    if not found or not all(is_whole(horizon) and horizon >= 2 for horizon in found):
        raise InputError(
            f"horizons must be whole numbers of at least 2, got {shown(horizons)}. Pass e.g. horizons=[2, 5, 10]."
        )
    return found


def _check_size(basket: Basket, lags: int, horizon: int) -> None:
    count, assets = len(basket.dates), len(basket.assets)
    needed = max(3 * assets + 2, 25 + assets, assets * (lags + 2) + lags + 2, 2 * horizon)
    if count < needed:
        raise InputError(
            f"prices must have at least {needed} dates with all {assets} prices for these tests, got {count}. "
            "Pass more dates, fewer lags or shorter horizons."
        )


def _johansen(basket: Basket, lags: int) -> JohansenTest:
    size = len(basket.assets)
    found, condition = johansen(basket.values, lags)
    if found is None:
        _warn_of_twins("Johansen", basket, condition)
        none = np.full((size, 3), np.nan)
        row = none[:, 0]
        found = Johansen(row, row, row, none, none, np.full((size, size), np.nan))
    ranks = pd.RangeIndex(size, name="rank")
    columns: dict[str, Array] = {"eigenvalue": found.eig}
    for name, statistic, critical in (("trace", found.lr1, found.cvt), ("maximum", found.lr2, found.cvm)):
        columns[name] = statistic
        columns |= {f"{name}_{percent}": critical[:, j] for j, percent in enumerate(_CRITICAL)}
    vectors = pd.DataFrame(found.evec, index=basket.assets.rename("asset"), columns=ranks)
    return JohansenTest(pd.DataFrame(columns, index=ranks), vectors, lags, len(basket.dates))


def _engle_granger(basket: Basket) -> EngleGrangerTest:
    from statsmodels.tsa.stattools import coint

    names, rows, coefficients = basket.assets.rename("hedged"), [], []
    units = usual_units(basket.values)
    values = basket.values / units
    for j in range(len(names)):
        others = np.delete(values, j, axis=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of collinear prices: the statistic is then minus infinity
            statistic, p_value, critical = coint(values[:, j], others)
        rows.append([statistic, p_value, *critical])
        design = np.column_stack([np.ones(len(others)), others])
        found = np.linalg.lstsq(design, values[:, j])[0] * units[j] / np.insert(np.delete(units, j), 0, 1.0)
        if others.shape[1] > 1 and condition_number(others) > MOST_ALIKE:
            found = np.full(found.shape, np.nan)
        coefficients.append(np.insert(found, 1 + j, np.nan))
    columns = ["statistic", "p_value", "critical_1", "critical_5", "critical_10"]
    table = pd.DataFrame(rows, index=names, columns=columns)
    if not np.isfinite(table["statistic"]).all():  # with one asset hedged: the basket has twins, whichever is hedged
        table[["statistic", "p_value"]] = np.nan
        _warn_of_twins("Engle-Granger", basket, condition_number(basket.values))
    return EngleGrangerTest(table, pd.DataFrame(coefficients, names, ["level", *names]), len(basket.dates))


def _warn_of_twins(test: str, basket: Basket, condition: float) -> None:
    warn_caller(
        f"prices must differ for the {test} test, got {listed(list(basket.assets), 9)}, which cannot be told apart "
        f"(condition number {condition:.1g}). Its numbers are missing; drop one of the assets that are much alike."
    )


def _each(series: dict[str, Array], test: Callable[[Array], dict[str, float]]) -> pd.DataFrame:
    """Apply a test to each series; a spread of assets that cannot be told apart is NaN, and so are its numbers."""
    return pd.DataFrame(
        [test(x) if np.isfinite(x).all() else {} for x in series.values()], index=pd.Index(list(series), name="series")
    )


def _adf(x: Array) -> dict[str, float]:
    from arch.unitroot import ADF

    return _of_arch(ADF(x / usual_units(x[:, None]), trend="c", method="aic"))


def _kpss(x: Array) -> dict[str, float]:
    from arch.unitroot import KPSS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # arch announces that it chooses the lags from the data
        return _of_arch(KPSS(x, trend="c"))


def _of_arch(test: Any) -> dict[str, float]:
    critical = {f"critical_{level.rstrip('%')}": float(value) for level, value in test.critical_values.items()}
    return {"statistic": float(test.stat), "p_value": float(test.pvalue), "lags": int(test.lags), **critical}


def _reversion(x: Array) -> dict[str, float]:
    return {"half_life": float(half_life(np.ascontiguousarray(x)))}


def _variance_ratios(series: dict[str, Array], horizons: list[int]) -> pd.DataFrame:
    """Overlapping variance ratios of arch, robust to changing volatility; below 1 for mean-reverting prices."""
    from arch.unitroot import VarianceRatio

    rows = {}
    for name, x in series.items():
        for horizon in horizons:
            if np.isfinite(x).all():
                test = VarianceRatio(x, horizon)
                rows[name, horizon] = {"ratio": float(test.vr), "statistic": float(test.stat), "p_value": test.pvalue}
            else:
                rows[name, horizon] = dict.fromkeys(("ratio", "statistic", "p_value"), np.nan)
    return pd.DataFrame(rows.values(), index=pd.MultiIndex.from_tuples(rows, names=["series", "horizon"]))
