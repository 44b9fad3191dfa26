"""Paths of the tool server: inside the folder, or refused."""

import pytest

from statefolio.exceptions import InputError
from statefolio.tool_server.allowed_folder import AllowedFolder


@pytest.fixture
def places(tmp_path):
    inside, outside = tmp_path / "data", tmp_path / "secret"
    (inside / "sub").mkdir(parents=True)
    outside.mkdir()
    (inside / "returns.csv").write_text("a")
    (inside / "sub" / "prices.csv").write_text("ab")
    (inside / ".hidden").write_text("x")
    (outside / "keys.csv").write_text("s")
    (inside / "link.csv").symlink_to(outside / "keys.csv")
    (inside / "folder").symlink_to(outside)
    (inside / "same.csv").symlink_to(inside / "returns.csv")
    return inside, outside


@pytest.mark.parametrize("name", ["returns.csv", "sub/prices.csv", "./returns.csv", "same.csv"])
def test_files_inside_are_read(places, name):
    assert AllowedFolder.of(places[0]).to_read(name).is_relative_to(places[0])


@pytest.mark.parametrize(
    "name",
    [
        "../secret/keys.csv", "sub/../../secret/keys.csv", "link.csv", "folder/keys.csv", "/etc/passwd", "~/keys.csv",
        "C:/keys.csv", "C:keys.csv", "\\\\host\\share\\keys.csv", "..\\secret\\keys.csv", "returns.csv\0.txt", "", ".",
        "sub", "absent.csv", "//etc/passwd",
    ],
)  # fmt: skip
def test_all_others_are_refused(places, name):
    with pytest.raises(InputError, match="path must be"):
        AllowedFolder.of(places[0]).to_read(name)


def test_an_absolute_path_inside_is_refused_too(places):
    with pytest.raises(InputError, match="relative"):
        AllowedFolder.of(places[0]).to_read(str(places[0] / "returns.csv"))


def test_large_files_are_refused(places, monkeypatch):
    monkeypatch.setattr("statefolio.tool_server.allowed_folder.LARGEST_FILE", 1)
    with pytest.raises(InputError, match="at most 1 bytes"):
        AllowedFolder.of(places[0]).to_read("sub/prices.csv")


def test_nothing_is_written_unless_allowed(places):
    with pytest.raises(InputError, match="read-only"):
        AllowedFolder.of(places[0]).to_write("new")
    folder = AllowedFolder.of(places[0], write=True)
    assert folder.to_write("sub/new") == places[0] / "sub" / "new"
    for name, why in [
        ("returns.csv", "exists"),
        ("folder/new", "leads out"),
        ("../new", "relative"),
        ("a/b", "existing"),
    ]:
        with pytest.raises(InputError, match=why):
            folder.to_write(name)


def test_a_dangling_link_is_not_written_through(places):
    (places[0] / "dangling").symlink_to(places[1] / "new")
    with pytest.raises(InputError, match="leads out"):
        AllowedFolder.of(places[0], write=True).to_write("dangling")


def test_listed_files_are_those_that_may_be_read(places):
    found = dict(AllowedFolder.of(places[0]).files(10))
    assert found == {"returns.csv": 1, "same.csv": 1, "sub/prices.csv": 2}
    assert len(AllowedFolder.of(places[0]).files(1)) == 1


def test_the_folder_must_exist(tmp_path):
    with pytest.raises(InputError, match="--folder must be an existing folder"):
        AllowedFolder.of(tmp_path / "absent")
