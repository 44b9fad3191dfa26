"""Writes each page as plain text beside its HTML, and `llms.txt` with `llms-full.txt` for assistants.

`llms.txt` lists the pages with their first sentence (https://llmstxt.org); `llms-full.txt` has the prose pages whole.
"""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.io import StringOutput
from sphinx.application import Sphinx
from sphinx.builders.text import TextBuilder
from sphinx.util import logging
from sphinx.writers.text import TextWriter

logger = logging.getLogger(__name__)
SECTIONS = {
    "Start": (
        "install",
        "first_ten_minutes",
        "choose",
        "questions",
        "data_recipes",
        "beyond_memory",
        "plug_ins",
        "tool_server",
    ),
    "Tutorials": ("auto_tutorials/",),
    "Mathematics": ("mathematics/",),
    "Evidence": ("evidence", "comparison", "auto_textbook/"),
    "Challenge": ("challenge",),
    "Gallery": ("auto_gallery/",),
    "Reference": ("reference/",),
    "Glossary": ("glossary",),
}
HEAD = (
    "# statefolio\n\n> A Python library and command: Kalman-filter factor loadings with error bands, factor risk, "
    "cointegrated baskets, portfolios and back-tests that cannot see the future.\n\nReturns are simple, in decimals; "
    "one row per date, one column per asset. `predicted` is known the day before, `filtered` includes the day, "
    "`smoothed` includes the future.\n"
)


class _PlainTranslator(TextBuilder.default_translator_class):  # type: ignore[name-defined,misc]
    """Leaves out what a reader of text cannot use."""

    def unknown_visit(self, node: nodes.Node) -> None:
        """Pass over nodes of extensions; their text remains."""

    def unknown_departure(self, node: nodes.Node) -> None:
        """Pass over nodes of extensions."""


def _text(builder: TextBuilder, app: Sphinx, page: str) -> tuple[str, str, str]:
    """Return title, first sentence and text of a page."""
    doctree = app.env.get_and_resolve_doctree(page, builder)
    title = next(iter(doctree.findall(nodes.title)), None)
    paragraphs = (one for one in doctree.findall(nodes.paragraph) if not isinstance(one.parent, nodes.Admonition))
    first = next((one.astext() for one in paragraphs if len(one.astext().split()) > 4), "")
    first = re.sub(r"\s+", " ", first)
    sentence = re.split(r"(?<=[.?!:])\s", first)[0]
    writer = TextWriter(builder)
    target = StringOutput(encoding="unicode")
    builder.current_docname = page
    builder.secnumbers = {}
    writer.write(doctree, target)
    return (title.astext() if title else page), sentence, writer.output or ""


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.name not in ("html", "dirhtml"):
        return
    builder = TextBuilder(app, app.env)
    builder.init()
    builder.default_translator_class = _PlainTranslator
    out = Path(app.outdir)
    pages: dict[str, tuple[str, str, str]] = {}
    for page in sorted(app.env.found_docs):
        pages[page] = _text(builder, app, page)
        path = out / f"{page}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages[page][2], encoding="utf-8")
    listed, whole = [HEAD], [HEAD]
    for section, starts in SECTIONS.items():
        rows = [page for start in starts for page in pages if page == start or page.startswith(start)]
        if section == "Reference":
            rows = [page for page in rows if "/api/" not in page]
        if not rows:
            continue
        listed.append(f"\n## {section}\n")
        for page in dict.fromkeys(rows):
            title, sentence, text = pages[page]
            listed.append(f"- [{title}]({page}.txt): {sentence}")
            if section not in ("Gallery", "Reference"):
                whole.append(f"\n\n{text}")
    (out / "llms.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")
    (out / "llms-full.txt").write_text("".join(whole) + "\n", encoding="utf-8")


def _link(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if doctree is not None:
        name = page.rsplit("/", 1)[-1]
        tag = f'<link rel="alternate" type="text/plain" href="{name}.txt" title="This page as plain text">'
        context["metatags"] = context.get("metatags", "") + tag


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to the build."""
    app.connect("html-page-context", _link)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
