"""Code that a study names: loaded from its folder, refused with the nearest name, known by what it does."""

import sys

import pytest

from statefolio._plug_ins import POLICIES
from statefolio.commands.studies.parts.own_code import load_own, make_own
from statefolio.exceptions import InputError, PlugInError, UnknownNameError

MODULE = '''
"""My policies."""
from helper_of_mine import half

class Trend:
    """Documentation."""
    def __init__(self, window=21):
        if window < 2:
            raise ValueError("window is too short")
        self.window = window
    def decide(self, history, holdings):
        return {"a": half()}

class Nothing:
    pass

LEVEL = 3
'''
HELPER = "def half():\n    return 0.5\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "policies_of_mine.py").write_text(MODULE)
    (tmp_path / "helper_of_mine.py").write_text(HELPER)
    yield tmp_path
    for name in ("policies_of_mine", "helper_of_mine", "broken_of_mine", "json"):
        if name != "json":
            sys.modules.pop(name, None)


def loaded(folder, name="policies_of_mine:Trend"):
    return load_own(POLICIES, name, folder, "portfolio.x.policy")


def test_a_class_of_the_folder_is_made_with_its_options(folder):
    policy = make_own(loaded(folder), {"window": 5}, ("decide",))
    assert policy.window == 5
    assert policy.decide(None, None) == {"a": 0.5}


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("policies_of_min:Trend", UnknownNameError, "got 'policies_of_min'. Did you mean policies_of_mine?"),
        ("policies_of_mine:Trnd", UnknownNameError, "got 'Trnd'. Did you mean Trend?"),
        ("policies_of_mine:LEVEL", InputError, "a class or a function, got 'policies_of_mine:LEVEL', a int"),
        ("not a module:Trend", InputError, "must be module:Class, got the module 'not a module'"),
        ("broken_of_mine:Trend", PlugInError, "the module 'broken_of_mine' must be imported, got ZeroDivisionError"),
        ("trnd", UnknownNameError, "must name a plug-in that an installed package offers"),
    ],
)
def test_wrong_names_suggest_the_nearest(folder, name, error, text):
    (folder / "broken_of_mine.py").write_text("1 / 0\n")
    with pytest.raises(error) as raised:
        loaded(folder, name)
    assert str(raised.value).startswith("portfolio.x.policy")
    assert text in str(raised.value)


def test_wrong_options_and_missing_methods_are_named(folder):
    with pytest.raises(UnknownNameError, match=r"takes \('window'\), got 'windw'. Did you mean window\?"):
        make_own(loaded(folder), {"windw": 5}, ("decide",))
    with pytest.raises(PlugInError, match="got ValueError: window is too short"):
        make_own(loaded(folder), {"window": 1}, ("decide",))
    with pytest.raises(PlugInError, match="must have a method decide, got Nothing"):
        make_own(loaded(folder, "policies_of_mine:Nothing"), {}, ("decide",))


def test_a_file_with_the_name_of_a_library_is_not_confused_with_it(folder):
    (folder / "json.py").write_text("class Trend: pass\n")
    with pytest.raises(InputError, match="Rename the file"):
        load_own(POLICIES, "json:JSONDecoder", folder, "portfolio.x.policy")


def test_code_is_known_by_what_it_does(folder):
    first = loaded(folder).identity
    (folder / "policies_of_mine.py").write_text("# a comment\n" + MODULE.replace("My policies", "Ours"))
    assert loaded(folder).identity == first
    (folder / "helper_of_mine.py").write_text(HELPER.replace("0.5", "0.25"))
    second = loaded(folder)
    assert second.identity != first
    assert make_own(second, {}, ("decide",)).decide(None, None) == {"a": 0.25}


def test_the_same_name_in_another_folder_is_another_module(folder, tmp_path):
    loaded(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "policies_of_mine.py").write_text(MODULE)
    with pytest.raises(InputError, match=r"Python finds another module 'policies_of_mine' first"):
        loaded(other)
