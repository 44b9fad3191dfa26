"""The reference is generated from the public names, and nothing is left out of it or of the gallery."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the site is built by `make docs`, which installs Sphinx")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
code_blocks = import_module("code_blocks")
reference_pages = import_module("reference_pages")

SCRIPTS = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("gallery", "tutorials", "textbook")
    for path in (ROOT / "docs" / folder).rglob("*.py")
)


@pytest.mark.parametrize("namespace", reference_pages.TASKS)
def test_every_public_name_is_in_the_reference_once(namespace):
    names = [name for listed in reference_pages.groups(namespace).values() for name in listed]
    assert sorted(names) == sorted(import_module(f"statefolio.{namespace}").__all__)
    page = reference_pages.page(namespace)
    assert all(re.search(rf"^   {name}$", page, re.MULTILINE) for name in names)


def test_every_namespace_is_a_task():
    namespaces = {path.parent.name for path in (ROOT / "src" / "statefolio").glob("*/__init__.pyi")}
    assert namespaces == set(reference_pages.TASKS)


def test_groups_name_public_names_alone():
    for namespace, groups in reference_pages.GROUPS.items():
        listed = [name for names in groups.values() for name in names]
        assert len(listed) == len(set(listed))
        assert set(listed) <= set(import_module(f"statefolio.{namespace}").__all__)


def test_every_command_is_in_the_reference():
    page = reference_pages.command_page()
    for command in ("statefolio loadings", "statefolio risk", "statefolio mcp", "statefolio challenge submit"):
        assert f"{command}\n---" in page
    assert "``--tune-until``" in page


def plot_methods():
    return {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"^    def (plot_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def test_every_plot_method_is_in_the_gallery():
    assert {name for name in plot_methods() if f".{name}(" not in SCRIPTS} == set()


def test_the_gallery_is_large_and_runs_in_sections():
    examples = list((ROOT / "docs" / "gallery").rglob("*.py"))
    assert len(examples) >= 25
    assert len({path.stem for path in examples}) == len(examples)
    assert all((path.parent / "GALLERY_HEADER.rst").is_file() for path in examples)


PAGES = {str(path.relative_to(code_blocks.DOCS)): path for path in code_blocks.pages()}


@pytest.mark.parametrize("name", PAGES)
def test_code_that_is_not_run_says_so(name):
    assert code_blocks.unmarked(PAGES[name].read_text(encoding="utf-8")) == []


def test_code_without_a_mark_is_found():
    page = "```python\na\n```\n\n```console\nb\n```\n\n```{code-block} python\nc\n```\n\n```text\nd\n```\n"
    assert code_blocks.unmarked(page) == ["b\n", "c\n"]


def test_blocks_run_in_order_and_differences_are_found(tmp_path):
    page = "```python\na = 1\nprint(a)\n```\n\n```text\n1\n```\n\n```python\nprint(a + 1)\n```\n\n```text\n3\n```\n"
    assert code_blocks.differences(page, tmp_path) == [("3\n", "2\n")]
