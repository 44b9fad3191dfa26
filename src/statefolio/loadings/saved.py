"""Defines `SavedLoadings`: fitted models of loadings saved to one file, and read from it."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio.exceptions import FileFormatError
from statefolio.loadings import storage
from statefolio.loadings.array_layout import Form, check_forms, join_arrays, with_prefix
from statefolio.loadings.fitted import FittedLoadings
from statefolio.loadings.last_results import last_arrays, last_forms, last_run

Arrays = dict[str, np.ndarray[Any, Any]]
NEXT = ("mean", "covariance", "observation_variance")


class SavedLoadings(FittedLoadings):
    """A fitted model that can be saved: options, parameters and the state from which it continues, without data."""

    _condition: Array  # (N,) of the factors on an asset's dates, where they are collinear; else NaN

    def save(self, path: Any) -> None:
        """Write options, parameters, the final state and the results of the last date to one file.

        The file is written whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; an existing one is replaced.

        Examples
        --------
        >>> import tempfile
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.StaticLoadings().fit(demo.returns, demo.factors)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/betas.model")
        ...     loaded = sf.StaticLoadings.load(f"{folder}/betas.model")
        >>> loaded.next_.equals(model.next_)
        True
        """
        storage.write(path, *self._whole())

    @classmethod
    def load(cls, path: Any) -> Self:
        """Read a model that `save` wrote.

        It predicts and continues. Its results are those of the last date, and have no likelihood, until `partial_fit`
        or `fit` is called. See `save` for an example.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        LoadingsModel

        Raises
        ------
        FileFormatError
            If the file is not one of this model, is damaged, or a byte of it changed.
        """
        made: list[Self] = []

        def check(contents: dict[str, Any], forms: Mapping[str, Form]) -> None:
            made.append(cls._unrestored(path, contents))
            made[0]._check_forms(forms)

        contents, arrays = storage.read(path, check)
        made[0]._fill(path, contents, arrays)
        return made[0]

    def _whole(self) -> tuple[dict[str, Any], Arrays]:
        """Return the description and the arrays of a file of this model, with the results of the last date."""
        contents, arrays = self._saved()
        if "_run_results" in self.__dict__:
            arrays |= last_arrays(self._run_results, self._regressors)
        return {**contents, "notes": self.__dict__.get("notes_", {})}, arrays

    def _fill(self, path: Any, contents: Mapping[str, Any], arrays: Arrays) -> None:
        """Set the state, the forecast, the notes and the results of the last date from a file."""
        self.notes_ = contents["notes"]
        self._continue_from(path, arrays)
        if (last := last_run(arrays, self._forecast)) is not None:
            self._run_results, self._regressors = last
            self.dates_ = pd.DatetimeIndex([self.last_date_])

    def _saved(self) -> tuple[dict[str, Any], Arrays]:
        """Return the description and the arrays of a file of this model."""
        self._check_fitted()
        arrays = {"next/condition": self._condition}
        arrays |= {f"next/{name}": values for name, values in self._forecast_state().items()}
        arrays |= {f"state/{name}": np.asarray(values) for name, values in self._state().items()}
        contents = {
            "model": type(self).__name__,
            "options": self.get_params(deep=False),
            "assets": self.assets_,
            "factors": self.factors_,
            "first_date": self.first_date_,
            "last_date": self.last_date_,
            "tuned_until": self.tuned_until_,
        }
        return contents, arrays

    @classmethod
    def _from_saved(cls, path: Any, contents: Mapping[str, Any], parts: Sequence[Arrays]) -> Self:
        """Return the model of a description, from the arrays of successive blocks of its assets.

        Every block but the last has whole blocks of lanes. `path` is named in messages.
        """
        model = cls._unrestored(path, contents)
        arrays = parts[0]
        if len(parts) > 1:
            arrays = join_arrays(parts, model._forms()[0])
        model._continue_from(path, arrays)
        return model

    def _continue_from(self, path: Any, arrays: Arrays) -> None:
        """Set the state and the forecast from the arrays of a file."""
        self._condition = arrays.get("next/condition", np.full(len(self.assets_), np.nan))
        try:
            self._restore(with_prefix(arrays, "state/"))
            self._restore_forecast(with_prefix(arrays, "next/"))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FileFormatError(
                f"{path} is not a file of {type(self).__name__} that can be continued ({shown(str(error))}). Fit and "
                "save the model again."
            ) from error

    @classmethod
    def _unrestored(cls, path: Any, contents: Mapping[str, Any]) -> Self:
        """Return a model with the options and the labels of a file."""
        if contents["model"] != cls.__name__:
            raise FileFormatError(
                f"{path} must be a file of {cls.__name__}, got one of {shown(contents['model'])}. "
                f"Use load of the class that saved it."
            )
        model = cls(**contents["options"])
        model._check_options()
        model.assets_, model.factors_ = contents["assets"], contents["factors"]
        if not (model.assets_.is_unique and model.factors_.is_unique and len(model.assets_) and len(model.factors_)):
            raise ValueError("names of assets or factors are missing or occur twice")
        model.first_date_, model.last_date_ = contents["first_date"], contents["last_date"]
        model.tuned_until_ = contents["tuned_until"]
        return model

    def _check_forms(self, forms: Mapping[str, Form]) -> None:
        """Raise ValueError unless the arrays of a file have the types and shapes that this model needs."""
        needed, optional = self._forms()
        last = last_forms(len(self.assets_), len(self.factors_))
        check_forms(forms, {**needed, **last}, {*optional, *last})

    def _forms(self) -> tuple[dict[str, Form], frozenset[str]]:
        """Return the types and shapes of the arrays of a file, and the names of those that it may lack."""
        assets, states = len(self.assets_), len(self.factors_)
        forms, optional = self._state_forms(assets, states)
        needed = {f"state/{name}": form for name, form in forms.items()}
        lacking = {"next/condition", *(f"state/{name}" for name in optional)}
        forms, optional = self._forecast_forms(assets, states)
        needed |= {f"next/{name}": form for name, form in forms.items()}
        needed["next/condition"] = Form("f", (assets,), 0)
        return needed, frozenset({*lacking, *(f"next/{name}" for name in optional)})

    # Methods that a subclass supplies ----------------------------------------------------------------------

    def _check_options(self) -> None:
        """Raise InputError for an invalid option."""

    def _state(self) -> Arrays:
        """Return the arrays from which `_run` continues, learned parameters included."""
        raise NotImplementedError

    def _state_forms(self, assets: int, states: int) -> tuple[dict[str, Form], frozenset[str]]:
        """Return the types and shapes of the arrays of `_state`, and the names of those that a file may lack."""
        raise NotImplementedError

    def _restore(self, state: Arrays) -> None:
        """Set the state from the arrays that `_state` returned."""
        raise NotImplementedError

    def _forecast_state(self) -> Arrays:
        """Return the arrays from which the forecast of the next date is restored, beside those of the state."""
        return dict(zip(NEXT, self._next_date(), strict=True))

    def _forecast_forms(self, assets: int, states: int) -> tuple[dict[str, Form], frozenset[str]]:
        """Return the types and shapes of the arrays of `_forecast_state`, and the names of those a file may lack."""
        return forecast_forms(assets, states), frozenset()

    def _restore_forecast(self, ahead: Arrays) -> None:
        """Set the forecast of the next date from the arrays that `_forecast_state` returned, after the state."""
        self._forecast = (ahead["mean"], ahead["covariance"], ahead["observation_variance"])


def forecast_forms(assets: int, states: int) -> dict[str, Form]:
    """Return the types and shapes of the forecast of the next date."""
    shapes = ((assets, states), (assets, states, states), (assets,))
    return {name: Form("f", shape, 0) for name, shape in zip(NEXT, shapes, strict=True)}
