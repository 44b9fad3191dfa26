"""The data of a round: the market with its hidden dates, its windows, and one file that holds both."""

import io
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from statefolio._arrays.text import show, span
from statefolio._writing import write_whole
from statefolio.backtest.market import Market
from statefolio.backtest.market_tables import MarketTables, Table
from statefolio.backtest.validation.content_hash import hash_frame, hash_parameters
from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.rules.universe import Universe
from statefolio.challenge.rules.windows import RoundWindows, make_windows
from statefolio.challenge.scoring.round_arrays import dated, of_arrays, to_arrays, undated
from statefolio.exceptions import FileFormatError, InputError

DATA_FILE = "data.npz"
FEWEST_RETURNS = 126
"""Returns up to the last tuned date that an asset needs for its later ones to be scored in the forecast track."""


@dataclass(frozen=True, eq=False)
class RoundData:
    """A market and its windows.

    Attributes
    ----------
    market : Market
        Assets with a return on a public date, on all dates: those of hidden windows too.
    windows : RoundWindows
    left_out : tuple of str
        Assets without a return on a public date, which take no part.
    """

    market: Market
    windows: RoundWindows
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, market: Market, rules: Rules) -> "RoundData":
        """Divide a market into windows, and leave out assets that the public dates do not know.

        Raises
        ------
        InputError
            If there are no factors, too few dates for a window, or too few assets with enough public returns.

        Examples
        --------
        >>> import statefolio as sf
        >>> from statefolio.challenge.rules.settings import example_rules, parse_rules
        >>> demo = sf.load_demo()
        >>> data = RoundData.of(sf.Market(demo.returns, demo.factors), parse_rules(example_rules(), "challenge.toml"))
        >>> data.windows.validation.dates, data.public().market.dates[-1] == data.windows.public_last
        (453, True)
        """
        if market.factors is None:
            raise InputError("data must have factors, got a market without. Name a file of factors in [data].")
        windows = make_windows(market.dates, rules.windows)
        public = market.returns.loc[: windows.public_last]
        known = public.notna().any().to_numpy()
        data = cls(Market.of_tables(_select(market.tables, known)), windows, tuple(map(str, market.assets[~known])))
        for window in (windows.public, windows.validation, windows.final):
            if window is not None and not data.scored_assets(window.tune_until).any():
                raise InputError(
                    f"data must have an asset with {FEWEST_RETURNS} returns on public dates, got none. Give more data."
                )
        return data

    @property
    def universe(self) -> Universe:
        """Names that submissions may use."""
        return Universe.of_market(self.market)

    def scored_assets(self, tune_until: pd.Timestamp) -> "np.typing.NDArray[np.bool_]":
        """Return which assets are scored in the forecast track (N,): known well enough up to the tuned date."""
        returns, _ = self.market.until(tune_until).model_data()
        found: np.typing.NDArray[np.bool_] = (returns.notna().sum() >= FEWEST_RETURNS).to_numpy()
        return found

    def public(self) -> "RoundData":
        """Return the data that participants get: nothing after the last public date."""
        return RoundData(self.market.until(self.windows.public_last), self.windows.published())

    def extended(self, market: Market) -> "RoundData":
        """Return the data with later dates, for forward rounds; windows and hash stay the same.

        Parameters
        ----------
        market
            The same data up to the last date known, and later ones.

        Raises
        ------
        InputError
            If it has no later date, or differs on the known ones.
        """
        known = market.assets.isin(self.market.assets)
        later = RoundData(Market.of_tables(_select(market.tables, known)), self.windows, self.left_out)
        last = self.market.dates[-1]
        if market.dates[-1] <= last:
            raise InputError(f"data must have a date after {show(last)}, got {span(market.dates)}. Give later data.")
        end = replace(self.windows.public, last=last)
        before, now = (RoundData(each.market, RoundWindows(end)).hash for each in (self, later))
        if before != now:
            raise InputError(
                f"data up to {show(last)} must be those that the round has, got others. Extend the former file, "
                "without changes to its dates, assets and numbers."
            )
        return later

    @cached_property
    def hash(self) -> str:
        """SHA-256 of every number and name up to the last window's end, and of the windows, in hexadecimal digits."""
        windows = self.windows
        tables = self.market.until((windows.final or windows.validation or windows.public).last).tables
        content: dict[str, Any] = {"windows": self.windows.to_json(), "delisted_after": tables.delisted_after}
        for name, table in dated(tables).items():
            content[name] = None if table is None else hash_frame(table.frame)
        for name, values in undated(tables).items():
            content[name] = None if values is None else hash_frame(pd.DataFrame(np.asarray(values, dtype=np.float64)))
        return hash_parameters(content)

    def save(self, file: str | Path, *, private: bool = True) -> None:
        """Write the data to one file, whole or not at all.

        Parameters
        ----------
        file
            The file, or the folder in which it is called `data.npz`.
        private
            Only the owner may read it.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        content = io.BytesIO()
        np.savez_compressed(content, **to_arrays(self.market.tables, self.windows))
        write_whole(_path(file), content.getvalue(), private=private)

    @classmethod
    def load(cls, file: str | Path, expected_hash: str | None = None) -> "RoundData":
        """Read data that `save` wrote.

        Parameters
        ----------
        file
            The file, or its folder.
        expected_hash
            The hash that the round is committed to.

        Raises
        ------
        FileFormatError
            If the file cannot be read.
        InputError
            If it has another hash: the data were replaced or changed.
        """
        path = _path(file)
        try:
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
                tables, windows = of_arrays(arrays)
                found = cls(Market.of_tables(tables), windows)
        except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, BadZipFile) as error:
            raise FileFormatError(
                f"{path} must be the data of a challenge, got a file that cannot be read ({type(error).__name__}). "
                "Restore it from a backup."
            ) from None
        if expected_hash is not None and found.hash != expected_hash:
            raise InputError(
                f"{path} must have the hash {expected_hash[:12]} that the round is committed to, got "
                f"{found.hash[:12]}: the data were changed. Restore them from a backup."
            )
        return found

    def describe(self) -> str:
        """Describe the public part in a sentence; nothing of it depends on hidden dates."""
        public = self.market.until(self.windows.public_last)
        factors = () if public.factors is None else public.factors.columns
        return f"{len(public.assets)} assets, {len(factors)} factors, {len(public.dates):,} dates, {span(public.dates)}"


def _select(tables: MarketTables, known: "np.typing.NDArray[np.bool_]") -> MarketTables:
    """Return the tables of some assets."""

    def some(table: Table) -> Table:
        return Table(np.ascontiguousarray(table.values[:, known]), table.dates, table.names[known])

    return MarketTables(
        returns=some(tables.returns),
        cash_rate=tables.cash_rate.copy(),
        factors=tables.factors,
        dollar_volumes=None if tables.dollar_volumes is None else some(tables.dollar_volumes),
        last_dates=tables.last_dates[known],
        delisting_return=tables.delisting_return[known],
        delisted_after=tables.delisted_after,
        others=tables.others,
        spans_gap=None if tables.spans_gap is None else np.ascontiguousarray(tables.spans_gap[:, known]),
    )


def _path(file: str | Path) -> Path:
    return Path(file) / DATA_FILE if Path(file).is_dir() else Path(file)
