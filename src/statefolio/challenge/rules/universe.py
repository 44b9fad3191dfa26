"""The names that a submission may use: assets and factors of the public data."""

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market
from statefolio.exceptions import FileFormatError

RULES_FILE = "rules.json"
_DATES = 5


@dataclass(frozen=True)
class Universe:
    """Names of the public data. Nothing of it depends on hidden dates.

    Attributes
    ----------
    assets, factors : tuple of str
    dollar_volumes : bool
        Whether the data have traded volumes.

    Examples
    --------
    >>> universe = Universe(("KO", "PEP"), ("market",))
    >>> Universe.of_json(universe.to_json()) == universe
    True
    """

    assets: tuple[str, ...]
    factors: tuple[str, ...]
    dollar_volumes: bool = False

    @classmethod
    def of_market(cls, market: Market) -> "Universe":
        """Return the names of a market."""
        factors = () if market.factors is None else tuple(map(str, market.factors.columns))
        return cls(tuple(map(str, market.assets)), factors, market.dollar_volumes is not None)

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> "Universe":
        """Return the universe that `to_json` describes."""
        return cls(tuple(given["assets"]), tuple(given["factors"]), bool(given["dollar_volumes"]))

    def to_json(self) -> dict[str, Any]:
        """Return the names as JSON has them."""
        return {"assets": list(self.assets), "factors": list(self.factors), "dollar_volumes": self.dollar_volumes}

    @property
    def names(self) -> frozenset[str]:
        """All names."""
        return frozenset((*self.assets, *self.factors))

    @cached_property
    def stand_in(self) -> Market:
        """A market of random numbers with these names, for checks of names and options; it is never scored."""
        dates = pd.bdate_range("2000-01-03", periods=_DATES, name="date")
        draw = np.random.default_rng(0)

        def table(names: Sequence[str]) -> pd.DataFrame:
            return pd.DataFrame(0.01 * draw.standard_normal((_DATES, len(names))), index=dates, columns=list(names))

        volumes = 1e6 * np.exp(table(self.assets)) if self.dollar_volumes else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Market(table(self.assets), table(self.factors) if self.factors else None, dollar_volumes=volumes)


def read_universe(public: str | Path) -> Universe:
    """Read the names from the folder of public files.

    Raises
    ------
    FileFormatError
        If `rules.json` is missing there, or is not that of a challenge.
    """
    file = Path(public) / RULES_FILE
    try:
        return Universe.of_json(json.loads(file.read_text(encoding="utf-8"))["universe"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(
            f"{file} must be the rules that `statefolio challenge open` writes, got {type(error).__name__}. Restore it."
        ) from None
