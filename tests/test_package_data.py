"""What is no Python but belongs to the package is found where the package is installed."""

from importlib import resources

import pytest

DATA = {
    "": ["py.typed", "__init__.pyi"],
    "challenge/service/static": ["challenge.css", "icon.svg"],
    "challenge/service/template": [
        "base.html",
        "board.html",
        "data.html",
        "error.html",
        "login.html",
        "overview.html",
        "parts.html",
        "results.html",
        "rules.html",
        "team.html",
    ],
    "challenge/starter/template": ["README.md"],
    "commands/studies": ["example.toml", "README.md"],
    "report/template": ["glossary.html", "inputs.html", "loadings.html", "page.css", "page.html", "page.js"],
}


@pytest.mark.parametrize(("folder", "name"), [(folder, name) for folder, names in DATA.items() for name in names])
def test_package_data_are_there(folder, name):
    file = resources.files("statefolio").joinpath(*folder.split("/"), name)
    assert file.is_file()
    if name != "py.typed":
        assert file.read_text(encoding="utf-8").strip()
