"""The job of `watch`: takes files that are dropped into a folder, and writes loadings beside them.

A file has one row per date: the column "date", one column per asset, and the factors of the model by their names. A
file is taken when it is whole: moved into the folder by a rename, or unchanged since the look before. Its answer,
`NAME.loadings.csv`, is written whole; a file that is refused gets `NAME.refused.txt` with the reason. A process that is
killed between a row and its answer writes the answer when it is started again.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.text import show
from statefolio._writing import write_whole
from statefolio.commands.csv_tables import without_formulas
from statefolio.commands.watching.options import WatchOptions
from statefolio.exceptions import InputError, OutputError, StatefolioError
from statefolio.loadings.stores.online import Live

FORMS = (".csv", ".parquet")
ANSWER, REFUSED = ".loadings.csv", ".refused.txt"
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload")


@dataclass
class Watch:
    """A folder that is watched.

    Parameters
    ----------
    folder
        Where files are dropped.
    live
        The model that takes them.
    say
        Takes a sentence about each file.
    """

    folder: Path
    live: Live
    say: Callable[[str], None]
    _seen: dict[Path, tuple[int, int, int]] = field(default_factory=dict)

    def look(self) -> int:
        """Take the whole files that have no answer yet, in the order of their names; return how many."""
        for old in set(self._seen) - set(self.folder.iterdir()):
            del self._seen[old]
        waiting = [file for file in sorted(self.folder.iterdir()) if _is_input(file) and not _answered(file)]
        whole = [self._is_whole(file) for file in waiting]
        ready = waiting[: whole.index(False)] if False in whole else waiting  # later files follow it in time
        for file in ready:
            self._take(file)
        return len(ready)

    def run(self, every: float, stopping: Callable[[], bool] = lambda: False) -> None:
        """Look again and again."""
        while not stopping():
            if not self.look():
                time.sleep(every)

    def _is_whole(self, file: Path) -> bool:
        """Return whether a file is as it was at the look before, or is older than that."""
        try:
            found = file.stat()
        except OSError:  # moved away meanwhile
            return False
        now = (found.st_size, found.st_mtime_ns, found.st_ino)
        before, self._seen[file] = self._seen.get(file), now
        return before == now and found.st_size > 0

    def _take(self, file: Path) -> None:
        try:
            returns, factors = read_rows(file, self.live.factors)
            last = returns.index[-1]
            if last == self.live.last_date:  # taken by a process that ended before its answer
                ahead, did = self.live.predicted(), "was taken before; its loadings are written now"
            else:
                ahead, did = self.live.update(returns, factors), f"{len(returns):,} rows up to {show(last)}"
            write_whole(_beside(file, ANSWER), answer_of(ahead))
        except OutputError:
            raise
        except StatefolioError as error:
            write_whole(_beside(file, REFUSED), f"{error}\n")
            did = f"refused: {error}"
        self._seen.pop(file, None)
        self.say(f"{file.name}: {did}")


def watch_folder(options: WatchOptions, say: Callable[[str], None]) -> None:
    """Watch a folder until an interrupt; or once."""
    if not options.folder.is_dir():
        raise InputError(f"FOLDER must be a folder, got {options.folder}. Make it first.")
    with Live(store=options.store) as live:
        watch = Watch(options.folder, live, say)
        if options.once:
            say(f"{options.store} ends on {show(live.last_date)}. Taking the files in {options.folder}.")
            taken = watch.look()
            time.sleep(options.every)
            if not taken + watch.look():
                say("No file was there.")
            return
        say(f"{options.store} ends on {show(live.last_date)}. Waiting for files in {options.folder}; stop with Ctrl-C.")
        try:
            watch.run(options.every)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt("every row that was taken is on disk.") from stop


def read_rows(file: Path, factors: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the rows of a file: returns by asset, and the factors of a model.

    Raises
    ------
    InputError
        If it cannot be read, or has no dates, no assets, or not all factors.
    """
    try:
        table = pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file).reset_index()
        table = table.drop(columns=[name for name in ("index", "level_0") if name in table and "date" in table])
        dates = pd.DatetimeIndex(pd.to_datetime(table["date"]), name="date")
        values = table.drop(columns="date").astype(float).set_axis(dates).sort_index()
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise InputError(
            f"{file.name} must be a table with the column date, one column per asset and one per factor, but it cannot "
            f"be read ({error}). Drop it again."
        ) from error
    missing = [str(name) for name in factors if name not in values]
    if missing or len(values.columns) == len(factors) or values.empty:
        lacking = f"no column of {missing[0]}" if missing else "no returns"
        raise InputError(
            f"{file.name} must have returns by asset and all {len(factors)} factors, got {lacking}. Add it."
        )
    return values.drop(columns=list(factors)), values[list(factors)]


def answer_of(ahead: xr.Dataset) -> str:
    """Return predicted loadings and their standard errors as text: one row per asset and factor."""
    assets, factors = ahead.indexes["asset"], ahead.indexes["factor"]
    table = pd.DataFrame(
        {
            "after": ahead.attrs["after"],
            "asset": np.repeat(assets.to_numpy(), len(factors)),
            "factor": np.tile(factors.to_numpy(), len(assets)),
            "predicted": ahead["predicted"].to_numpy().ravel(),
            "standard_error": np.sqrt(ahead["predicted_variance"].to_numpy().ravel()),
        }
    )
    text: str = without_formulas(table).to_csv(index=False, lineterminator="\n")
    return text


def _is_input(file: Path) -> bool:
    name = file.name
    if name.startswith((".", "~")) or name.endswith((ANSWER, REFUSED, *_UNFINISHED)):
        return False
    return file.suffix in FORMS and os.path.isfile(file)  # noqa: PTH113 - it raises no OSError


def _answered(file: Path) -> bool:
    """Return whether a file has its answer, or a refusal that is not older than it."""
    if _beside(file, ANSWER).exists():
        return True
    refused = _beside(file, REFUSED)
    return refused.exists() and refused.stat().st_mtime_ns >= file.stat().st_mtime_ns


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.stem + ending)
