"""Saves figures as HTML, SVG, PNG or PDF."""

from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from statefolio._arrays.text import shown
from statefolio._options import Kind, Number, Whole, check
from statefolio._writing import write_whole
from statefolio.exceptions import InputError, OutputError
from statefolio.report.themes import themed

FORMATS = ("html", "svg", "png", "pdf")
NARROWEST = 320


def save_figure(figure: go.Figure, path: Any, *, theme: str = "light", width: int = 900, scale: float = 2.0) -> Path:
    """Save a figure in the format that the file's name ends with: HTML, SVG, PNG or PDF.

    HTML needs nothing else and holds plotly's download button. The others need the extra `figures` (kaleido, which
    drives Chrome or Chromium).

    Parameters
    ----------
    figure : plotly Figure
    path : path-like
        Ends in .html, .svg, .png or .pdf; an existing file is replaced.
    theme : {"light", "dark"}
    width : int
        In pixels, at least 320; the height is the figure's own.
    scale : float
        Pixels of a PNG per pixel of the figure.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    InputError, DataTypeError
        If an argument is not valid, or the name ends differently.
    OutputError
        If kaleido or a browser is missing, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.RollingLoadings(window=120).fit(demo.returns.loc["2021":], demo.factors.loc["2021":, ["market"]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = sf.report.save_figure(model.plot_map(), f"{folder}/map.html", theme="dark")
    ...     text = page.read_text(encoding="utf-8")
    >>> page.name, "toImage" in text
    ('map.html', True)
    """
    check("figure", figure, Kind(go.Figure, "a plotly Figure", "model.plot_map()"))
    check("width", width, Whole(at_least=NARROWEST, example=900))
    check("scale", scale, Number(above=0.0, at_most=10.0, example=2.0))
    kind = str(path).rpartition(".")[2].lower()
    if kind not in FORMATS:
        raise InputError(
            f"path must end in .html, .svg, .png or .pdf, got {shown(str(path))}. Pass e.g. path='loadings.svg'."
        )
    shown_figure = themed(figure, theme)
    if kind == "html":
        buttons = {"toImageButtonOptions": {"format": "svg"}, "displaylogo": False, "responsive": True}
        write_whole(path, shown_figure.to_html(include_plotlyjs=True, config=buttons))
    else:
        write_whole(path, _image(shown_figure, kind, width, scale))
    return Path(path)


def _image(figure: go.Figure, kind: str, width: int, scale: float) -> bytes:
    try:
        import kaleido  # noqa: F401  plotly finds it by itself; imported for the message
    except ImportError as error:
        raise OutputError(
            f"figures as {kind.upper()} need kaleido, which is not installed. Run pip install 'statefolio[figures]', "
            "or save as .html."
        ) from error
    height = int(figure.layout.height or 450)
    try:
        return bytes(figure.to_image(format=kind, width=width, height=height, scale=scale if kind == "png" else 1))
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OutputError(
            f"the figure cannot be drawn as {kind.upper()}: {first} Install Chrome or Chromium, e.g. with "
            "plotly_get_chrome, or save as .html."
        ) from error
