"""What a model learned from a whole panel, from which any of its assets are fitted as in one call."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.panel import Panel
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._plausible.reading import read_panel
from statefolio.exceptions import InputError
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.stale_returns import new_watch
from statefolio.kalman.tuning_spec import Learned, TuningSpec
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_model import KalmanModel
from statefolio.loadings.observed_returns import observed_returns
from statefolio.loadings.remarks import Remarks
from statefolio.loadings.unidentified import Directions


@dataclass(frozen=True)
class Shared:
    """What `KalmanLoadings` learned: hyper-parameters by asset, and the paths of the common volatility levels."""

    options: TuningSpec
    learned: Learned  # N + 1 columns
    tuned: Directions | None  # None where the tuning identified all loadings
    levels: Array  # (T + 1, J) of every date, and of the first one not yet seen; J speeds

    def select(self, places: NDArray[np.intp]) -> "Shared":
        """Return that of some assets."""
        columns = np.append(places, -1)
        tuned = self.tuned and Directions(self.tuned.vectors[places], self.tuned.size[places])
        return Shared(self.options.select(columns), self.learned.select(columns), tuned, self.levels)


@dataclass(frozen=True)
class LearnedPanel:
    """What a model learned from a panel: options, hyper-parameters and the paths of the common volatility levels.

    `learn_panel` returns one. It is small, and fits any block of the panel's assets to the bits of one call over all
    of them, in any process.

    Attributes
    ----------
    model : LoadingsModel
        The options, not fitted.
    dates : DatetimeIndex
    assets, factors : Index
        Of the panel; factors with "alpha" first where the model has an intercept.
    tuned_until : Timestamp

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2019":], demo.factors[["market"]]
    >>> learned = sf.loadings.learn_panel(sf.KalmanLoadings(), returns, factors, tune_until="2020")
    >>> learned.common_level.idxmax().year
    2020
    >>> part = learned.fit(returns[["KO", "XOM"]], factors)
    >>> whole = sf.KalmanLoadings().fit(returns, factors, tune_until="2020")
    >>> part.loadings_.equals(whole.loadings_.sel(asset=["KO", "XOM"]))
    True
    """

    model: LoadingsModel
    dates: pd.DatetimeIndex
    assets: pd.Index
    factors: pd.Index
    tuned_until: pd.Timestamp
    shared: Shared | None = None

    @property
    def common_level(self) -> pd.Series:
        """The common volatility level by date, given the dates before; 1 where the model has none.

        A model of several speeds has as many levels: this is the one of memory .9.
        """
        level = np.ones(len(self.dates))
        if self.shared is not None and self.shared.levels.shape[1]:
            level = self.shared.levels[:-1, 0]
        return pd.Series(level, self.dates, name="common_level")

    def select(self, assets: pd.Index) -> "LearnedPanel":
        """Return what concerns some assets: it is smaller, for sending it to another process.

        Parameters
        ----------
        assets : Index
            Names of assets of the panel.
        """
        places = self.assets.get_indexer(assets)
        if (places < 0).any():
            absent = list(assets[places < 0])
            raise InputError(
                f"returns must have assets of the panel that was learned from, got {listed(absent)}. Drop them."
            )
        return replace(self, assets=assets, shared=self.shared and self.shared.select(places))

    def fit(self, returns: Any, factors: Any) -> LoadingsModel:
        """Fit some assets of the panel, with the same bits as one call over all of them.

        Parameters
        ----------
        returns : DataFrame (T dates, n assets)
            All dates of the panel, and some of its assets.
        factors : DataFrame (dates, K factors)
            Those of the panel.

        Returns
        -------
        LoadingsModel
            A fitted model of these assets.

        Raises
        ------
        InputError
            If the dates, factors or assets are not those of the panel.
        """
        panel = read_panel(returns, factors, self.model.intercept, width=WIDTH, watched=self.model._watches)
        if not (panel.dates.equals(self.dates) and panel.factors.equals(self.factors)):
            raise InputError(
                f"returns and factors must have the {len(self.dates)} dates and the factors of the panel that was "
                "learned from, got others. Pass the same data."
            )
        model, remarks = fit_part(self.select(panel.assets), panel)
        remarks.warn(panel)
        return model


def fit_part(learned: LearnedPanel, panel: Panel) -> tuple[LoadingsModel, Remarks]:
    """Fit the assets of a panel, which are those of `learned`."""
    model: LoadingsModel = clone(learned.model)
    model._check_options()
    if isinstance(model, KalmanModel) and learned.shared is not None:
        _hand_over(model, learned.shared, panel)
    return model, model._fit_learned(panel, learned.tuned_until)


def _hand_over(model: KalmanModel, shared: Shared, panel: Panel) -> None:
    count, states, watch = len(panel.assets), len(panel.factors), new_watch(len(panel.assets))
    none = Directions(np.zeros((count, states, states)), np.zeros((count, states)))
    model._options, model._learned, model._tuned = shared.options, shared.learned, shared.tuned or none
    model._observed = (*observed_returns(pad_last(panel.padded, np.nan), watch), watch)
    if shared.options.common:
        model._known_levels = shared.levels
