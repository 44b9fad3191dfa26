"""Tests a submission on the public data with the engine that scores it, and checks that it does not look ahead."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.rules.submission import Submission, read_submission, submission_of_toml
from statefolio.challenge.rules.universe import RULES_FILE, read_universe
from statefolio.challenge.rules.windows import RoundWindows
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.scoring.hints import hints
from statefolio.challenge.scoring.round_data import DATA_FILE, RoundData
from statefolio.challenge.scoring.scored_window import ScoredWindow
from statefolio.exceptions import FileFormatError

CUTS = (0.25, 0.5, 0.8)
"""Where in the public test window the future is cut."""


@dataclass(frozen=True)
class Trial:
    """The result of testing a submission.

    Attributes
    ----------
    submission : Submission
        As it would be sent.
    scored : ScoredWindow
        Its score on the public test window.
    first, last : Timestamp
        The window.
    looks_ahead : Timestamp or None
        The first date whose result changed when later data were cut; None if there is none.
    cuts : int
        How many cuts were tried.
    other_engine : str or None
        The service's engine, where it is not the one installed here.
    hints : tuple of str
        What to try next, in a tutorial.
    """

    submission: Submission
    scored: ScoredWindow
    first: pd.Timestamp
    last: pd.Timestamp
    looks_ahead: pd.Timestamp | None
    cuts: int
    other_engine: str | None
    hints: tuple[str, ...] = ()


def read_file(path: Path) -> bytes:
    r"""Return the wire form of a submission file: TOML, or JSON as it is sent.

    Raises
    ------
    FileFormatError
        If the file cannot be read.
    InvalidSubmission
        If it is not TOML.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     file = Path(place) / "mine.toml"
    ...     written = file.write_text('track = "forecast"\nname = "mine"')
    ...     read_file(file)
    b'{"track":"forecast","name":"mine"}'
    """
    try:
        content = path.read_bytes()
        if path.suffix.lower() == ".json":
            return content
        return submission_of_toml(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(
            f"{path} must be a file that can be read, got {type(error).__name__}. Check the path."
        ) from None


def data_folder(beside: Path) -> Path:
    """Return the folder of the starter's data: that of a submission file, or the folder `starter` in it.

    Raises
    ------
    FileFormatError
        If neither has the data.
    """
    here = beside.absolute().parent
    for folder in (here / "data", here, here / "starter" / "data", here.parent / "data"):
        if (folder / DATA_FILE).is_file() and (folder / RULES_FILE).is_file():
            return folder
    raise FileFormatError(
        f"{here} must have the starter's data, and has not. Run `statefolio challenge starter`, or pass --data FOLDER."
    )


def try_submission(raw: bytes, folder: Path) -> Trial:
    """Score a submission on the public test window, and again with the future cut.

    Parameters
    ----------
    raw : bytes
        The wire form.
    folder : Path
        The starter's data.

    Raises
    ------
    InvalidSubmission
        If the service would refuse it.
    FileFormatError
        If the data cannot be read.
    """
    try:
        about = json.loads((folder / RULES_FILE).read_text(encoding="utf-8"))
        rules = read_published(about["rules"])
    except (OSError, ValueError, KeyError) as error:
        raise FileFormatError(
            f"{folder / RULES_FILE} must be the challenge's rules, got {type(error).__name__}. Get the starter again."
        ) from None
    submission = read_submission(raw, read_universe(folder), repair=rules.challenge.tutorial)
    data = RoundData.load(folder / DATA_FILE)
    scored = score(submission, data, rules, "public")
    window = data.windows.public
    seen, looks_ahead = 0, None
    for cut in _cuts(scored):
        seen += 1
        shorter = RoundData(data.market.until(cut), RoundWindows(replace(window, last=cut)))
        looks_ahead = _difference(scored, score(submission, shorter, rules, "public"), cut)
        if looks_ahead is not None:
            break
    stated = str(about.get("engine_version", ENGINE_VERSION))
    other = stated if stated != ENGINE_VERSION else None
    found = tuple(hints(submission, scored)) if rules.challenge.tutorial else ()
    return Trial(submission, scored, window.first, window.last, looks_ahead, seen, other, found)


def read_published(given: Mapping[str, Any]) -> Rules:
    """Return the part of published rules that scores depend on.

    Raises
    ------
    KeyError, ValueError
        If it is missing or not valid.
    """
    tables = {name: given[name] for name in ("challenge", "backtest", "gates")}
    return Rules.model_validate({**tables, "data": {"source": "demo"}})


def _cuts(scored: ScoredWindow) -> Iterator[pd.Timestamp]:
    dates = scored.series.index
    if len(dates) > len(CUTS):
        yield from (dates[int(share * (len(dates) - 1))] for share in CUTS)


def _difference(whole: ScoredWindow, shorter: ScoredWindow, cut: pd.Timestamp) -> pd.Timestamp | None:
    """Return the first date up to the cut whose result is not the same to the last bit."""
    before = whole.series.loc[:cut]
    after = shorter.series.reindex(before.index)
    changed = before.to_numpy().view(np.int64) != after.to_numpy().view(np.int64)
    return before.index[int(np.argmax(changed))] if changed.any() else None
