"""The tool that runs a study file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from statefolio.commands.studies.options import StudyOutput
from statefolio.commands.studies.reading import StudyFile, open_study
from statefolio.commands.studies.result import StudyResult
from statefolio.commands.studies.run import run_study
from statefolio.commands.studies.schema.study import own_code_of
from statefolio.exceptions import InputError
from statefolio.tool_server.allowed_folder import AllowedFolder
from statefolio.tool_server.answers import table

MEASURES = ("annual_return", "annual_volatility", "sharpe", "maximum_drawdown", "turnover", "cost_drag")
UNRECORDED = (
    "The study ran in a temporary folder: its trials are not on record, so count them yourself. Start the server with "
    "--write and pass `out` to keep the results and the record."
)


class StudyTool:
    """The tool, bound to an allowed folder."""

    def __init__(self, folder: AllowedFolder) -> None:
        self.folder = folder

    def run_study(self, study: str, out: str | None = None) -> str:
        """Run a study file (TOML): walk its portfolios forward, and judge them; returns measures and tests.

        Every file that the study names must lie in the allowed folder. The holdout stays sealed. `out` names a new
        folder for the results; the server must have been started with --write.
        """
        file = open_study(self.folder.to_read(study))
        self._check(file)
        if out is not None:
            return described(run_study(file, StudyOutput(out=self.folder.to_write(out)), Silent()))
        with tempfile.TemporaryDirectory() as temporary:
            result = run_study(file, StudyOutput(out=Path(temporary) / "results"), Silent())
            return f"{described(result)}\n\n{UNRECORDED}"

    def _check(self, file: StudyFile) -> None:
        for field, path in paths_of(file.study):
            if ":" in str(path) and not (file.folder / path).exists():
                raise InputError(f"{field} must be a file of the allowed folder, got {path}: nothing is fetched here.")
            if not self.folder.contains(file.folder / path):
                raise InputError(f"{field} must be a file of the allowed folder, got {path}. Copy the file there.")
        for field, name in own_code_of(file.study):
            raise InputError(
                f"{field} must not name code here, got {name!r}: neither code of the folder nor of other packages runs "
                "in this server. Use `statefolio run`."
            )


class Silent:
    """Progress that is not shown."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take how far a stage is."""

    def say(self, text: str) -> None:
        """Take a sentence."""


def paths_of(given: object, field: str = "") -> Iterator[tuple[str, Path]]:
    """Find all paths of a study, with their fields."""
    if isinstance(given, Path):
        yield field, given
    elif isinstance(given, BaseModel):
        for name in type(given).model_fields:
            yield from paths_of(getattr(given, name), f"{field}.{name}".lstrip("."))
    elif isinstance(given, dict):
        for name, value in given.items():
            yield from paths_of(value, f"{field}.{name}")


def described(result: StudyResult) -> str:
    """Return measures of all portfolios, look-ahead verdicts, and the test for luck."""
    measures = pd.DataFrame({name: one.summary() for name, one in result.results.items()}).T
    shown = measures[[name for name in MEASURES if name in measures]].astype(float)
    verdicts = [
        f"{name}: {one.causality.sentence}" for name, one in result.results.items() if one.causality is not None
    ]
    return "\n\n".join(
        [
            table("Measures out of sample, after costs, returns in decimals", shown),
            "\n".join(["Look-ahead", *verdicts]),
            f"Configurations on record for this study: {len(result.trials.names)}",
        ]
    )
