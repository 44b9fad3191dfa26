"""The organiser's commands: from the folder of a challenge to its revealed data."""

from pathlib import Path
from typing import TYPE_CHECKING

from statefolio.challenge.command_line.group import group
from statefolio.challenge.command_line.organiser_options import (
    BackupOptions,
    CloseOptions,
    ExportOptions,
    ExtendOptions,
    FolderOptions,
    InitOptions,
    InviteOptions,
    RestoreOptions,
    RevealOptions,
    RevokeOptions,
    ScoreOptions,
    ServeOptions,
    TutorialOptions,
    VerifyOptions,
)
from statefolio.commands.typer_command import command

if TYPE_CHECKING:
    from statefolio.challenge.folder import ChallengeFolder


@command(TutorialOptions, group)
def tutorial(options: TutorialOptions) -> None:
    """Make and run a tutorial on this machine: data, pages and two scorers; prints the address and an invitation."""
    from statefolio.challenge.organiser.serving import run_tutorial
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        run_tutorial(options.folder, terminal.say, port=options.port, workers=options.workers)


@command(InitOptions, group)
def init(options: InitOptions) -> None:
    """Write a commented challenge.toml, which runs on bundled data."""
    from statefolio.challenge.organiser.preparing import init_folder

    file = init_folder(options.folder, tutorial=options.tutorial)
    print(f"Wrote {file}. Edit it, then: statefolio challenge check {options.folder}")


@command(FolderOptions, group)
def check(options: FolderOptions) -> None:
    """Check the rules and the data, and show the windows, before the round is opened."""
    from statefolio.challenge.command_line.organiser_output import show_facts
    from statefolio.challenge.organiser.preparing import check_challenge
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        show_facts(terminal, check_challenge(_folder(options.folder)).facts)
    print(f"The challenge can be opened: statefolio challenge open {options.folder}")


@command(FolderOptions, group, name="open")
def open_(options: FolderOptions) -> None:
    """Open the round: hide the data, publish the public part and the commitment, enter the benchmarks."""
    from statefolio.challenge.command_line.organiser_output import show_facts
    from statefolio.challenge.organiser.opening import open_challenge
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        opened = open_challenge(_folder(options.folder))
        show_facts(terminal, {**opened.facts, "commitment": opened.commitment})
    print(f"Next: statefolio challenge serve {options.folder}, and statefolio challenge score {options.folder}")


@command(ServeOptions, group)
def serve(options: ServeOptions) -> None:
    """Serve the pages and the API."""
    from statefolio.challenge.organiser.serving import serve_challenge

    serve_challenge(_folder(options.folder), options.host, options.port)


@command(ScoreOptions, group)
def score(options: ScoreOptions) -> None:
    """Run scorers, each in a process of its own; those that end are started again."""
    from statefolio.challenge.organiser.serving import score_challenge
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        score_challenge(_folder(options.folder), options.workers, terminal.say)


@command(InviteOptions, group)
def invite(options: InviteOptions) -> None:
    """Make a one-time code for each team. The codes are shown once."""
    from statefolio.challenge.organiser.teams import invite_teams

    folder = _folder(options.folder)
    codes = invite_teams(folder, options.teams, days=options.days, renew=options.renew)
    server = folder.rules.server
    address = server.public_url or f"http://{server.host}:{server.port}"
    for name, code in codes.items():
        print(f"{name}:  statefolio challenge join {address} {code}")


@command(RevokeOptions, group)
def revoke(options: RevokeOptions) -> None:
    """Shut a team out, end its tokens, or take back one code."""
    from statefolio.challenge.organiser.teams import revoke as revoked

    print(revoked(_folder(options.folder), options.what, tokens=options.tokens))


@command(FolderOptions, group)
def status(options: FolderOptions) -> None:
    """Show the state of the round, the queue, the oldest job, the scorers that are alive and the last error."""
    from statefolio.challenge.command_line.organiser_output import show_status
    from statefolio.challenge.organiser.status import status_of
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        show_status(terminal, status_of(_folder(options.folder)))


@command(FolderOptions, group)
def upgrade(options: FolderOptions) -> None:
    """Bring the database to this version of statefolio. Make a backup first."""
    from statefolio.challenge.store.schema import migrate
    from statefolio.challenge.store.store import Store

    with Store.open(_folder(options.folder).database) as store:
        print(f"The database has revision {migrate(store)}.")


@command(FolderOptions, group)
def rescore(options: FolderOptions) -> None:
    """Score everything again after the engine changed; old scores are kept."""
    from statefolio.challenge.organiser.rescoring import rescore as requeue

    found = requeue(_folder(options.folder))
    if found.before == found.after:
        print(f"The engine is the same ({found.after}); {found.count} that failed are scored again.")
    else:
        print(f"{found.count} submissions are scored again with engine {found.after}, after {found.before}.")


@command(ExtendOptions, group)
def extend(options: ExtendOptions) -> None:
    """Add dates that have come, and score the files of forward rounds on them."""
    from statefolio.challenge.organiser.extending import extend_challenge

    found = extend_challenge(_folder(options.folder), options.data)
    print(f"Added {found.dates} dates, until {found.through:%Y-%m-%d}; scored {found.scored} files.")


@command(CloseOptions, group)
def close(options: CloseOptions) -> None:
    """Close the round: scorers score the finalists on the final window, then come the final tables."""
    from statefolio.challenge.command_line.organiser_output import show_results
    from statefolio.challenge.organiser.closing import close_challenge
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        show_results(terminal, close_challenge(_folder(options.folder), terminal, early=options.early))


@command(RevealOptions, group)
def reveal(options: RevealOptions) -> None:
    """Publish the salt of the commitment, the finalists and the data, so that everyone can verify the scores."""
    from statefolio.challenge.organiser.revealing import reveal_challenge

    salt = reveal_challenge(_folder(options.folder), with_data=options.data)
    print(f"Revealed. The salt is {salt}.")


@command(ExportOptions, group)
def export(options: ExportOptions) -> None:
    """Write teams, submissions, scores, board and audit log as CSV or Parquet."""
    from statefolio.challenge.organiser.exporting import export_tables

    names = export_tables(_folder(options.folder), options.out, kind=options.format, overwrite=options.overwrite)
    print(f"Wrote {', '.join(names)} to {options.out}.")


@command(BackupOptions, group)
def backup(options: BackupOptions) -> None:
    """Back up the database and the files, while everything runs; the backup is verified."""
    from statefolio.challenge.organiser.backing_up import back_up

    made = back_up(_folder(options.folder), options.out)
    print(f"Wrote {made.folder}: {made.submissions} submissions, {made.files} files, verified.")


@command(RestoreOptions, group)
def restore(options: RestoreOptions) -> None:
    """Restore a backup into a new folder, verified."""
    from statefolio.challenge.organiser.backing_up import restore as restored

    found = restored(options.backup, _folder(options.folder))
    print(f"Restored {found.submissions} submissions and {found.files} files to {options.folder}, verified.")


@command(VerifyOptions, group)
def verify(options: VerifyOptions) -> None:
    """Verify the commitment and the audit log, and score submissions again: equal to the last bit."""
    from statefolio.challenge.command_line.organiser_output import show_verified
    from statefolio.challenge.organiser.verifying import verify_challenge
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        show_verified(terminal, verify_challenge(options.folder, terminal, options.submission or ()))


def _folder(path: Path) -> "ChallengeFolder":
    from statefolio.challenge.folder import ChallengeFolder

    return ChallengeFolder(path)
