"""Resolves `plot_*` methods: calls a figure function of `statefolio.report`, which is imported when a figure is drawn.

This is the one place where a folder below `report/` refers to it, and it does so by name. Importing a model or a result
therefore never imports plotly, and imports still run one way.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
else:
    Figure = "plotly.graph_objects.Figure"  # what help shows

__all__ = ["Figure", "call_by_name", "draw"]


def draw(function: str, *values: Any, **options: Any) -> "Figure":
    """Call a function of `statefolio.report` by its module and name, and return the figure.

    Parameters
    ----------
    function : str
        E.g. "heat_maps.loadings_heat_map".
    *values, **options
        Its arguments.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    return call_by_name(f"statefolio.report.{function}", *values, **options)


def call_by_name(function: str, *values: Any, **options: Any) -> Any:
    """Call a function by its full name, for a result that needs a module which imports the result's own.

    Parameters
    ----------
    function : str
        E.g. "statefolio.risk.attribution.attribute_risk".
    *values, **options
        Its arguments.
    """
    module, _, name = function.rpartition(".")
    return getattr(import_module(module), name)(*values, **options)
