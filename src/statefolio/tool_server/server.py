"""Makes the server from the tools."""

from collections.abc import Callable

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

from statefolio import __version__
from statefolio.tool_server.allowed_folder import AllowedFolder
from statefolio.tool_server.answers import answering
from statefolio.tool_server.model_tools import ModelTools
from statefolio.tool_server.study_tool import StudyTool

INSTRUCTIONS = (
    "Estimates time-varying factor loadings, factor risk, verdicts on cointegrated baskets, and studies of portfolios, "
    "on files of one folder. Returns are simple, in decimals, one row per date, one column per asset. Call list_files "
    "first. "
    "A low p-value of the best of many tries is no evidence; say how many were tried."
)


def make_server(folder: AllowedFolder) -> MCPServer:
    """Return a server of the tools on a folder."""
    server: MCPServer = MCPServer("statefolio", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING")
    models, studies = ModelTools(folder), StudyTool(folder)
    reading: list[Callable[..., str]] = [models.list_files, models.show, models.risk, models.pairs_verdict]
    writing: list[Callable[..., str]] = [models.fit, studies.run_study]
    for tool in (*reading, *writing):
        hints = ToolAnnotations(
            read_only_hint=tool in reading or not folder.write, destructive_hint=False, open_world_hint=False
        )
        server.add_tool(answering(tool), annotations=hints, structured_output=False)
    return server
