"""The whole command line: the commands on files, `statefolio mcp`, and the group `statefolio challenge`."""

from statefolio.challenge.command_line import organiser, participant
from statefolio.challenge.command_line.group import group as challenge
from statefolio.commands.command_line import app
from statefolio.commands.command_line import main as run
from statefolio.tool_server import command as tool_server

app.add_typer(challenge)
__all__ = ["app", "main", "organiser", "participant", "tool_server"]


def main() -> None:
    """Run the command line."""
    run()


if __name__ == "__main__":
    main()
