"""Defines `SavedRisk`: a fitted risk model saved to one file, and read from it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio.exceptions import FileFormatError, InputError
from statefolio.loadings import storage
from statefolio.loadings.array_layout import Form, check_forms, with_prefix
from statefolio.loadings.base import LoadingsModel
from statefolio.risk.factor_covariance import ExponentialCovariance, FactorCovariance, FactorMean
from statefolio.risk.factor_forecast import FactorForecast
from statefolio.risk.long_run import LongRunVariance
from statefolio.risk.regime import RegimeCovariance
from statefolio.risk.risk_options import check_risk_options, make_forecast
from statefolio.risk.saved_structure import (
    check_structure,
    restore_structure,
    structure_forms,
    structure_parts,
    unrestored_structure,
)
from statefolio.risk.track_record import SUMS, TrackRecord

Arrays = dict[str, np.ndarray[Any, Any]]
NAME = "FactorRisk"
_LOADINGS, _STRUCTURE = "loadings/", "structure/"


class SavedRisk:
    """A fitted risk model that can be saved: its options, the model of loadings and all states, without returns."""

    def save(self, path: Any) -> None:
        """Write the options, the fitted model of loadings and everything `partial_fit` continues from to one file.

        The file is written whole or not at all, and its first line has a checksum of the rest. It does not contain the
        returns and factors, but the standardised residuals of recent dates, from which residual factors continue.

        Parameters
        ----------
        path : path-like
            The file; an existing one is replaced.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        InputError
            If the covariance is "regime", or the residual structure or the model of loadings is of a class that is not
            part of this package.

        Examples
        --------
        >>> import tempfile
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120)).fit(demo.returns.iloc[:500], demo.factors.iloc[:500])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     risk.save(f"{folder}/portfolio.risk")
        ...     loaded = sf.risk.FactorRisk.load(f"{folder}/portfolio.risk")
        >>> bool((loaded.covariance_frame() == risk.covariance_frame()).all(axis=None))
        True
        >>> loaded = loaded.partial_fit(demo.returns.iloc[500:520], demo.factors.iloc[500:520])
        >>> print(loaded.last_date_.date())
        2016-01-27
        """
        risk: Any = self
        risk._check_fitted()
        storage.write(path, *_parts(risk))

    @classmethod
    def load(cls, path: Any) -> Self:
        """Read a risk model that `save` wrote: it has the same covariance, to the last bit, and continues.

        See `save` for an example.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        FactorRisk

        Raises
        ------
        FileFormatError
            If the file is not one of a risk model, is damaged, or a byte of it changed.
        """
        made: list[Any] = []

        def check(contents: dict[str, Any], forms: Mapping[str, Form]) -> None:
            made.append(_unrestored(cls, path, contents))
            _check_forms(made[0], contents["options"], forms)

        contents, arrays = storage.read(path, check)
        risk = made[0]
        try:
            _restore(risk, path, contents["options"], arrays)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FileFormatError(
                f"{path} is not a file of {NAME} that can be continued ({shown(str(error))}). Fit and save it again."
            ) from error
        loaded: Self = risk
        return loaded


def _parts(risk: Any) -> tuple[dict[str, Any], Arrays]:
    """Return the description and the arrays of a file."""
    model, forecast, structure = risk.model_, risk._forecast, risk._structure
    if _models().get(type(model).__name__) is not type(model):
        raise InputError(
            f"loadings must be one of {', '.join(_models())} to be saved, got {type(model).__name__}. Use one of them, "
            "or pickle the risk model."
        )
    check_structure(structure)
    if isinstance(forecast.covariance, RegimeCovariance):
        raise InputError(
            'factor_covariance must be "ewma" or a DataFrame to be saved, got "regime", which is an estimator of '
            "skfolio. Use one of them, or pickle the risk model."
        )
    contents, arrays = model._whole()
    arrays = {f"{_LOADINGS}{name}": values for name, values in arrays.items()}
    described, residuals = structure_parts(structure, model.assets_)
    arrays |= {f"{_STRUCTURE}{name}": values for name, values in residuals.items()}
    arrays["record"] = risk._record.sums.loc[model.assets_, list(SUMS)].to_numpy(dtype=np.float64)
    arrays["long_run"] = np.stack([risk._long_run.squares, risk._long_run.weight])
    arrays["forecast/total"] = forecast.running.total
    arrays |= _covariance_arrays(forecast.covariance)
    options = {name: value for name, value in _options(risk).items() if name != "loadings"}
    given = options["residual_structure"]
    options["residual_structure"] = given if given is None or isinstance(given, str) else True
    state = {
        "options": options,
        "own_loadings": risk.loadings is not None,
        "loadings": contents,
        "structure": described,
        "dates_of_factors": forecast.running.seen,
    }
    labels = {name: contents[name] for name in ("assets", "factors", "first_date", "last_date", "tuned_until")}
    return {"model": NAME, "options": state, **labels}, arrays


def _options(risk: Any) -> dict[str, Any]:
    options: dict[str, Any] = risk.get_params(deep=False)
    return options


def _covariance_arrays(covariance: FactorCovariance) -> Arrays:
    if not isinstance(covariance, ExponentialCovariance):
        return {}
    found = {
        "squares": covariance.squares,
        "products": covariance.products,
        "weight": np.array([covariance.weight]),
        "long_run": np.stack([covariance.long_run.squares, covariance.long_run.weight]),
    }
    return {f"forecast/{name}": values for name, values in found.items()}


def _unrestored(cls: type[Any], path: Any, contents: Mapping[str, Any]) -> Any:
    """Return a risk model with the options of a file, its models of loadings and residuals without their states."""
    if contents["model"] != NAME:
        raise FileFormatError(
            f"{path} must be a file of {NAME}, got one of {shown(contents['model'])}. Use load of the class that saved "
            "it."
        )
    state = contents["options"]
    saved = storage.checked(state["loadings"])
    model = _models()[saved["model"]]._unrestored(path, saved)
    structure = unrestored_structure(state["structure"])
    options = dict(state["options"])
    if options["residual_structure"] is True:
        options["residual_structure"] = type(structure)(**state["structure"]["options"])
    risk = cls(**options)
    if risk.prefit:
        risk.loadings = model
    elif state["own_loadings"]:
        risk.loadings = type(model)(**saved["options"])
    check_risk_options(risk)
    if isinstance(risk.factor_covariance, str) and risk.factor_covariance != "ewma":
        raise ValueError("its covariance of factors is of another kind")
    risk.model_, risk._structure = model, structure
    return risk


def _check_forms(risk: Any, state: Mapping[str, Any], forms: Mapping[str, Form]) -> None:
    """Raise ValueError unless the arrays of a file have the types and shapes that this risk model needs."""
    model = risk.model_
    model._check_forms(with_prefix(forms, _LOADINGS))
    assets, factors = len(model.assets_), len(_factors(model))
    needed = {
        "record": Form("f", (assets, len(SUMS))),
        "long_run": Form("f", (2, assets)),
        "forecast/total": Form("f", (factors,)),
    }
    if isinstance(risk.factor_covariance, str):
        needed["forecast/squares"] = Form("f", (factors,))
        needed["forecast/products"] = Form("f", (factors, factors))
        needed["forecast/weight"] = Form("f", (1,))
        needed["forecast/long_run"] = Form("f", (2, factors))
    needed |= {f"{_STRUCTURE}{name}": form for name, form in structure_forms(state["structure"], assets).items()}
    check_forms({name: form for name, form in forms.items() if not name.startswith(_LOADINGS)}, needed)


def _restore(risk: Any, path: Any, state: Mapping[str, Any], arrays: Arrays) -> None:
    """Set the states from the arrays of a file, and compute the covariance."""
    model: LoadingsModel = risk.model_
    model._fill(path, state["loadings"], with_prefix(arrays, _LOADINGS))
    restore_structure(risk._structure, state["structure"], with_prefix(arrays, _STRUCTURE), model.assets_)
    risk._record = TrackRecord(pd.DataFrame(arrays["record"], index=model.assets_, columns=list(SUMS)))
    risk._long_run = LongRunVariance(*arrays["long_run"])
    risk._forecast = _restored(make_forecast(risk, _factors(model)), int(state["dates_of_factors"]), arrays)
    risk._assemble()


def _restored(empty: FactorForecast, seen: int, arrays: Arrays) -> FactorForecast:
    covariance: FactorCovariance = empty.covariance
    if isinstance(covariance, ExponentialCovariance):
        covariance = replace(
            covariance,
            squares=arrays["forecast/squares"],
            products=arrays["forecast/products"],
            weight=float(arrays["forecast/weight"][0]),
            long_run=LongRunVariance(*arrays["forecast/long_run"]),
        )
    return replace(empty, running=FactorMean(arrays["forecast/total"], seen), covariance=covariance)


def _factors(model: Any) -> pd.Index:
    """Return the factors without the constant."""
    names: pd.Index = model.factors_[1:] if model.intercept else model.factors_
    return names


def _models() -> Mapping[str, type[LoadingsModel]]:
    from statefolio.loadings.stores.states import MODELS

    return MODELS
