"""Exports the tables of a round as CSV or Parquet, without secrets."""

import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, select

from statefolio._writing import write_whole
from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.store import tables
from statefolio.commands.output_folder import whole_folder

Format = Literal["csv", "parquet"]
_TABLES = {
    "teams": (tables.teams, ("skeleton",)),
    "submissions": (tables.submissions, ("lease_token", "lease_until")),
    "scores": (tables.scores, ()),
    "board": (tables.board, ()),
    "selections": (tables.selections, ()),
    "forward_files": (tables.forward_files, ("body",)),
    "audit": (tables.audit, ()),
}


def export_tables(folder: ChallengeFolder, out: Path, *, kind: Format = "csv", overwrite: bool = False) -> list[str]:
    """Write the tables of the round, all of one moment, into a folder; return the files' names.

    Raises
    ------
    OutputError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from statefolio.challenge.organiser.opening import open_challenge
    >>> from statefolio.challenge.organiser.preparing import init_folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = ChallengeFolder(Path(place) / "round")
    ...     file, opened_round = init_folder(folder.path, tutorial=True), open_challenge(folder)
    ...     files = export_tables(folder, Path(place) / "export")
    >>> "submissions.csv" in files
    True
    """
    names = [f"{name}.{kind}" for name in _TABLES]
    with (
        opened(folder) as store,
        store.reading() as conn,
        whole_folder(out, frozenset(names), overwrite=overwrite) as new,
    ):
        for name in _TABLES:
            write_whole(new / f"{name}.{kind}", _written(_frame(conn, name), kind))
    return names


def _frame(conn: Connection, name: str) -> pd.DataFrame:
    table, secret = _TABLES[name]
    columns = [column for column in table.columns if column.name not in secret]
    rows = conn.execute(select(*columns).order_by(*table.primary_key)).mappings()
    return pd.DataFrame([_plain(row) for row in rows], columns=[column.name for column in columns])


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Moments as ISO text, JSON as text: both formats then hold the same."""
    return {
        str(name): value.isoformat() if isinstance(value, datetime)
        else json.dumps(value, sort_keys=True) if isinstance(value, dict | list)
        else value
        for name, value in row.items()
    }  # fmt: skip


def _written(frame: pd.DataFrame, kind: Format) -> bytes:
    if kind == "csv":
        safe = frame.map(_no_formula)
        return safe.to_csv(index=False).encode()
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    return content.getvalue()


def _no_formula(value: Any) -> Any:
    """Names come from teams: a spreadsheet must not take one for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
