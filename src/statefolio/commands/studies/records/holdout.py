"""The seal of the holdout: the last part of a study's data, and the record of its openings."""

from pathlib import Path

import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.parts.models import errors_about
from statefolio.commands.studies.schema.backtest_tables import HoldoutTable


def holdout_path(folder: Path) -> Path:
    """Return the path of the seal of a results folder: next to it, so that replacing the folder keeps the seal."""
    return folder.absolute().with_name(f"{folder.absolute().name}.holdout.json")


def seal_holdout(table: HoldoutTable | None, market: Market, record: Path) -> Holdout | None:
    """Seal the data that [validation.holdout] names, or check the seal; None without such a table.

    Raises
    ------
    InputError
        If the sealed data changed, or the file now asks for another seal.
    """
    if table is None:
        return None
    start = None if table.start is None else pd.Timestamp(table.start)
    with errors_about("validation.holdout"):
        return Holdout.seal(market, record=record, share=table.share, start=start)
