"""The command `statefolio mcp`."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from statefolio.commands.options import Option
from statefolio.commands.typer_command import command
from statefolio.exceptions import InputError


@dataclass(frozen=True, kw_only=True)
class ToolServerOptions:
    """Options of `statefolio mcp`."""

    folder: Annotated[Path, Option("The only folder whose files may be read.")]
    write: Annotated[bool, Option("Allow new files inside the folder; none is replaced.")] = False


@command(ToolServerOptions)
def mcp(options: ToolServerOptions) -> None:
    """Serve tools for assistants on standard input and output: fit, show, risk, verdicts and studies, in one folder."""
    if find_spec("mcp") is None:
        raise InputError(
            "statefolio mcp needs the extra mcp, which is not installed. Run pip install 'statefolio[mcp]'."
        )
    from statefolio.tool_server.allowed_folder import AllowedFolder
    from statefolio.tool_server.server import make_server

    make_server(AllowedFolder.of(options.folder, options.write)).run("stdio")
