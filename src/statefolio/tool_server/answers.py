"""Makes answers of bounded length, and turns errors and warnings into sentences that a client reads."""

import contextlib
import sys
import threading
import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import pandas as pd
from mcp.server.mcpserver.exceptions import ToolError

from statefolio.exceptions import StatefolioError

Given = ParamSpec("Given")

MOST_ROWS = 60
MOST_CHARACTERS = 20_000
MOST_WARNINGS = 5
_ONE_AT_A_TIME = threading.Lock()


def table(title: str, frame: "pd.DataFrame | pd.Series[float]", digits: int = 4) -> str:
    """Return a table as text, at most `MOST_ROWS` rows of it."""
    shown = frame.head(MOST_ROWS)
    left = f"\n({len(frame) - MOST_ROWS} more rows)" if len(frame) > MOST_ROWS else ""
    return f"{title}\n{shown.round(digits).to_string(na_rep='-')}{left}"


def bounded(text: str) -> str:
    """Cut a text that is too long, and say so."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n(cut: {len(text) - MOST_CHARACTERS:,} more characters. Ask for fewer assets.)"


def answering(tool: Callable[Given, str]) -> Callable[Given, str]:
    """Run a tool alone, with its prints away from the protocol; add its warnings; raise its errors as answers."""

    @wraps(tool)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> str:
        with _ONE_AT_A_TIME, contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                answer = tool(*args, **kwargs)
            except StatefolioError as error:
                raise ToolError(bounded(str(error))) from error
        said = list(
            dict.fromkeys(str(one.message) for one in caught if one.category.__module__.startswith("statefolio"))
        )
        notes = "".join(f"\nWarning: {text}" for text in said[:MOST_WARNINGS])
        return bounded(answer + notes)

    return run
