"""Defines `Live`: a model that takes new rows as they come, and keeps every one of them on disk before it answers."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import show
from statefolio._options import Whole, check
from statefolio._writing import place_of
from statefolio.exceptions import InputError
from statefolio.kalman.blocks import padded
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.stores.store import LoadingsStore

if TYPE_CHECKING:
    import xarray as xr

CHECKPOINT = Whole(at_least=1, example=50)


class Live:
    """A model that runs on: rows in, predicted loadings out, each row on disk first.

    The rows go to the live part of a store. A process that is killed at any instant loses no row that was answered:
    opening the store again continues from its last checkpoint over the later rows, to the same bits as one fit of all
    rows with these hyper-parameters. One process at a time has a store.

    Parameters
    ----------
    model : LoadingsModel, optional
        Fitted, with its results; they start a new store. Without it the store must exist.
    store : path-like
        Folder of the store; see `LoadingsStore`.
    checkpoint_every : int
        Rows between two states of the model on disk. A state takes longer to write than a row, and rows after the last
        one are run over again when the store is opened.

    Attributes
    ----------
    store : LoadingsStore
    last_date : Timestamp
        Of the last row.

    Raises
    ------
    InputError
        If `model` is given and the store exists with later dates or another model, or neither exists.
    OutputError
        If another process has the store.

    Examples
    --------
    >>> import tempfile
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns[["AAPL", "KO"]], demo.factors[["market"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns.loc[:"2021"], factors.loc[:"2021"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with sf.loadings.Live(model, store=f"{folder}/betas.zarr") as live:
    ...         ahead = live.update(returns.loc["2022-01-03":"2022-01-03"], factors)
    ...     with sf.loadings.Live(store=f"{folder}/betas.zarr") as live:  # another day, another process
    ...         ahead = live.update(returns.loc["2022-01-04":"2022-01-04"], factors)
    >>> round(float(ahead["predicted"].sel(asset="KO", factor="market")), 2)
    0.57
    """

    def __init__(self, model: LoadingsModel | None = None, *, store: Any, checkpoint_every: int = 50) -> None:
        check("checkpoint_every", checkpoint_every, CHECKPOINT)
        path = place_of(store, "store")
        if model is not None and not path.exists():
            _start(model, path)
        elif not path.exists():
            raise InputError(f"store must exist where no model is given, got {path}. Pass a fitted model to start it.")
        self.store = LoadingsStore.open(path)
        self._every, self._since = checkpoint_every, 0
        self._held = ExitStack()
        self._held.enter_context(self.store.writing())
        try:
            self._model = self.store.model()
            if model is not None:
                _check_same(model, self._model, path)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        state = f"{len(self.assets):,} assets until {show(self.last_date)}"
        return f"<{type(self).__name__} {str(self.store.path)!r}: {state}>"

    @property
    def last_date(self) -> pd.Timestamp:
        """Date of the last row."""
        return self._model.last_date_

    @property
    def assets(self) -> pd.Index:
        """All assets so far."""
        return self._model.assets_

    @property
    def factors(self) -> pd.Index:
        """Factors of the model, without the constant."""
        return self._model.factors_[1:] if self._model.intercept else self._model.factors_

    def update(self, returns: Any, factors: Any) -> "xr.Dataset":
        """Take new rows and return the loadings that they predict for the next date.

        Parameters
        ----------
        returns : DataFrame (rows, assets)
            One bar, one day or several. Assets that are absent count as not observed; new ones join.
        factors : DataFrame (rows, K factors)
            Factors of these dates; others are ignored.

        Returns
        -------
        Dataset (asset, factor)
            predicted and predicted_variance for the first date not yet seen, with `attrs["after"]`, the last date.

        Raises
        ------
        InputError
            If a date is not after the last one: it was taken before, or is older. Nothing is taken then.
        OutputError
            If the rows cannot be written. They are not taken then, and can be passed again.
        """
        dates, _ = read_labels(returns, "returns")
        self._check_new(dates)
        before = self._model.__dict__.copy()
        given = factors.loc[factors.index.isin(dates)] if isinstance(factors, pd.DataFrame) else factors
        try:
            self._model.partial_fit(returns, given)
            due = self._since + len(dates) >= self._every
            self.store.append(self._model, returns, given, checkpoint=due)
        except BaseException:
            self._model.__dict__ = before
            raise
        self._since = 0 if due else self._since + len(dates)
        return self.predicted()

    def predicted(self) -> "xr.Dataset":
        """Return the predicted loadings of the first date not yet seen, as `update` does."""
        import xarray as xr

        mean, covariance, _ = self._model._next_date()
        hidden = self._model._hidden()
        dims = ("asset", "factor")
        values = {"predicted": mean, "predicted_variance": np.diagonal(covariance, axis1=1, axis2=2)}
        found = {name: (dims, np.where(hidden, np.nan, each)) for name, each in values.items()}
        labels = {"asset": self._model.assets_, "factor": self._model.factors_}
        return xr.Dataset(found, labels, {"after": show(self.last_date)})

    def checkpoint_due(self) -> int:
        """Return after how many more rows the state of the model is written."""
        return self._every - self._since

    def close(self) -> None:
        """Give the store back; every row is on disk already."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_new(self, dates: pd.DatetimeIndex) -> None:
        last = self.last_date
        old = dates[dates <= last]
        if not len(old):
            return
        why = "was taken before" if old[0] in self.store.dates else "is older"
        raise InputError(
            f"returns must have dates after {show(last)}, the last one taken, got {show(old[0])}, which {why}. "
            "Pass later rows alone."
        )


def _start(model: LoadingsModel, path: Path) -> None:
    """Make a store of the results of a fitted model."""
    model._results()
    options = {name: value for name, value in model.get_params(deep=False).items() if name != "progress"}
    store = LoadingsStore.create(
        path,
        dates=model.dates_,
        assets=model.assets_,
        factors=model.factors_,
        block_assets=padded(len(model.assets_)),
        identity={
            "model": type(model).__name__,
            "options": options,
            "data": f"live from {show(model.dates_[0])}",
            "tune_until": model.tuned_until_,
        },
    )
    with store.writing():
        store.write_block(0, model)
        store.finish()


def _check_same(given: LoadingsModel, stored: LoadingsModel, path: Path) -> None:
    """Raise InputError unless a given model is the one of an existing store."""
    same = (
        type(given) is type(stored)
        and given.tuned_until_ == stored.tuned_until_
        and given.first_date_ == stored.first_date_
        and given.factors_.equals(stored.factors_)
        and given.assets_.equals(stored.assets_[: len(given.assets_)])
    )
    if not same:
        raise InputError(f"store must be new or of this model, got {path}, of another. Choose another path.")
