"""One result for factors of every kind: their returns, where they come from, and the exposures that made them."""

from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_values
from statefolio._arrays.panel import ALPHA, RESIDUAL
from statefolio._arrays.text import listed, span
from statefolio.exceptions import DataTypeError, InputError

KINDS = ("observed", "statistical", "characteristic")
EXPOSURE = "exposure"
DIMS = ("date", "asset", "factor")


@dataclass(frozen=True, eq=False)
class FactorReturns:
    """Factor returns by date, and what is known of them.

    Attributes
    ----------
    returns : DataFrame (T dates, K factors)
        In decimals; NaN where a factor is not known. Goes in as `factors` of any model.
    kinds : Series (K,)
        "observed", "statistical" or "characteristic", by factor. One word may be given for all.
    exposures : Dataset, optional
        Variable "exposure" (date, asset, factor) of the factors that have them. Those of date t were known
        before t, and explain the returns of t.
    notes : tuple of str
        What was left out, assumed or aligned, a sentence each.

    Raises
    ------
    InputError
        Names that are used twice or reserved, kinds that are none, exposures without labels or of factors that are
        not there.
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
        """Put the factors of several results side by side, on the dates that all of them have.

        Parameters
        ----------
        *others : FactorReturns
            Factors of other names.

        Returns
        -------
        FactorReturns
            The factors in the order given. Exposures are those of all that have any, on the same dates and
            on all their assets, NaN where there are none; a note says how many dates each result lost.
        """
        parts = (self, *others)
        for part in parts:
            if not isinstance(part, FactorReturns):
                raise DataTypeError(f"join got a {type(part).__name__}; FactorReturns were expected. Make one first.")
        dates = _common_dates(parts)
        names = [name for part in parts for name in part.returns.columns]
        again = list(dict.fromkeys(name for name in names if names.count(name) > 1))
        if again:
            raise InputError(f"join got factors {listed(again)} twice; each was expected once. Rename or drop one.")
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
        """Keep the dates on which every factor is known; a note says how many are left out."""
        known = self.returns.notna().all(axis=1)
        if known.all():
            return self
        if not known.any():
            raise InputError(
                "no date has every factor known; at least one was expected. Drop the factors that are never known, "
                "or see notes for why they are not."
            )
        dates = self.returns.index[known]
        note = f"{int((~known).sum())} dates on which a factor is not known are left out."
        return type(self)(self.returns.loc[dates], self.kinds, _on_dates(self.exposures, dates), (*self.notes, note))


def _check_names(names: pd.Index) -> None:
    for name in (ALPHA, RESIDUAL):
        if name in names:
            raise InputError(f"a factor is called {name!r}; that name is reserved for results. Rename the factor.")


def _checked_kinds(kinds: Any, factors: pd.Index) -> pd.Series:
    if isinstance(kinds, str):
        kinds = pd.Series(kinds, index=factors)
    kinds = pd.Series(kinds)
    if len(kinds) != len(factors) or not kinds.index.is_unique or not kinds.index.isin(factors).all():
        raise InputError(
            f"kinds names {listed(list(kinds.index))}; the factors {listed(list(factors))} were expected, each once. "
            "Pass a Series by factor, or one word for all."
        )
    unknown = [kind for kind in kinds.unique() if kind not in KINDS]
    if unknown:
        raise InputError(f"kinds has {listed(unknown)}; 'observed', 'statistical' or 'characteristic' were expected.")
    ordered: pd.Series = kinds.reindex(factors).rename("kind")
    return ordered


def _check_exposures(exposures: Any, factors: pd.Index) -> None:
    if not isinstance(exposures, xr.Dataset):
        raise DataTypeError(
            f"exposures is a {type(exposures).__name__}; a Dataset with the variable {EXPOSURE!r} was expected. "
            f"Use exposures.to_dataset(name={EXPOSURE!r}) for a DataArray."
        )
    if EXPOSURE not in exposures or set(exposures[EXPOSURE].dims) != set(DIMS):
        raise InputError(
            f"exposures has {dict(exposures.sizes)} and variables {listed(list(exposures))}; the variable "
            f"{EXPOSURE!r} by date, asset and factor was expected. Rename its variable or dimensions."
        )
    labels = exposures[EXPOSURE].indexes
    unlabelled = [dim for dim in DIMS if dim not in labels or not labels[dim].is_unique]
    if unlabelled:
        raise InputError(
            f"exposures has no labels, or the same ones twice, along {listed(unlabelled)}; each label once was "
            f"expected. Use exposures.assign_coords({unlabelled[0]}=...)."
        )
    unknown = [name for name in labels["factor"] if name not in factors]
    if unknown:
        raise InputError(f"exposures has factors {listed(unknown)} without returns; those of returns were expected.")


def _common_dates(parts: tuple[FactorReturns, ...]) -> pd.DatetimeIndex:
    dates = pd.DatetimeIndex(parts[0].returns.index)
    for part in parts[1:]:
        dates = dates.intersection(pd.DatetimeIndex(part.returns.index))
    if not len(dates):
        spans = ", ".join(span(pd.DatetimeIndex(part.returns.index)) for part in parts)
        raise InputError(f"the factors joined ({spans}) have no date in common; some were expected. Check their dates.")
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
