"""The organiser's commands: what they print, and their exit codes."""

import pytest
from typer.testing import CliRunner

from statefolio.__main__ import app


@pytest.fixture
def run():
    def run(*arguments):
        return CliRunner().invoke(app, ["challenge", *map(str, arguments)])

    return run


def test_a_round_from_init_to_backup(run, tmp_path):
    folder = tmp_path / "round"
    made = run("init", folder)
    assert made.exit_code == 0
    assert "challenge check" in made.output
    assert run("status", folder).exit_code == 2
    assert "The challenge can be opened" in run("check", folder).output
    opened = run("open", folder)
    assert opened.exit_code == 0, opened.output
    assert "commitment" in opened.output
    assert run("open", folder).exit_code == 2
    invited = run("invite", "Alpha", "Beta", "--folder", folder)
    assert invited.output.count("statefolio challenge join http://127.0.0.1:8000 sfi_") == 2
    assert run("invite", "<b>", "--folder", folder).exit_code == 2
    status = run("status", folder).output
    for words in ("state", "open", "queued", "oldest job", "scorers alive", "last error", "unaltered"):
        assert words in status
    backup = run("backup", folder, "--out", tmp_path / "backup")
    assert "verified" in backup.output
    assert "Restored" in run("restore", tmp_path / "backup", tmp_path / "other").output
    assert run("upgrade", tmp_path / "other").output.startswith("The database has revision 0003")
    assert run("export", folder, "--out", tmp_path / "export", "--format", "parquet").exit_code == 0
    assert run("reveal", folder).exit_code == 2
    assert "0 that failed" in run("rescore", folder).output
    assert run("revoke", "nobody", "--folder", folder).exit_code == 2


def test_every_command_of_the_organiser_has_help(run):
    from statefolio.challenge.command_line import organiser

    names = [each.name for each in organiser.group.registered_commands]
    for name in ("tutorial", "init", "check", "open", "serve", "score", "invite", "revoke", "status", "upgrade",
                 "rescore", "extend", "close", "reveal", "export", "backup", "restore", "verify"):  # fmt: skip
        assert name in names
        assert run(name, "--help").exit_code == 0
