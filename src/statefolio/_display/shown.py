"""Mixins that give results a short text, an HTML view, a summary and a DataFrame."""

import inspect
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._display.headings import heading, in_sentence
from statefolio._display.numbers import cell
from statefolio._display.summary import SummaryTable


class Shown:
    """A result that shows itself: a subclass provides `_headline`, `summary` and `to_frame`."""

    def summary(self) -> Any:
        """Return a table that prints whole."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers as a DataFrame."""
        raise NotImplementedError

    def _headline(self) -> str:
        """Return the result in one short line."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._headline()}>"

    def _repr_html_(self) -> str:
        """Return the summary as HTML of at most one screen, for notebooks."""
        return str(self.summary()._repr_html_())


class ShownTable(Shown):
    """A result with a table, whose first line of text says what was found."""

    def summary(self) -> SummaryTable:
        """Return the table with the finding above it; it prints whole.

        Returns
        -------
        DataFrame
        """
        return SummaryTable(self.to_frame(), self._headline())

    def _headline(self) -> str:
        return str(self).split("\n", 1)[0]


class ShownFields(Shown):
    """A small dataclass of plain values: its fields are its summary."""

    def summary(self) -> SummaryTable:
        """Return one row per number or text of the result.

        Returns
        -------
        DataFrame (name x "value")
        """
        values = self._plain()
        table = pd.DataFrame({"value": [_text(name, value) for name, value in values.items()]}, dtype=object)
        table.index = pd.Index([heading(name).replace("_", " ") for name in values], name="name")
        return SummaryTable(table, self._headline())

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers and texts as a DataFrame of one row."""
        return pd.DataFrame([self._plain()])

    def _plain(self) -> dict[str, Any]:
        """Return the fields that hold one value each."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in named.items() if _is_plain(value)}

    def _headline(self) -> str:
        parts = [f"{in_sentence(name)} {_text(name, value)}" for name, value in self._plain().items() if value != ""]
        return ", ".join(parts[:5])


class ShownModel(Shown):
    """An estimator: its options before `fit`, and what it learned after it."""

    def __repr__(self) -> str:
        options = self._options_text()
        return f"<{options}: {self._headline()}>" if self._is_shown_fitted() else options

    def _options_text(self) -> str:
        """Return the class with the options that differ from their defaults, each shortened."""
        return f"{type(self).__name__}({_options(self)})"

    def _repr_html_(self) -> str:
        if not self._is_shown_fitted():
            return f"<code>{repr(self).replace('<', '&lt;')}</code>"
        return super()._repr_html_()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Return both views for notebooks; scikit-learn's diagram of a pipeline is not used."""
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _is_shown_fitted(self) -> bool:
        return bool(self.__sklearn_is_fitted__())  # type: ignore[attr-defined]


def _options(estimator: Any) -> str:
    defaults = inspect.signature(type(estimator).__init__).parameters
    given = {name: getattr(estimator, name) for name in defaults if name != "self" and hasattr(estimator, name)}
    changed = {name: value for name, value in given.items() if not _equal(value, defaults[name].default)}
    return ", ".join(f"{name}={_short(value)}" for name, value in changed.items())


def _equal(value: Any, default: Any) -> bool:
    if isinstance(value, pd.Series | pd.DataFrame | np.ndarray) or isinstance(default, pd.Series | pd.DataFrame):
        return value is default
    try:
        return bool(type(value) is type(default) and value == default)
    except (TypeError, ValueError):
        return False


def _short(value: Any) -> str:
    if hasattr(value, "get_params") and not isinstance(value, type):
        return f"{type(value).__name__}({_options(value)})"
    return shown(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | bool | int | float | np.generic | pd.Timestamp) or value is None


def _text(name: str, value: Any) -> str:
    return cell(value, "p" if name == "p" or name.endswith("p_value") else "")
