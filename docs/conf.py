"""Configures the documentation site: Sphinx, the PyData theme, numpydoc, sphinx-gallery and MyST, without a network."""

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statefolio as sf  # noqa: E402

project = "statefolio"
author = "the statefolio developers"
copyright = "the statefolio developers"  # noqa: A001
release = version = sf.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "reference_pages",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "figures",
    "offline_math",
    "plain_text",
]
exclude_patterns = [
    "_build",
    "_ext",
    "_templates",
    "site_tests",
    "examples",
    "**/GALLERY_HEADER.rst",
    "gallery/*.py",
    "tutorials/*.py",
    "textbook/*.py",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
templates_path = ["_templates"]
root_doc = "index"
default_role = "literal"
nitpicky = False
suppress_warnings = ["config.cache"]
smartquotes = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = "statefolio"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("tables.js", {"loading_method": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "statefolio"},
    "github_url": "https://github.com/statefolio/statefolio",
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
ALONE = """
    index install first_ten_minutes choose questions glossary data_recipes evidence comparison extend plug_ins
    tool_server challenge
"""
html_sidebars = {page: [] for page in ALONE.split()}  # pages without pages below them

sphinx_gallery_conf = {
    "examples_dirs": ["tutorials", "gallery", "textbook"],
    "gallery_dirs": ["auto_tutorials", "auto_gallery", "auto_textbook"],
    "filename_pattern": os.environ.get("DOCS_EXAMPLES", r"\.py$"),  # a part of them while a page is written
    "ignore_pattern": r"__init__\.py",
    "image_scrapers": ("figures.scrape",),
    "capture_repr": ("_repr_html_", "__repr__"),
    "reset_modules": ("figures.reset",),
    "default_thumb_file": str(HERE / "_static" / "thumbnail.png"),
    "doc_module": ("statefolio",),
    "backreferences_dir": "reference/backreferences",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "remove_config_comments": True,
    "copyfile_regex": r".*\.(csv|toml)$",
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "plot_gallery": "True",
    "parallel": 2,
}
warnings.filterwarnings("ignore", message="Matplotlib is building the font cache")
