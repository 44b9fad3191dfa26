"""Writes formulas as MathML, which browsers draw without a script, so that no page needs a network."""

from html import escape
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def _formula(node: nodes.math | nodes.math_block, block: bool) -> str:
    """Return a formula as MathML; one that cannot be converted is shown as it is written, with a warning."""
    try:
        return str(tex2mathml(node.astext().strip(), as_block=block))
    except MathError as error:
        logger.warning("formula cannot be converted: %s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(_formula(node, block=False))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, in a box that scrolls where it is wider than the page."""
    translator.body.append(f'<div class="sf-formula" tabindex="0">{_formula(node, block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
