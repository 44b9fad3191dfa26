"""Shows Plotly figures in executed pages, with one copy of plotly.js for the site, and draws thumbnails.

A figure that ends a block is written as JSON next to the page's text; `_static/figures.js` draws it when it comes into
view, in the colours of the page's theme. The thumbnail of an example is its first figure, drawn by kaleido where Chrome
or Chromium is installed, and a plain picture otherwise.
"""

import atexit
import gzip
import json
import re
import warnings
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import plotly.io as pio
from plotly.io._base_renderers import MimetypeRenderer
from sphinx.application import Sphinx
from sphinx.util import logging

from statefolio.report.themes import DARK

logger = logging.getLogger(__name__)
_state: dict[str, Any] = {"kaleido": None, "pictured": False}


class InPage(MimetypeRenderer):
    """Renders a figure as compressed JSON that the site's script draws."""

    def to_mimebundle(self, fig_dict: dict[str, Any]) -> dict[str, str]:
        """Return the figure as HTML."""
        figure = go.Figure(fig_dict)
        packed = b64encode(gzip.compress(pio.to_json(figure, validate=False).encode(), mtime=0)).decode()
        height = figure.layout.height or 450
        return {
            "text/html": f'<div class="sf-figure" role="figure" aria-label="{_label(figure)}" '
            f'style="min-height: {height}px">'
            f'<script type="application/gzip" class="sf-figure-data">{packed}</script></div>'
        }


def _label(figure: go.Figure) -> str:
    """Return what the figure shows, for readers who do not see it: its titles, or those of its axes."""
    layout = figure.layout
    titles = [layout.title.text, *(note.text for note in layout.annotations or () if not note.showarrow)]
    texts = [text for text in titles if text] or [layout.yaxis.title.text, layout.xaxis.title.text]
    plain = (" ".join(re.sub(r"<[^>]*>", " ", text).split()) for text in texts if text)
    return escape(", ".join(["Figure", *plain][:6]), quote=True)


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Write a picture of an example's first figure, for the thumbnail; the page itself draws the figures.

    The figure is the value of the block's last expression, which sphinx-gallery names `___`.
    """
    figure = block_vars["example_globals"].get("___")
    if isinstance(figure, go.Figure) and not _state["pictured"]:
        _state["pictured"] = True
        _write_picture(figure, Path(next(block_vars["image_path_iterator"])).with_suffix(".png"))
    return ""


def _write_picture(figure: go.Figure, path: Path) -> None:
    """Draw a picture with kaleido, or copy the plain one."""
    if _state["kaleido"] is not False:
        try:
            if _state["kaleido"] is None:
                import kaleido

                kaleido.start_sync_server(silence_warnings=True)
                atexit.register(_stop)
                _state["kaleido"] = True
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="The kopts argument is ignored")
                figure.write_image(str(path), width=640, height=448)
        except Exception as error:  # noqa: BLE001 - no browser, or one that does not start
            _state["kaleido"] = False
            logger.info("Thumbnails are plain pictures: %s", str(error).splitlines()[0] if str(error) else type(error))
        else:
            return
    path.write_bytes((Path(__file__).parent.parent / "_static" / "thumbnail.png").read_bytes())


def _stop() -> None:
    """Stop kaleido's browser."""
    import kaleido

    kaleido.stop_sync_server(silence_warnings=True)


def reset(gallery_conf: dict[str, Any], fname: str) -> None:
    """Before each example, forget the picture of the one before, and show figures in the page (in any process)."""
    _state["pictured"] = False
    pio.renderers["in_page"] = InPage()
    pio.renderers.default = "in_page"
    pio.renderers.render_on_display = True


def _copy_plotly(app: Sphinx, error: Exception | None) -> None:
    """Copy plotly.js once into the site, with the dark colours of figures."""
    if error is None and app.builder.format == "html":
        source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        target = Path(app.outdir) / "_static" / "plotly.min.js"
        target.write_bytes(source.read_bytes())
        colours = Path(app.outdir) / "_static" / "figure_colours.js"
        colours.write_text(f"window.SF_DARK = {json.dumps(DARK)};\n", encoding="utf-8")


def _add_scripts(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if "sf-figure" in context.get("body", ""):
        app.add_js_file("plotly.min.js", loading_method="defer")
        app.add_js_file("figure_colours.js", loading_method="defer")
        app.add_js_file("figures.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to the build."""
    app.connect("html-page-context", _add_scripts)
    app.connect("build-finished", _copy_plotly)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
