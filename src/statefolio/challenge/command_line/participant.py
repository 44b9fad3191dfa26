"""The participant's commands: join, starter, test, submit, submissions, limits, leaderboard, select and login."""

from typing import TYPE_CHECKING, Any

from statefolio.challenge.command_line.group import group
from statefolio.challenge.command_line.participant_options import (
    BoardOptions,
    JoinOptions,
    LimitsOptions,
    ListOptions,
    LoginOptions,
    SelectOptions,
    StarterOptions,
    SubmitOptions,
    TestOptions,
)
from statefolio.commands.typer_command import command

if TYPE_CHECKING:
    from statefolio.challenge.client.connection import Connection

_WAIT = 25
"""Seconds of one request that waits for a score."""


@command(JoinOptions, group)
def join(options: JoinOptions) -> None:
    """Join a challenge with the code of an invitation. The token is kept in a file that you alone may read."""
    from statefolio.challenge.client.connection import Connection, checked_url
    from statefolio.challenge.client.joining import join_challenge
    from statefolio.challenge.client.membership import write_membership
    from statefolio.commands.terminal import Terminal

    with Terminal(), Connection(checked_url(options.url)) as connection:
        membership, challenge = join_challenge(connection, options.code)
    file = write_membership(membership)
    print(f"Joined {_plain(challenge)} as {_plain(membership.team)}. The token is in {file}.")
    print("Next: statefolio challenge starter")


@command(StarterOptions, group)
def starter(options: StarterOptions) -> None:
    """Download the public data, the rules, three working submissions and a notebook."""
    from statefolio.challenge.client.starter import download_starter
    from statefolio.commands.terminal import Terminal

    with Terminal(), _connection() as connection:
        files = download_starter(connection, options.out, overwrite=options.overwrite)
    print(f"Wrote {len(files)} files to {options.out}.")
    examples = sorted(each for each in files if each.suffix == ".toml")
    if examples:
        print(f"Next: statefolio challenge test {examples[0]}")


@command(TestOptions, group)
def test(options: TestOptions) -> None:
    """Score a submission on the public data with the engine that scores it, and check that it does not look ahead."""
    from statefolio.challenge.client.trial import data_folder, read_file, try_submission
    from statefolio.challenge.command_line.participant_output import show_trial
    from statefolio.commands.terminal import Terminal

    raw = read_file(options.file)
    with Terminal() as terminal:
        show_trial(terminal, try_submission(raw, options.data or data_folder(options.file)))


@command(SubmitOptions, group)
def submit(options: SubmitOptions) -> None:
    """Send a submission. It is stored when the command says so; repeating it after a lost answer is safe."""
    from statefolio.challenge.client.membership import PendingKeys
    from statefolio.challenge.client.submitting import (
        FORWARD_SUFFIXES,
        check_before_sending,
        send,
        send_forward,
        wait_for_score,
    )
    from statefolio.challenge.client.trial import read_file
    from statefolio.challenge.command_line.participant_output import show_forward_receipt, show_receipt, show_result
    from statefolio.commands.terminal import Terminal

    if options.file.suffix.lower() in FORWARD_SUFFIXES:
        with Terminal() as terminal, _connection() as connection:
            show_forward_receipt(terminal, send_forward(connection, options.file))
        return
    raw = read_file(options.file)
    check_before_sending(raw)
    with Terminal() as terminal, _connection() as connection:
        receipt = send(connection, raw, PendingKeys(connection.url))
        show_receipt(terminal, receipt)
        if options.wait:
            show_result(terminal, wait_for_score(connection, str(receipt["id"]), _WAIT))
            show_left(terminal, connection)
        else:
            print("Its score: statefolio challenge submissions")


@command(ListOptions, group)
def submissions(options: ListOptions) -> None:
    """List your team's submissions, the newest first."""
    from statefolio.challenge.client.submitting import listed
    from statefolio.challenge.command_line.participant_output import show_submissions
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal, _connection() as connection:
        show_submissions(terminal, listed(connection, options.last))


@command(LimitsOptions, group)
def limits(options: LimitsOptions) -> None:  # noqa: ARG001
    """Show what your team may still submit, and when the daily limit resets."""
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal, _connection() as connection:
        show_left(terminal, connection)


@command(BoardOptions, group)
def leaderboard(options: BoardOptions) -> None:
    """Show the board; your team is marked."""
    from statefolio.challenge.command_line.participant_output import show_board
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal, _connection() as connection:
        tracks = connection.get("/v1/round")["tracks"]
        for track in [options.track] if options.track else [each for each in tracks if each != "forward"]:
            show_board(terminal, connection.get("/v1/leaderboard", track=track, limit=options.first))


@command(SelectOptions, group)
def select(options: SelectOptions) -> None:
    """Choose a submission as a finalist, or take one back."""
    from statefolio.challenge.client.submitting import select_finalist
    from statefolio.commands.terminal import Terminal

    with Terminal(), _connection() as connection:
        chosen = select_finalist(connection, options.id, back=options.back)
    names = ", ".join(_plain(str(each)) for each in chosen["selected"]) or "none; your displayed best is taken"
    print(f"Finalists: {names}. At most {chosen['finalists']} of each track.")


@command(LoginOptions, group)
def login(options: LoginOptions) -> None:  # noqa: ARG001
    """Print a link that opens your team's page in a browser, once."""
    from statefolio.commands.terminal import Terminal

    with Terminal(), _connection() as connection:
        link = connection.post("/v1/login-links")
        print(f"{connection.url}{_plain(str(link['path']))}")


def show_left(terminal: Any, connection: "Connection") -> None:
    """Show what is left of the limits."""
    from statefolio.challenge.command_line.participant_output import show_limits

    show_limits(terminal, connection.get("/v1/limits"))


def _connection() -> "Connection":
    from statefolio.challenge.client.connection import Connection
    from statefolio.challenge.client.membership import read_membership

    membership = read_membership()
    return Connection(membership.url, membership.token)


def _plain(text: str) -> str:
    """Return a text of the service without characters that a terminal obeys."""
    from statefolio.challenge.rules.strict_json import short

    return short(text, 300)
