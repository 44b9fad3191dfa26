"""The starter: what is in it, and archives that would write elsewhere."""

import io
import json
import zipfile

import pytest

from statefolio.challenge.client.starter import unpack
from statefolio.challenge.client.trial import data_folder, read_file, try_submission
from statefolio.challenge.starter.archive import write_starter
from statefolio.exceptions import FileFormatError, InputError


@pytest.fixture
def starter(public, tmp_path):
    folder = tmp_path / "starter"
    unpack((public / "starter.zip").read_bytes(), folder)
    return folder


def test_it_has_data_rules_three_submissions_and_a_notebook(starter):
    names = {str(each.relative_to(starter)) for each in starter.rglob("*") if each.is_file()}
    assert {"README.md", "notebook.ipynb", "data/returns.csv", "data/rules.json", "data/data.npz"} <= names
    assert len([each for each in names if each.endswith(".toml")]) == 3
    assert "starter.zip" not in " ".join(names)


def test_equal_content_makes_equal_bytes(public, rules):
    before = (public / "starter.zip").read_bytes()
    write_starter(public, rules)
    assert (public / "starter.zip").read_bytes() == before


def test_every_submission_of_it_has_a_score_and_does_not_look_ahead(starter):
    for file in sorted(starter.glob("*.toml")):
        trial = try_submission(read_file(file), data_folder(file))
        assert trial.scored.value is not None, (file.name, trial.scored.reasons)
        assert trial.scored.failed_gates == ()
        assert (trial.looks_ahead, trial.cuts, trial.other_engine) == (None, 3, None)


def test_the_notebook_runs(starter, monkeypatch):
    monkeypatch.chdir(starter)
    cells = json.loads((starter / "notebook.ipynb").read_text())["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["trial"].scored.value is not None


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil", "C:evil"])
def test_a_file_that_would_leave_the_folder_is_refused(tmp_path, name):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(InputError, match="files of its own folder"):
        unpack(content.getvalue(), tmp_path / "starter")
    assert not (tmp_path / "evil").exists()


def test_what_is_no_archive_is_refused(tmp_path):
    with pytest.raises(InputError, match="must be a ZIP archive"):
        unpack(b"no archive", tmp_path)


def test_a_submission_without_data_near_it_says_what_to_do(tmp_path):
    with pytest.raises(FileFormatError, match="statefolio challenge starter"):
        data_folder(tmp_path / "mine.toml")
