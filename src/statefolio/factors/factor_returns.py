"""Defines `FactorReturns`, the result for factors of every kind: returns, kinds, exposures and notes."""

from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_values
from statefolio._arrays.panel import ALPHA, RESIDUAL
from statefolio._arrays.text import listed, shown, span
from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.showing import ShownFactorReturns

KINDS = ("observed", "statistical", "characteristic")
EXPOSURE = "exposure"
DIMS = ("date", "asset", "factor")


@dataclass(frozen=True, eq=False, repr=False)
class FactorReturns(ShownFactorReturns):
    """Factor returns by date, with their kinds, exposures and notes.

    Attributes
    ----------
    returns : DataFrame (T dates, K factors)
        In decimals; NaN where a factor is not known. Pass it as `factors` to any model.
    kinds : Series (K,)
        "observed", "statistical" or "characteristic", by factor. One text stands for all factors.
    exposures : Dataset, optional
        Variable "exposure" (date, asset, factor) of the factors that have them. Those of date t were known
        before t, and explain the returns of t.
    notes : tuple of str
        What was left out, assumed or aligned; one sentence each.

    Raises
    ------
    InputError
        Names that are used twice or reserved, unknown kinds, exposures without labels or of unknown factors.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import FactorReturns
    >>> factors = FactorReturns(sf.load_demo().factors[["market", "value"]], "observed")
    >>> factors.kinds.to_dict()
    {'market': 'observed', 'value': 'observed'}
    """

    returns: pd.DataFrame
    kinds: pd.Series
    exposures: xr.Dataset | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values, dates, names = read_values(self.returns, "factor returns")
        _check_names(names)
        index, columns = dates.rename("date"), names.rename(None)
        object.__setattr__(self, "returns", pd.DataFrame(values, index, columns, copy=False))
        object.__setattr__(self, "kinds", _checked_kinds(self.kinds, columns))
        object.__setattr__(self, "notes", tuple(self.notes))
        if self.exposures is not None:
            _check_exposures(self.exposures, columns)

    def join(self, *others: Self) -> Self:
        """Join the factors of several results, on the dates that all of them have.

        Parameters
        ----------
        *others : FactorReturns
            Results with other factor names.

        Returns
        -------
        FactorReturns
            The factors in the given order. Exposures are those of all results that have any, on the same dates and
            on all their assets, NaN where missing. Notes give the number of dates that each result lost.

        Examples
        --------
        >>> import statefolio as sf
        >>> from statefolio.factors import traded_factors
        >>> demo = sf.load_demo()
        >>> market = traded_factors(demo.factors[["market"]])
        >>> value = traded_factors(demo.factors[["value"]].loc["2015":])
        >>> joined = market.join(value)
        >>> list(joined.returns.columns), joined.notes
        (['market', 'value'], ("251 dates of factors 'market' are left out: the factors joined lack them.",))
        """
        parts = (self, *others)
        for part in parts:
            if not isinstance(part, FactorReturns):
                raise DataTypeError(
                    f"join must be given FactorReturns, got {shown(part)}. Use e.g. traded_factors(frame)."
                )
        dates = _common_dates(parts)
        names = [name for part in parts for name in part.returns.columns]
        repeated = list(dict.fromkeys(name for name in names if names.count(name) > 1))
        if repeated:
            raise InputError(
                f"factors must have different names to be joined, got {listed(repeated)} twice. Rename one."
            )
        notes = [note for part in parts for note in part.notes]
        for part in parts:
            lost = len(part.returns) - len(dates)
            if lost:
                which = listed(list(part.returns.columns))
                notes.append(f"{lost} dates of factors {which} are left out: the factors joined lack them.")
        returns = pd.concat([part.returns.loc[dates] for part in parts], axis=1)
        kinds = pd.concat([part.kinds for part in parts])
        return type(self)(returns, kinds, _joined_exposures(parts, dates), tuple(dict.fromkeys(notes)))

    def complete(self) -> Self:
        """Keep the dates on which every factor is known; a note gives the number of dates left out.

        Returns
        -------
        FactorReturns

        Examples
        --------
        >>> import statefolio as sf
        >>> from statefolio.factors import StatisticalFactors
        >>> model = StatisticalFactors(n_factors=2, min_dates=126).fit(sf.load_demo().returns.loc["2022"])
        >>> factors = model.factor_returns_
        >>> len(factors.returns), len(factors.complete().returns)
        (249, 123)
        """
        known = self.returns.notna().all(axis=1)
        if known.all():
            return self
        if not known.any():
            raise InputError(
                "returns must have a date on which every factor is known, got none. Drop the factors that are never "
                "known; notes may give the reason."
            )
        dates = self.returns.index[known]
        note = f"{int((~known).sum())} dates on which a factor is not known are left out."
        return type(self)(self.returns.loc[dates], self.kinds, _on_dates(self.exposures, dates), (*self.notes, note))


def _check_names(names: pd.Index) -> None:
    for name in (ALPHA, RESIDUAL):
        if name in names:
            raise InputError(
                f"factors must not be called {ALPHA!r} or {RESIDUAL!r}, got {name!r}, a name reserved for results. "
                "Rename the factor."
            )


def _checked_kinds(kinds: Any, factors: pd.Index) -> pd.Series:
    if isinstance(kinds, str):
        kinds = pd.Series(kinds, index=factors)
    kinds = pd.Series(kinds)
    if len(kinds) != len(factors) or not kinds.index.is_unique or not kinds.index.isin(factors).all():
        raise InputError(
            f"kinds must name each of the factors {listed(list(factors))} once, got {listed(list(kinds.index))}. "
            "Pass a Series by factor, or one text for all."
        )
    unknown = [kind for kind in kinds.unique() if kind not in KINDS]
    if unknown:
        raise InputError(
            f"kinds must be 'observed', 'statistical' or 'characteristic', got {listed(unknown)}. Pass one of these."
        )
    ordered: pd.Series = kinds.reindex(factors).rename("kind")
    return ordered


def _check_exposures(exposures: Any, factors: pd.Index) -> None:
    if not isinstance(exposures, xr.Dataset):
        raise DataTypeError(
            f"exposures must be a Dataset with the variable {EXPOSURE!r}, got {shown(exposures)}. "
            f"Use exposures.to_dataset(name={EXPOSURE!r}) for a DataArray."
        )
    if EXPOSURE not in exposures or set(exposures[EXPOSURE].dims) != set(DIMS):
        raise InputError(
            f"exposures must have the variable {EXPOSURE!r} by date, asset and factor, got {dict(exposures.sizes)} and "
            f"variables {listed(list(exposures))}. Rename its variable or dimensions."
        )
    labels = exposures[EXPOSURE].indexes
    unlabelled = [dim for dim in DIMS if dim not in labels or not labels[dim].is_unique]
    if unlabelled:
        raise InputError(
            f"exposures must have each label once along every dimension, got no labels, or repeated ones, along "
            f"{listed(unlabelled)}. Use exposures.assign_coords({unlabelled[0]}=...)."
        )
    unknown = [name for name in labels["factor"] if name not in factors]
    if unknown:
        raise InputError(
            f"exposures must have factors of returns alone, got {listed(unknown)} without returns. Drop them."
        )


def _common_dates(parts: tuple[FactorReturns, ...]) -> pd.DatetimeIndex:
    dates = pd.DatetimeIndex(parts[0].returns.index)
    for part in parts[1:]:
        dates = dates.intersection(pd.DatetimeIndex(part.returns.index))
    if not len(dates):
        spans = ", ".join(span(pd.DatetimeIndex(part.returns.index)) for part in parts)
        raise InputError(f"factors must have dates in common to be joined, got {spans}. Check their dates.")
    return dates


def _on_dates(exposures: xr.Dataset | None, dates: pd.Index) -> xr.Dataset | None:
    if exposures is None:
        return None
    return exposures.sel(date=exposures.indexes["date"].intersection(dates))


def _joined_exposures(parts: tuple[FactorReturns, ...], dates: pd.Index) -> xr.Dataset | None:
    found = [part.exposures[[EXPOSURE]] for part in parts if part.exposures is not None]
    if not found:
        return None
    together = found[0] if len(found) == 1 else xr.concat(found, dim="factor", join="outer")
    return _on_dates(together, dates)
