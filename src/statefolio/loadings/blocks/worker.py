"""What the workers of a fit by blocks do: a function takes the scratch folder, the number of a block and a message."""

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.frames import read_table
from statefolio._arrays.panel import Panel
from statefolio._arrays.types import Array
from statefolio._plausible.finding import Numbers
from statefolio._plausible.in_blocks import Glance, glance_at
from statefolio._plausible.table import Context
from statefolio.kalman.blocks import Report
from statefolio.kalman.identified import Unidentified, find_unidentified
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.observations import Work
from statefolio.kalman.processor import processor_fingerprint
from statefolio.kalman.stale_returns import new_watch
from statefolio.loadings.blocks.learned import LearnedPanel, fit_part
from statefolio.loadings.blocks.scratch import Scratch
from statefolio.loadings.blocks.sources import Handle, check_dates
from statefolio.loadings.observed_returns import observed_returns
from statefolio.loadings.stores.store import LoadingsStore


@dataclass(frozen=True)
class Counted:
    """Subject of `count_observations`: it needs nothing."""

    def part(self, *_: int) -> "Counted":
        """Return itself."""
        return self

    def shared(self) -> tuple[Array, ...]:
        """Return nothing."""
        return ()


def count_observations(_: Counted, Y: Array, _report: Report | None) -> NDArray[np.intp]:
    """Count the observations of each asset."""
    found: NDArray[np.intp] = np.isfinite(Y).sum(axis=0)
    return found


@dataclass(frozen=True)
class Gathered:
    """Subject of `gather_columns`: positions of assets, in increasing order."""

    assets: NDArray[np.intp]

    def part(self, first: int, last: int) -> "Gathered":
        """Return the positions among the lanes [first, last)."""
        return Gathered(self.assets[(self.assets >= first) & (self.assets < last)] - first)

    def shared(self) -> tuple[Array, ...]:
        """Return nothing."""
        return ()


def gather_columns(wanted: Gathered, Y: Array, _report: Report | None) -> Array:
    """Return some columns."""
    return Y[:, wanted.assets]


class Prepared(NamedTuple):
    """What is known of a block after its returns were read."""

    digest: str
    seen: NDArray[np.bool_]  # (T,) whether any asset has a return on the date
    glance: Glance


def raw(number: int) -> str:
    """Return the name of the array of a block's returns, padded to whole lanes."""
    return f"returns-{number:05d}"


def used(number: int) -> str:
    """Return the name of the array of the returns that the model uses, where some are left out."""
    return f"used-{number:05d}"


def prepare_block(
    scratch: Scratch, number: int, message: tuple[Handle | None, pd.DatetimeIndex, pd.Index, bool]
) -> Prepared:
    """Read, check and keep the returns of a block; those that the coordinator has kept come without a handle."""
    handle, dates, assets, watched = message
    if handle is not None:
        table = read_table(handle.read(), "returns", WIDTH)
        check_dates(table.dates, dates, handle.name)
        scratch.write_array(raw(number), table.padded)
    values = scratch.array(raw(number))
    if watched:
        observed, marks = observed_returns(values, new_watch(len(assets)))
        if marks.unobserved.any():
            scratch.write_array(used(number), observed)
        else:
            scratch.drop(used(number))
    own = Numbers(values[:, : len(assets)], dates, assets)
    digest = hashlib.blake2b(values.data, digest_size=16).hexdigest()
    seen = ~np.logical_and.reduce(np.isnan(own.values), axis=1)
    return Prepared(digest, np.asarray(seen), glance_at(own, still=not watched))


def glance_again(scratch: Scratch, number: int, message: tuple[pd.DatetimeIndex, pd.Index, bool, Context]) -> Glance:
    """Look at a block again, in the context of all columns."""
    dates, assets, watched, context = message
    values = scratch.array(raw(number))[:, : len(assets)]
    return glance_at(Numbers(values, dates, assets), still=not watched, context=context)


def read_rows(scratch: Scratch, number: int, message: tuple[list[int], int]) -> Array:
    """Return some dates of a block."""
    rows, count = message
    return scratch.array(raw(number))[rows, :count]


def read_columns(scratch: Scratch, number: int, message: NDArray[np.intp]) -> Array:
    """Return some assets of a block, all dates."""
    return scratch.array(raw(number))[:, message]


def survey_block(scratch: Scratch, number: int, message: tuple[Array, int, int]) -> Unidentified | NDArray[np.bool_]:
    """Find the directions that the dates of tuning do not identify; where there are none, an array says so."""
    X, rows, count = message
    found = find_unidentified(X, _observed(scratch, number)[:rows])
    if not (found.combinations.any() or found.directions.any()):
        return found.combinations[:count]
    return Unidentified(found.combinations[:count], found.directions[:count], found.size[:count])


def compute_block(scratch: Scratch, number: int, message: tuple[int, NDArray[np.bool_] | None, Work[Any], Any]) -> Any:
    """Return what `work` computes of a block's observations."""
    rows, kept, work, part = message
    Y = _observed(scratch, number)[:rows]
    if kept is not None:
        Y = np.where(np.append(kept, np.ones(Y.shape[1] - len(kept), dtype=bool)), Y, np.nan)
    return work(part, Y, None)


def fit_block(scratch: Scratch, number: int, message: tuple[Any, LearnedPanel, Array]) -> None:
    """Fit a block, write its results to the store, and keep what there is to warn of."""
    path, learned, X = message
    panel = Panel(scratch.array(raw(number)), X, learned.dates, learned.assets, learned.factors)
    model, remarks = fit_part(learned, panel)
    scratch.write_object(remarks_of(number), remarks)
    note: dict[str, Any] = {"processor": processor_fingerprint()}
    if model._results().log_likelihood is not None:
        note["log_likelihood"] = model.log_likelihood_.tolist()
    LoadingsStore.open(path).write_block(number, model, note)


def remarks_of(number: int) -> str:
    """Return the name of the object with the remarks on a block."""
    return f"remarks-{number:05d}"


def _observed(scratch: Scratch, number: int) -> Array:
    """Return the returns of a block that the model uses."""
    return scratch.array(used(number) if scratch.has(used(number)) else raw(number))
