"""Provides `Estimator` and `clone`: options by name and their copies, as scikit-learn has them, without importing it.

Importing scikit-learn takes longer than all the rest of a first fit. `clone`, `GridSearchCV`, pipelines and Optuna use
the methods below and do not ask for the class.
"""

import copy
from inspect import Parameter, signature
from typing import Any, Self

from statefolio.exceptions import InputError

_LONGEST = 700


class Estimator:
    """Base of estimators whose constructor stores its arguments as attributes of the same names, and nothing else."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the options by name.

        Parameters
        ----------
        deep : bool
            Add the options of options that are estimators, as `option__name`.

        Examples
        --------
        >>> import statefolio as sf
        >>> sf.ExponentialLoadings(half_life=60).get_params()
        {'half_life': 60, 'intercept': True}
        """
        found: dict[str, Any] = {name: getattr(self, name) for name in sorted(_defaults(type(self)))}
        for name, value in list(found.items()) if deep else []:
            if hasattr(value, "get_params") and not isinstance(value, type):
                found |= {f"{name}__{inner}": one for inner, one in value.get_params().items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Set options by name.

        Parameters
        ----------
        **params
            Values by name; `option__name` sets an option of an option that is an estimator.

        Raises
        ------
        InputError
            If there is no option of a name.

        Examples
        --------
        >>> import statefolio as sf
        >>> sf.RollingLoadings().set_params(window=60)
        RollingLoadings(window=60)
        """
        known = _defaults(type(self))
        inner: dict[str, dict[str, Any]] = {}
        for name, value in params.items():
            option, nested, rest = name.partition("__")
            if option not in known:
                raise InputError(
                    f"params must be options of {type(self).__name__}, got {option!r}. Choose among "
                    f"{', '.join(sorted(known))}."
                )
            if nested:
                inner.setdefault(option, {})[rest] = value
            else:
                setattr(self, option, value)
        for option, values in inner.items():
            getattr(self, option).set_params(**values)
        return self

    def __repr__(self) -> str:
        """Return the call that makes this estimator: the options that differ from their defaults."""
        changed = []
        for name, default in _defaults(type(self)).items():
            text = repr(getattr(self, name, default))
            if text != repr(default):
                changed.append(f"{name}={text}")
        inside = ", ".join(changed)
        if len(inside) > _LONGEST:
            inside = f"{inside[: _LONGEST // 2]}...{inside[-_LONGEST // 2 :]}"
        return f"{type(self).__name__}({inside})"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks about an estimator: neither classifier nor regressor, and gaps are welcome."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(None, TargetTags(required=True), input_tags=InputTags(allow_nan=True))


def clone(estimator: Any) -> Any:
    """Return an unfitted estimator with copies of the same options, as scikit-learn's `clone` does.

    Estimators that do not derive from `Estimator` are cloned by scikit-learn.
    """
    return _copied(estimator, safe=True)


def clone_option(value: Any) -> Any:
    """Return a copy of an option's value; an estimator is cloned."""
    return _copied(value, safe=False)


def _copied(value: Any, *, safe: bool) -> Any:
    if hasattr(value, "__sklearn_clone__") and not isinstance(value, type):
        return value.__sklearn_clone__()
    if isinstance(value, Estimator):
        return type(value)(**{name: clone_option(one) for name, one in value.get_params(deep=False).items()})
    if not safe and not hasattr(value, "get_params") and not isinstance(value, dict | list | tuple | set | frozenset):
        return copy.deepcopy(value)
    from sklearn.base import clone as clone_of_any

    return clone_of_any(value, safe=safe)


def _defaults(kind: Any) -> dict[str, Any]:
    """Return the defaults of the constructor by name."""
    if kind.__init__ is object.__init__:
        return {}
    return {
        name: one.default
        for name, one in signature(kind.__init__).parameters.items()
        if name != "self" and _is_option(one)
    }


def _is_option(parameter: Parameter) -> bool:
    return parameter.kind not in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
